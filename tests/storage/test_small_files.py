"""Small files that are saved while others arrive."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox, Kept
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_file_saver import SmallFileSaver
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.wire.chunks import chunk_digest, content_id
from p2p_twisted.wire.manifest import Member
from tests.storage.disks import FaultyDisk


class SmallFileWriterTests(SynchronousTestCase):
    """A writer on a disk that is full after the first file."""

    def test_fails_once(self) -> None:
        """A fault is reported once, and nothing is saved after it, even if it could be."""
        disk = FaultyDisk(pwrite=errno.ENOSPC)
        disk.calls_before = 1
        folder = self.mktemp()
        record = PublishedRecord(OwnFolder(Path(self.mktemp())), "record")
        wholes = {content_id(whole): whole for whole in (b"a", b"b", b"c", b"d")}
        targets = {id_: [Member(id_, 1, whole.decode())] for id_, whole in wholes.items()}
        saved: list[str] = []
        faults: list[DiskFault] = []
        saver = SmallFileSaver(Inbox(folder, disk), record, targets)
        writer = SmallFileWriter(inline, saver, saved=saved.extend, failed=faults.append)
        for file_id, whole in wholes.items():
            if whole == b"d":
                disk.errors.clear()
            writer.put(WholeContent(file_id, whole))
        self.assertEqual([str(fault) for fault in faults], ["the disk is full"])
        self.assertEqual(saved, [content_id(b"a")])
        self.assertEqual([name for name in os.listdir(folder) if name in "abcd"], ["a"])

    def test_remembered(self) -> None:
        """What was saved is remembered for good once nothing more will come."""
        kept: list[tuple[list[str], bool]] = []

        def keep(files: Sequence[Kept], has_more: bool) -> None:
            kept.append(([path for path, *_rest in files], has_more))

        file_id = content_id(b"a")
        writer = SmallFileWriter(
            inline,
            SmallFileSaver(
                Inbox(self.mktemp(), keep=keep),
                PublishedRecord(OwnFolder(Path(self.mktemp())), "record"),
                {file_id: [Member(file_id, 1, "a")]},
            ),
            saved=lambda _saved: None,
            failed=self.fail,
        )
        writer.put(WholeContent(file_id, b"a"))
        self.successResultOf(Deferred.fromCoroutine(writer.close()))
        self.assertEqual(kept, [(["a"], True), ([], False)])

    def test_status(self) -> None:
        """What is saved with one flush is remembered as it was when it was named."""
        kept: list[Kept] = []
        folder, file_id = self.mktemp(), content_id(b"a")
        inbox = Inbox(folder, keep=lambda files, _more: kept.extend(files), flush_all=bool)
        writer = SmallFileWriter(
            inline,
            SmallFileSaver(
                inbox,
                PublishedRecord(OwnFolder(Path(self.mktemp())), "record"),
                {file_id: [Member(file_id, 1, "in/a")]},
            ),
            saved=lambda _saved: None,
            failed=self.fail,
        )
        writer.put(WholeContent(file_id, b"a"))
        status = os.lstat(os.path.join(folder, "in", "a"))
        self.assertEqual(kept, [("in/a", file_id, chunk_digest(b"a"), status)])

    def test_unexpected(self) -> None:
        """An unexpected error is logged, and ends the saving as a fault does."""
        faults: list[DiskFault] = []
        targets = {content_id(b"a"): [Member(content_id(b"a"), 1, "a")]}
        inbox = Inbox(self.mktemp())
        record = PublishedRecord(OwnFolder(Path(self.mktemp())), "record")
        writer = SmallFileWriter(
            inline,
            SmallFileSaver(inbox, record, targets),
            saved=lambda _saved: None,
            failed=faults.append,
        )
        self.patch(inbox, "open_part", lambda *_args, **_kwargs: 1 / 0)
        writer.put(WholeContent(content_id(b"a"), b"a"))
        self.assertEqual(len(faults), 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
