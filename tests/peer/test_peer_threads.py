"""The threads of a peer."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any
from unittest.mock import Mock

from twisted.application.service import MultiService
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.peer_threads import peer_threads
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage import small_file_saver
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_file_saver import SmallFileSaver
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.manifest import Member

_PATIENCE_SECONDS = 20.0


class StandingDiskTests(SynchronousTestCase):
    """A disk that stands still while it is to flush small files."""

    def test_others_go_on(self) -> None:
        """One download of them leaves a thread for what is done elsewhere."""
        self.patch(small_file_saver, "open_files_limit", lambda: 32)
        goes_on = Event()

        def flush(_folders: Sequence[int]) -> bool:
            return goes_on.wait(_PATIENCE_SECONDS)

        inbox = Inbox(self.mktemp(), flush_all=bool)
        self.patch(inbox, "flush", flush)
        wholes = [WholeContent(content_id(b"%d" % each), b"%d" % each) for each in range(9)]
        targets = {each.file_id: [Member(each.file_id, 1, each.file_id)] for each in wholes}
        record = PublishedRecord(OwnFolder(Path(self.mktemp())), "record")
        reactor: Any = Mock()
        pool, _disks = peer_threads(reactor, MultiService(), "s1")
        pool.start()
        self.addCleanup(pool.stop)
        self.addCleanup(goes_on.set)
        saver = SmallFileSaver(inbox, record, targets)
        writer = SmallFileWriter(pool, saver, saved=lambda _saved: None, failed=self.fail)
        for whole in wholes:
            writer.put(whole)
        is_done = Event()
        pool(is_done.set)
        self.assertTrue(is_done.wait(_PATIENCE_SECONDS))
