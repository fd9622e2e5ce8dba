"""Small files that are saved with one flush for all of them."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.storage.content import WholeContent, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.together import Named, SmallFile, name_together, portions
from p2p_twisted.wire.attributes import Attributes
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.manifest import Member
from tests.storage.disks import FaultyDisk

PATHS = ("in/a", "in/b", "in/deep/c", "d")


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

    def synced_singly(self) -> list[str]:
        """Return what will name the folders and files that are flushed one by one from now on."""
        synced: list[str] = []
        self.folder.mkdir()

        def fsync(fd: int) -> None:
            place = Path(os.readlink(f"/proc/self/fd/{fd}"))
            synced.append(str(place.relative_to(self.folder.resolve())))

        self.patch(self.disk, "fsync", fsync)
        return synced

    def wholes(self, *paths: str) -> list[SmallFile]:
        """Make files whose content is their path."""
        return [made(path, path.encode()) for path in paths]


def made(path: str, text: bytes) -> SmallFile:
    """Make a file that has come."""
    content = WholeContent(content_id(text), text)
    return SmallFile(Member(content.file_id, len(text), path), content)


class SaveTests(TogetherCase):
    """Some files at a time."""

    def name(self, wholes: Sequence[SmallFile]) -> Named | None:
        """Name files, and let go of their folders in the end."""
        named = name_together(self.inbox, wholes, self.inbox.flush)
        if named is not None:
            self.addCleanup(named.close)
        return named

    def save(self, *paths: str) -> list[SmallFile]:
        """Save files whose content is their path; their names are safe, too."""
        named = self.name(self.wholes(*paths))
        assert named is not None
        self.inbox.sync_folders([*named.folders.values()])
        return named.files

    def test_order(self) -> None:
        """No file has a name before all are flushed, and their names are flushed behind that."""
        saved = self.save(*PATHS)
        self.assertEqual(self.named, [[], sorted(PATHS)])
        self.assertEqual([each.target for each in saved], list(PATHS))
        for each in saved:
            self.assertEqual((self.folder / each.target).read_bytes(), each.content.all_bytes)

    def test_first_folder(self) -> None:
        """What tells errors of a disk was opened before anything was made on it."""
        made: list[list[str]] = []
        real = self.inbox.flush

        def flush(folders: Sequence[int]) -> bool:
            made.append([os.readlink(f"/proc/self/fd/{folder}") for folder in folders])
            return real(folders)

        self.patch(self.inbox, "flush", flush)
        self.name(self.wholes("in/deep/a"))
        self.assertEqual(made[0][0], str(self.folder.resolve()))

    def test_new_folders(self) -> None:
        """The flush has the names of new folders safe; where it fails, each of these is."""
        synced = self.synced_singly()
        self.name(self.wholes("in/deep/a", "in/deep/b"))
        self.assertEqual(synced, [])
        self.outcomes = [False]
        self.assertIsNone(self.name(self.wholes("other/deep/a", "other/deep/b")))
        self.assertEqual(synced, [".", "other"])

    def test_many_new_folders(self) -> None:
        """However many folders are new, no more of them are open at once than there are files."""
        deep = "/".join("abcdefgh")
        before = len(os.listdir("/proc/self/fd"))
        most = [0]
        real = os.dup

        def dup(fd: int) -> int:
            most[0] = max(most[0], len(os.listdir("/proc/self/fd")))
            return real(fd)

        self.patch(os, "dup", dup)
        self.save(f"one/{deep}/1", f"two/{deep}/2")
        self.assertLess(most[0], before + 10)
        self.assertEqual(len(self.files()), 2)

    def test_as_described(self) -> None:
        """A file is described as it is found later, with what it has beside its content."""
        whole = self.wholes("program")[0]
        attributes = Attributes(1_600_000_000_000_000_000, is_executable=True)
        member = Member(whole.member.file_id, whole.member.size, "program", attributes)
        named = self.name([SmallFile(member, whole.content)])
        assert named is not None
        saved = named.files[0].published()
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
        self.name(wholes)
        modes = {name: (self.folder / name).stat().st_mode & 0o777 for name in self.files()}
        self.assertEqual(modes, {"text": 0o640, "program": 0o750})

    def test_nothing_is_replaced(self) -> None:
        """What has its name already stays, also where many have it."""
        (self.folder / "in").mkdir(parents=True)
        (self.folder / "in" / "a").write_bytes(b"mine")
        (self.folder / "in" / "a (1)").symlink_to("a")
        saved = self.save("in/a")
        self.assertEqual([each.target for each in saved], ["in/a (2)"])
        self.assertEqual((self.folder / "in" / "a").read_bytes(), b"mine")
        self.assertEqual((self.folder / "in" / "a (2)").read_bytes(), b"in/a")

    def test_not_flushed(self) -> None:
        """Where one flush is not enough for all, nothing gets a name."""
        self.outcomes = [False]
        self.assertIsNone(self.name(self.wholes(*PATHS)))
        self.assertEqual(self.files(), [])

    def test_not_written(self) -> None:
        """Where one cannot be written, nothing gets a name, and nothing is left of any."""
        for call in ("pwrite", "unnamed"):
            self.disk.errors, self.disk.calls_before = {call: errno.ENOSPC}, 2
            if call == "unnamed":
                self.patch(self.inbox, "open_unnamed", self.no_unnamed)
            self.assertIsNone(self.name(self.wholes(*PATHS)))
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
        saved = self.save(*PATHS)
        self.assertEqual([each.target for each in saved], ["in/a", "in/b"])
        self.assertEqual(self.named, [[], ["in/a", "in/b"]])

    def test_names_not_safe(self) -> None:
        """Where names are not made safe by one flush, each folder is; otherwise nothing is told."""
        self.outcomes = [True, False]
        self.assertEqual(len(self.save("a")), 1)
        self.outcomes = [True, False]
        self.disk.errors = {"fsync": errno.EIO}
        with self.assertRaises(DiskFault):
            self.save("b")

    def test_several_disks(self) -> None:
        """Each disk that a folder is on is flushed."""
        folders = [os.open(".", os.O_RDONLY), os.open("/proc", os.O_RDONLY)]
        for folder in folders:
            self.addCleanup(os.close, folder)
        self.assertTrue(self.inbox.flush([*folders, folders[0]]))
        self.assertEqual(len(self.named), 2)
        self.outcomes = [True, False]
        self.assertFalse(self.inbox.flush(folders))

    def test_portions(self) -> None:
        """There are so many files in a portion, and a third as many folders."""
        paths = ["a/1", "a/2", "a/3", "a/4", "b/1", "c/1", "d/1", "d/2", "e/1"]
        wholes = self.wholes(*paths)
        for most, sizes in ((1, [1] * 9), (3, [3, 1, 1, 1, 2, 1]), (6, [5, 3, 1]), (99, [9])):
            parts = list(portions(wholes, most))
            self.assertEqual([len(part) for part in parts], sizes)
            self.assertEqual([whole for part in parts for whole in part], wholes)
