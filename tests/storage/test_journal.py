"""The journal of wanted downloads, which several threads write to."""

import errno
import os
from pathlib import Path
from threading import Thread
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.journal import Journal
from p2p_twisted.wire.chunks import content_id

CONTENT = WholeContent(content_id(b"1"), b"1")


class Overtaken:
    """A disk that takes so long that another thread would do something meanwhile."""

    def __init__(self) -> None:
        self.meanwhile: list[Thread] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, fd: int) -> None:
        for thread in self.meanwhile:
            if thread.ident is None:
                thread.start()
                thread.join(0.1)
        os.fsync(fd)


class JournalTests(SynchronousTestCase):
    """A journal in a folder of its own."""

    def test_two_threads(self) -> None:
        """Two downloads that have a file in common keep its digests at the same moment."""
        disk = Overtaken()
        folder = OwnFolder(Path(self.mktemp()))
        journal = Journal(folder, disk)
        folder.open()
        self.addCleanup(folder.close)
        other = Thread(target=journal.record_digests, args=(CONTENT,))
        disk.meanwhile = [other]
        journal.record_digests(CONTENT)
        other.join()
        self.assertIsNotNone(journal.content(CONTENT.file_id))
        self.assertEqual(folder.names(), [f"{CONTENT.file_id}.digests"])

    def test_full_disk(self) -> None:
        """It says which disk is full: that need not be the one where downloads land."""
        folder = OwnFolder(Path(self.mktemp()))
        folder.open()
        self.addCleanup(folder.close)
        disk = mock.Mock(wraps=os, fsync=mock.Mock(side_effect=OSError(errno.ENOSPC, "No space")))
        keep = Journal(folder, disk).record_digests
        self.assertEqual(
            str(self.assertRaises(DiskFault, keep, CONTENT)), f"the disk is full ({folder.path})"
        )
