"""Chunks of zeros are neither sent nor written."""

import fcntl
import os
from pathlib import Path

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Progress, Saved
from p2p_twisted.storage import disk as disk_module
from p2p_twisted.storage import part_file
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.manifest import Member, encode
from tests.download.cases import InterruptedCase
from tests.download.content import Content, OnDisk, some_bytes
from tests.download.world import World
from tests.storage.disks import Small

ZEROS = bytes(MIB)


def sparse() -> Content:
    """Make six chunks and a bit, of which the second, third, fifth and last are zeros."""
    data = [some_bytes(MIB, seed) for seed in range(3)]
    return Content(data[0] + ZEROS * 2 + data[1] + ZEROS + data[2] + bytes(1_000))


def stored(path: Path) -> int:
    """Return how many bytes a file takes on the disk."""
    return path.stat().st_blocks * 512


class HoleTests(InterruptedCase):
    """Files with holes."""

    def assert_sparse(self, world: World, done: "Deferred[Progress]", content: Content) -> None:
        self.assert_saved(world, done, content)
        self.assertEqual(stored(world.folder / "Downloads" / "f1.txt"), 3 * MIB)

    def local(self, world: World, content: Content) -> OnDisk:
        """Let content stand in a file of the requester's own."""
        source = OnDisk(content.content, world.folder / "mine")
        (world.folder / "mine").unlink()
        self.addCleanup(os.close, source.on_disk)
        return source

    def test_neither_sent_nor_written(self) -> None:
        """The digests tell where they are, so that nobody is asked for them."""
        world, content = self.world(), sparse()
        done = world.get(world.holder("s1", content).hit(content))
        self.assert_sparse(world, done, content)
        self.assertEqual(content.reads, 3)

    def test_nothing_but_zeros(self) -> None:
        """Of a file of zeros only the digests come."""
        for size in (1, MIB - 1, MIB, MIB + 1, 5 * MIB):
            world, content = self.world(), Content(bytes(size))
            self.assert_saved(world, world.get(world.holder("s1", content).hit(content)), content)
            self.assertEqual(content.reads, 0)
            self.assertEqual(stored(world.folder / "Downloads" / "f1.txt"), 0)

    def test_within_chunks(self) -> None:
        """Long runs of zeros in a chunk are holes, too."""
        page = some_bytes(4_096)
        world = self.world()
        content = Content((bytes(300_000) + page) * 20 + bytes(300_000))
        self.assert_saved(world, world.get(world.holder("s1", content).hit(content)), content)
        self.assertLessEqual(stored(world.folder / "Downloads" / "f1.txt"), 20 * 3 * 4_096)

    def test_small_disk(self) -> None:
        """A disk needs room for the data alone."""
        world, content = self.world(Small()), Content(some_bytes(MIB) + ZEROS * 50)
        self.assert_saved(world, world.get(world.holder("s1", content).hit(content)), content)

    def test_goes_on(self) -> None:
        """After a restart, holes are as right as before."""
        content = sparse()
        world, _done = self.half_way(content)
        while world.downloads.all()[0].received < 4 * MIB + 1_000:
            world.wires.step()
        self.stop(world)
        self.go_on(world)
        self.assert_went_on(world, content)
        self.assertEqual(stored(world.folder / "Downloads" / "f1.txt"), 3 * MIB)

    def test_something_else_is_there(self) -> None:
        """Whatever stands where a hole should be, it is made zeros."""
        content = sparse()
        world, _done = self.half_way(content)
        self.stop(world)
        part = self.part(world)
        part.write_bytes(some_bytes(content.size, 9))
        self.go_on(world)
        self.assert_went_on(world, content)

    def test_something_else_is_cloned(self) -> None:
        """A copy that has changed meanwhile leaves nothing where a hole should be."""
        world, content = self.world(), sparse()
        world.here[content.file_id] = self.local(world, content)

        def clone(fd: int, _what: int, _file: int) -> None:
            os.pwrite(fd, some_bytes(content.size, 9), 0)

        self.patch(fcntl, "ioctl", clone)
        self.assert_saved(world, world.get(world.holder("s1", content).hit(content)), content)

    def test_copied(self) -> None:
        """A copy of another file of this peer has its holes, too."""
        world, content = self.world(), sparse()
        world.here[content.file_id] = self.local(world, content)
        self.assert_sparse(world, world.get(world.holder("s1").hit(content)), content)

    def test_file_system_without_holes(self) -> None:
        """Where the file system has none, or cannot tell, the content is the same."""
        for module in (disk_module, part_file):
            self.patch(module, "has_data", lambda _fd, _offset, _length: True)
        content = sparse()
        world, _done = self.half_way(content)
        self.stop(world)
        self.go_on(world)
        self.assert_went_on(world, content)

    def test_folder(self) -> None:
        """Files of a folder have their holes, small ones too."""
        world, content, small = self.world(), sparse(), Content(ZEROS)
        members = [
            Member(content.file_id, content.size, "big"),
            Member(small.file_id, MIB, "small"),
        ]
        manifest = Content(encode(members))
        holder = world.holder("s1", manifest, content, small)
        done = world.get(holder.hit(manifest, "d", kind="folder"))
        self.assertIsInstance(self.successResultOf(done).state, Saved)
        self.assertEqual(world.saved("d/big"), content.content)
        self.assertEqual(world.saved("d/small"), ZEROS)
        self.assertEqual(stored(world.folder / "Downloads" / "d" / "big"), 3 * MIB)
        self.assertEqual(stored(world.folder / "Downloads" / "d" / "small"), 0)
