"""Small files that are saved with one flush for all of them."""

import errno
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload, inline
from p2p_twisted.storage import small_files
from p2p_twisted.storage.content import WholeContent, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.storage.together import SmallFile, save_together
from p2p_twisted.wire.attributes import Attributes
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.manifest import Member
from tests.storage.disks import FaultyDisk

_PATHS = ("in/a", "in/b", "in/deep/c", "d")


class TogetherCase(SynchronousTestCase):
    """An inbox whose disk flushes all at once, as long as the test says so."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.disk = FaultyDisk()
        self.inbox = Inbox(str(self.folder), self.disk, flush_all=self.flush)
        self.outcomes: list[bool] = []
        # What had a name at each flush.
        self.named: list[list[str]] = []

    def flush(self, folder: int) -> bool:
        self.assertTrue(os.path.isdir(f"/proc/self/fd/{folder}"))
        self.named.append(self.files())
        return self.outcomes.pop(0) if self.outcomes else True

    def files(self) -> list[str]:
        """Name all files, whatever they are called."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in files)

    def wholes(self, *paths: str) -> list[SmallFile]:
        """Make files whose content is their path."""
        return [made(path, path.encode()) for path in paths]


def made(path: str, text: bytes) -> SmallFile:
    """Make a file that has come."""
    content = WholeContent(content_id(text), text)
    return SmallFile(Member(content.file_id, len(text), path), content)


class SaveTests(TogetherCase):
    """Some files at a time."""

    def test_order(self) -> None:
        """No file has a name before all are flushed, and their names are flushed behind that."""
        saved = save_together(self.inbox, self.wholes(*_PATHS))
        self.assertEqual(self.named, [[], sorted(_PATHS)])
        self.assertEqual([each.target for each in saved], list(_PATHS))
        for each in saved:
            self.assertEqual((self.folder / each.target).read_bytes(), each.content.all_bytes)

    def test_as_described(self) -> None:
        """A file is described as it is found later, with what it has beside its content."""
        whole = self.wholes("program")[0]
        attributes = Attributes(1_600_000_000_000_000_000, is_executable=True)
        member = Member(whole.member.file_id, whole.member.size, "program", attributes)
        (whole,) = save_together(self.inbox, [SmallFile(member, whole.content)])
        saved = whole.published()
        self.assertEqual(saved, saved.at("program", "program", str(self.folder / "program")))
        self.assertEqual(saved.mtime_ns, attributes.modified)
        self.assertTrue(os.access(self.folder / "program", os.X_OK))

    def test_modes(self) -> None:
        """Files have the modes of those that programs make: what the umask lets them have."""
        umask = os.umask(0o027)
        self.addCleanup(os.umask, umask)
        self.inbox = Inbox(str(self.folder), self.disk, flush_all=self.flush)
        wholes = self.wholes("text", "program")
        program = Attributes(is_executable=True)
        wholes[1].member = replace(wholes[1].member, attributes=program)
        save_together(self.inbox, wholes)
        modes = {name: (self.folder / name).stat().st_mode & 0o777 for name in self.files()}
        self.assertEqual(modes, {"text": 0o640, "program": 0o750})

    def test_nothing_is_replaced(self) -> None:
        """What has its name already stays, also where many have it."""
        (self.folder / "in").mkdir(parents=True)
        (self.folder / "in" / "a").write_bytes(b"mine")
        (self.folder / "in" / "a (1)").symlink_to("a")
        saved = save_together(self.inbox, self.wholes("in/a"))
        self.assertEqual([each.target for each in saved], ["in/a (2)"])
        self.assertEqual((self.folder / "in" / "a").read_bytes(), b"mine")
        self.assertEqual((self.folder / "in" / "a (2)").read_bytes(), b"in/a")

    def test_not_flushed(self) -> None:
        """Where one flush is not enough for all, nothing gets a name."""
        self.outcomes = [False]
        self.assertEqual(save_together(self.inbox, self.wholes(*_PATHS)), [])
        self.assertEqual(self.files(), [])

    def test_not_written(self) -> None:
        """Where one cannot be written, nothing gets a name, and nothing is left of any."""
        for call in ("pwrite", "unnamed"):
            self.disk.errors, self.disk.calls_before = {call: errno.ENOSPC}, 2
            if call == "unnamed":
                self.patch(self.inbox, "open_unnamed", self.no_unnamed)
            self.assertEqual(save_together(self.inbox, self.wholes(*_PATHS)), [])
            self.assertEqual((self.files(), self.named), ([], []))

    def no_unnamed(self, _folder: int, _name: str) -> None:
        raise OSError(errno.EOPNOTSUPP, "no such files here")

    def test_wrong(self) -> None:
        """Bytes that are not what they should be are not even taken for content."""
        for text in (b"x", b""):
            with self.assertRaises(WrongContent):
                WholeContent(content_id(b"a"), text)

    def test_some_named(self) -> None:
        """Where only the first ones get their names, those are made safe, and are told."""
        self.disk.errors, self.disk.calls_before = {"link": errno.EIO}, 2
        saved = save_together(self.inbox, self.wholes(*_PATHS))
        self.assertEqual([each.target for each in saved], ["in/a", "in/b"])
        self.assertEqual(self.named, [[], ["in/a", "in/b"]])

    def test_names_not_safe(self) -> None:
        """Where names are not made safe by one flush, each folder is; otherwise nothing is told."""
        self.outcomes = [True, False]
        self.assertEqual(len(save_together(self.inbox, self.wholes("a"))), 1)
        self.outcomes = [True, False]
        self.disk.errors = {"fsync": errno.EIO}
        with self.assertRaises(DiskFault):
            save_together(self.inbox, self.wholes("b"))

    def test_several_disks(self) -> None:
        """Each disk that a folder is on is flushed."""
        folders = [os.open(".", os.O_RDONLY), os.open("/proc", os.O_RDONLY)]
        for folder in folders:
            self.addCleanup(os.close, folder)
        self.assertTrue(self.inbox.flush([*folders, folders[0]]))
        self.assertEqual(len(self.named), 2)
        self.outcomes = [True, False]
        self.assertFalse(self.inbox.flush(folders))


