"""The writer of small files, where a disk flushes all at once."""

import errno
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.storage import small_files
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.storage.together import SmallFile
from p2p_twisted.wire.manifest import Member
from tests.storage.test_together import PATHS, TogetherCase, made


class WriterTests(TogetherCase):
    """The writer of the small files of a download."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(small_files, "open_files_limit", lambda: 8_192)

    def saved(self, wholes: Sequence[SmallFile], offload: Offload = inline) -> list[str]:
        """Save files as a download does; returns the faults."""
        self.record = PublishedRecord(OwnFolder(Path(self.mktemp())), "record")
        targets: dict[str, list[Member]] = {}
        for whole in wholes:
            targets.setdefault(whole.member.file_id, []).append(whole.member)
        self.told: list[str] = []
        faults: list[str] = []
        self.writer = SmallFileWriter(
            offload,
            self.inbox,
            record=self.record,
            targets=targets,
            saved=self.told.extend,
            failed=lambda fault: faults.append(str(fault)),
        )
        for whole in {whole.member.file_id: whole for whole in wholes}.values():
            self.writer.put(whole.content)
        return faults

    def test_all(self) -> None:
        """All are saved, and recorded."""
        wholes = self.wholes(*PATHS)
        self.assertEqual(self.saved(wholes), [])
        self.assertEqual(self.files(), sorted(PATHS))
        self.assertEqual(set(self.record.read()), set(PATHS))
        self.assertEqual(self.told, [whole.member.file_id for whole in wholes])
        self.assertTrue(self.named)

    def test_one_by_one(self) -> None:
        """Where they cannot be saved together they are one by one, and it is not tried again."""
        self.outcomes = [False]
        self.assertEqual(self.saved(self.wholes(*PATHS)), [])
        self.assertEqual(self.files(), sorted(PATHS))
        self.assertEqual(self.named, [[]])

    def test_many_copies(self) -> None:
        """Very many files of one content are not all open at once."""
        paths = [f"in/{number:03}" for number in range(600)]
        wholes = [made(path, b"same") for path in paths]
        self.assertEqual(self.saved(wholes), [])
        self.assertEqual(self.files(), paths)
        # For what they are, with the names of those before, and for the last names.
        self.assertEqual([len(named) for named in self.named], [0, 512, 600])

    def test_few_descriptors(self) -> None:
        """Where few files may be open, only a sixteenth as many are at once."""
        self.patch(small_files, "open_files_limit", lambda: 160)
        wholes = [made(f"in/{number:03}", b"same") for number in range(25)]
        self.assertEqual(self.saved(wholes), [])
        self.assertEqual([len(named) for named in self.named], [0, 10, 20, 25])

    def test_some_recorded(self) -> None:
        """What is saved before something goes wrong is recorded, and nothing else."""
        paths = [f"in/{number:03}" for number in range(100)]
        self.disk.errors, self.disk.calls_before = {"link": errno.EIO}, 70
        wholes = [made(path, b"same") for path in paths]
        self.assertEqual(self.saved(wholes), ["the disk could not write; it may be failing"])
        self.assertEqual(list(self.record.read()), paths[:70])
        self.assertEqual(self.told, [])

    def test_no_more(self) -> None:
        """Where what waits is forgotten, the names of what is saved are made safe all the same."""
        jobs: deque[Callable[[], None]] = deque()
        self.saved(self.wholes(*PATHS), queued_in(jobs))
        jobs.popleft()()
        self.assertEqual((self.told, self.named), ([], [[]]))
        closing = Deferred.fromCoroutine(self.writer.close())
        while jobs:
            jobs.popleft()()
        self.successResultOf(closing)
        self.assertEqual(self.named[-1], self.files())
        self.assertEqual(sorted(self.record.read()), self.files())

    def test_flush_fails(self) -> None:
        """Where a flush fails, what it should have made safe is flushed singly, and then told."""
        synced = self.synced_singly()
        self.outcomes = [True, False]
        jobs: deque[Callable[[], None]] = deque()
        wholes = self.wholes("one/a", "two/b")
        self.assertEqual(self.saved(wholes, queued_in(jobs)), [])
        jobs.popleft()()
        self.assertEqual((self.told, synced), ([], []))
        jobs.popleft()()
        self.assertIn("one", synced)
        self.assertEqual(self.named, [[], ["one/a"]])
        self.assertEqual(self.told, [whole.member.file_id for whole in wholes])
        self.assertEqual(list(self.record.read()), ["one/a", "two/b"])

    def test_names_fail(self) -> None:
        """Where names cannot be made safe, nothing that has them is told or recorded."""
        self.outcomes = [True, False]
        self.disk.errors = {"fsync": errno.EIO}
        self.folder.mkdir()
        faults = self.saved(self.wholes("a", "b"))
        self.assertEqual(faults, ["the disk could not write; it may be failing"])
        self.assertEqual((self.told, dict(self.record.read())), ([], {}))

    def test_jobs(self) -> None:
        """What waits is saved in one job, of a few files where each is flushed by itself."""
        # The names of one, and of the next 512, are flushed with those that wait then.
        for can_flush, sizes in ((True, [0, 1, 599]), (False, [1, *[64] * 9, 23])):
            self.outcomes = [can_flush] * 100
            wholes = [made(f"{can_flush}/{number}", b"%d" % number) for number in range(600)]
            jobs: deque[Callable[[], None]] = deque()
            self.assertEqual(self.saved(wholes, queued_in(jobs)), [])
            told = []
            while jobs:
                before = len(self.told)
                jobs.popleft()()
                told.append(len(self.told) - before)
            self.assertEqual(told, sizes)
            self.assertEqual(len(self.record.read()), 600)


def queued_in(jobs: "deque[Callable[[], None]]") -> Offload:
    """Make threads whose jobs a test carries out."""

    def offload(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()
        jobs.append(lambda: done.callback(function(*args)))
        return done

    return offload
