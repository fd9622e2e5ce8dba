"""Many small files that are read in one go."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import whole_reader
from p2p_twisted.library.entries import OnDisk, Signature
from p2p_twisted.library.whole_reader import read_wholes
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.limits import CHUNK_BYTES, KIB
from tests.library.sharing import Sharer


class ReadTests(SynchronousTestCase):
    """A folder of files, as they were when they were hashed."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp())
        self.clock = 0.0
        self.patch(whole_reader, "monotonic", lambda: self.clock)

    def file(self, path: str, content: bytes) -> OnDisk:
        """Write a file that is older than the last tick of the system's clock."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (1e9, 1e9))
        return OnDisk(path, path, Signature.of(file.stat()))

    def read(self, *files: OnDisk) -> list[bytes | None]:
        return read_wholes(self.root, files)

    def test_all(self) -> None:
        """Each is read, in its order, wherever it lies."""
        contents = {"a": b"1", "in/b": b"", "in/c": b"3", "d": b"4", "in/deep/e": b"5"}
        files = [self.file(path, content) for path, content in contents.items()]
        self.assertEqual(self.read(*files), list(contents.values()))

    def test_not_as_hashed(self) -> None:
        """What is gone, changed, large or no file is left out, and the others are read."""
        names = ["gone", "written", "cut", "link", "folder", "pipe", "same"]
        files = [self.file(name, b"before") for name in names]
        for name in ("gone", "link", "folder", "pipe"):
            (self.root / name).unlink()
        (self.root / "written").write_bytes(b"after!")
        (self.root / "cut").write_bytes(b"cut")
        (self.root / "link").symlink_to("same")
        (self.root / "folder").mkdir()
        os.mkfifo(self.root / "pipe")
        large = self.file("large", bytes(CHUNK_BYTES + 1))
        self.assertEqual(self.read(*files, large), [*[None] * 6, b"before", None])

    def test_other_access(self) -> None:
        """What has another mode, or another name beside, and was not written to, is read."""
        files = [self.file(name, b"1") for name in ("mode", "name")]
        (self.root / "mode").chmod(0o600)
        (self.root / "beside").hardlink_to(self.root / "name")
        self.assertEqual(self.read(*files), [b"1", b"1"])

    def test_way_through_a_link(self) -> None:
        """A folder that was replaced by a link is not followed."""
        file = self.file("in/a", b"1")
        (self.root / "in").rename(self.root / "away")
        (self.root / "in").symlink_to("away")
        self.assertEqual(self.read(file), [None])
        self.assertEqual(read_wholes(self.root / "nowhere", [file]), [None])

    def test_enough(self) -> None:
        """Only what is sent next is in memory, and one that is large enough is read alone."""
        files = [self.file(f"{size}", bytes(size)) for size in (40 * KIB, 24 * KIB, 1)]
        self.assertEqual([len(whole or b"") for whole in self.read(*files)], [40 * KIB, 24 * KIB])
        one, _chunk = self.file("chunk", bytes(CHUNK_BYTES)), files[0]
        self.assertEqual(len(self.read(one, files[0])), 1)

    def test_slow_disk(self) -> None:
        """Where a disk has to seek, one is read at a time."""
        files = [self.file(name, b"1") for name in "abc"]

        def seek(*_arguments: object) -> bytes:
            self.clock += 0.02
            return b"1"

        self.patch(whole_reader, "read_exactly", seek)
        self.assertEqual(self.read(*files), [b"1"])

    def test_nothing_stays_open(self) -> None:
        """Whatever comes of it, no file or folder stays open."""
        files = [self.file("in/a", b"1"), self.file("b", b"2")]
        (self.root / "b").unlink()
        before = len(os.listdir("/proc/self/fd"))
        self.read(*files)
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class LibraryTests(SynchronousTestCase):
    """A library that is asked for several."""

    def test_own(self) -> None:
        """It reads the first ones, up to one that it does not have; that must be opened to see."""
        sharer = Sharer(self)
        for name in "abc":
            sharer.file(name, name.encode())
        library = sharer.start()
        ids = [content_id(name) for name in (b"a", b"b", b"unknown", b"c")]
        self.assertEqual(self.successResultOf(library.read_small(ids)), [b"a", b"b"])
        self.assertEqual(self.successResultOf(library.read_small(ids[2:])), [None])
