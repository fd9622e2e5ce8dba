"""The writer of small files, where a disk flushes all at once."""

import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.storage import small_file_saver
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_file_saver import SmallFileSaver
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.storage.together import SmallFile
from p2p_twisted.wire.manifest import Member
from tests.storage.test_together import PATHS, TogetherCase, made

DEADLOCK_SECONDS = 60.0


class WriterTests(TogetherCase):
    """The writer of the small files of a download."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(small_file_saver, "open_files_limit", lambda: 8_192)

    def saver(self, wholes: Sequence[SmallFile]) -> SmallFileSaver:
        """Make what saves files, and records them."""
        self.record = PublishedRecord(OwnFolder(Path(self.mktemp())), "record")
        targets: dict[str, list[Member]] = {}
        for whole in wholes:
            targets.setdefault(whole.member.file_id, []).append(whole.member)
        return SmallFileSaver(self.inbox, self.record, targets)

    def saved(self, wholes: Sequence[SmallFile], offload: Offload = inline) -> list[str]:
        """Save files as a download does; returns the faults."""
        self.told: list[str] = []
        faults: list[str] = []
        self.writer = SmallFileWriter(
            offload,
            self.saver(wholes),
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
        """Where few files may be open, only a sixteenth as many are at once, in few folders."""
        self.patch(small_file_saver, "open_files_limit", lambda: 160)
        for place, named in (
            ("in/{:03}", [0, 10, 20, 25]),
            ("{:03}/in", [0, *range(3, 26, 3), 25]),
        ):
            self.folder = self.folder / "other"
            self.inbox = Inbox(str(self.folder), flush_all=self.flush)
            self.named.clear()
            wholes = [made(place.format(number), b"same") for number in range(25)]
            self.assertEqual(self.saved(wholes), [])
            self.assertEqual([len(each) for each in self.named], named)

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
        for can_flush, sizes in ((True, [0, 1, 599]), (False, [1, 512, 64, 23])):
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

    def test_disks(self) -> None:
        """The flush for some files is that for the names of those before, on all of their disks."""
        flushed: list[list[str]] = []
        wholes = self.wholes("one/a", "two/b")
        saver = self.saver(wholes)

        def flush(folders: Sequence[int]) -> bool:
            flushed.append([os.path.basename(os.readlink(f"/proc/self/fd/{fd}")) for fd in folders])
            return True

        self.inbox.flush = flush  # type: ignore[method-assign]
        for whole in wholes:
            saver.save([whole.content], lambda: True)
        saver.settle()
        top = self.folder.name
        self.assertEqual(flushed, [[top, "one"], [top, "one", top, "two"], [top, "two"]])

    def test_second_job(self) -> None:
        """While the files of one job are flushed, another one writes its own."""
        both = Barrier(2, timeout=DEADLOCK_SECONDS)
        wholes = self.wholes("a", "b")
        saver = self.saver(wholes)
        self.inbox.flush = lambda folders: both.wait() >= 0  # type: ignore[method-assign]
        jobs = [Thread(target=saver.save, args=([each.content], lambda: True)) for each in wholes]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        self.assertFalse(both.broken)
        self.assertEqual(self.files(), ["a", "b"])
        self.inbox.flush = lambda folders: True  # type: ignore[method-assign]
        self.assertCountEqual(saver.settle(), [each.member.file_id for each in wholes])

    def test_left_to_each_other(self) -> None:
        """Where two jobs leave the last names to each other, those are made safe all the same."""
        jobs: deque[Callable[[], None]] = deque()
        ended: list[Callable[[], None]] = []
        wholes = [made(str(number), b"%d" % number) for number in range(513)]
        self.assertEqual(self.saved(wholes, queued_in(jobs, ended)), [])
        self.assertEqual(len(jobs), 2)
        while jobs or ended:
            for queue in (jobs, ended):
                while queue:
                    queue.pop()()
        self.assertEqual(sorted(self.told), sorted(whole.member.file_id for whole in wholes))
        self.assertEqual(len(self.named[-1]), 513)

    def test_fails_beside_another(self) -> None:
        """A fault is told when the other job has ended, too: then nothing is saved any more."""
        jobs: deque[Callable[[], None]] = deque()
        wholes = [made(str(number), b"%d" % number) for number in range(600)]
        self.disk.errors = {"link": errno.EIO}
        faults = self.saved(wholes, queued_in(jobs))
        self.assertEqual(len(jobs), 2)
        jobs.popleft()()
        self.assertEqual(faults, [])
        self.disk.errors = {}
        while jobs:
            jobs.popleft()()
        self.assertEqual(faults, ["the disk could not write; it may be failing"])
        self.assertEqual(len([file for file in self.files() if not file.startswith(".")]), 512)


def queued_in(
    jobs: "deque[Callable[[], None]]", ended: list[Callable[[], None]] | None = None
) -> Offload:
    """Make threads whose jobs a test carries out, and tells their ends where it wants to."""

    def offload(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()

        def work() -> None:
            try:
                outcome = function(*args)
            except Exception:
                outcome = Failure()
            if ended is None:
                done.callback(outcome)
            else:
                ended.append(lambda: done.callback(outcome))

        jobs.append(work)
        return done

    return offload