class WriterTests(TogetherCase):
    """The writer of the small files of a download."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(small_files, "open_files_limit", lambda: 4_096)

    def saved(self, wholes: Sequence[SmallFile], offload: Offload = inline) -> list[str]:
        """Save files as a download does; returns the faults."""
        self.record = PublishedRecord(OwnFolder(Path(self.mktemp())), "record")
        targets: dict[str, list[Member]] = {}
        for whole in wholes:
            targets.setdefault(whole.member.file_id, []).append(whole.member)
        self.told: list[str] = []
        faults: list[str] = []
        writer = SmallFileWriter(
            offload,
            self.inbox,
            record=self.record,
            targets=targets,
            saved=self.told.extend,
            failed=lambda fault: faults.append(str(fault)),
        )
        for whole in {whole.member.file_id: whole for whole in wholes}.values():
            writer.put(whole.content)
        return faults

    def test_all(self) -> None:
        """All are saved, and recorded."""
        wholes = self.wholes(*_PATHS)
        self.assertEqual(self.saved(wholes), [])
        self.assertEqual(self.files(), sorted(_PATHS))
        self.assertEqual(set(self.record.read()), set(_PATHS))
        self.assertEqual(self.told, [whole.member.file_id for whole in wholes])
        self.assertTrue(self.named)

    def test_one_by_one(self) -> None:
        """Where they cannot be saved together they are one by one, and it is not tried again."""
        self.outcomes = [False]
        self.assertEqual(self.saved(self.wholes(*_PATHS)), [])
        self.assertEqual(self.files(), sorted(_PATHS))
        self.assertEqual(self.named, [[]])

    def test_many_copies(self) -> None:
        """Very many files of one content are not all open at once."""
        paths = [f"in/{number:03}" for number in range(600)]
        wholes = [made(path, b"same") for path in paths]
        self.assertEqual(self.saved(wholes), [])
        self.assertEqual(self.files(), paths)
        # Twice for each 256 of them: for what they are, and for their names.
        self.assertEqual([len(named) for named in self.named], [0, 256, 256, 512, 512, 600])

    def test_few_descriptors(self) -> None:
        """Where few files may be open, only an eighth as many are at once."""
        self.patch(small_files, "open_files_limit", lambda: 80)
        wholes = [made(f"in/{number:03}", b"same") for number in range(25)]
        self.assertEqual(self.saved(wholes), [])
        self.assertEqual([len(named) for named in self.named], [0, 10, 10, 20, 20, 25])

    def test_some_recorded(self) -> None:
        """What is saved before something goes wrong is recorded, and nothing else."""
        paths = [f"in/{number:03}" for number in range(100)]
        self.disk.errors, self.disk.calls_before = {"link": errno.EIO}, 70
        wholes = [made(path, b"same") for path in paths]
        self.assertEqual(self.saved(wholes), ["the disk could not write; it may be failing"])
        self.assertEqual(list(self.record.read()), paths[:70])
        self.assertEqual(self.told, [])

    def test_jobs(self) -> None:
        """What waits is saved in one job, of a few files where each is flushed by itself."""
        for can_flush, sizes in ((True, [1, 256, 43]), (False, [1, 64, 64, 64, 64, 43])):
            self.outcomes = [can_flush] * 100
            wholes = [made(f"{can_flush}/{number}", b"%d" % number) for number in range(300)]
            jobs: deque[Callable[[], None]] = deque()
            self.assertEqual(self.saved(wholes, queued_in(jobs)), [])
            told = []
            while jobs:
                before = len(self.told)
                jobs.popleft()()
                told.append(len(self.told) - before)
            self.assertEqual(told, sizes)
            self.assertEqual(len(self.record.read()), 300)


def queued_in(jobs: "deque[Callable[[], None]]") -> Offload:
    """Make threads whose jobs a test carries out."""

    def offload(function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        done: Deferred[Any] = Deferred()
        jobs.append(lambda: done.callback(function(*args)))
        return done

    return offload
