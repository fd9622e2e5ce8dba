"""Downloads to disks that are full or broken."""

import errno

from p2p_twisted.download.progress import Blocked, Failed
from p2p_twisted.wire.limits import MIB
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.world import names
from tests.storage.disks import FaultyDisk, NoPartIsSafe, ShortWrites, Small


class DiskTests(DownloadCase):
    """Disks that are full or broken."""

    def test_full(self) -> None:
        """On a full disk the download waits for space; what has arrived is kept."""
        disk = FaultyDisk(pwrite=errno.ENOSPC)
        disk.calls_before = 3
        world, content = self.world(disk), Content(some_bytes(6 * MIB))
        world.found = (world.holder("s1", content).hit(content),)
        progress = self.successResultOf(world.get(*world.found))
        self.assertEqual(progress.state, Blocked("the disk is full"))
        world.wires.pass_time(300)
        self.assertLess(len(world.wants), 12)
        self.assertEqual(names(world.shown)[-1], "Blocked")
        disk.errors.clear()
        content.reads = 0
        world.wires.pass_time(60)
        self.assertEqual(names(world.shown)[-1], "Saved")
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])
        self.assertEqual(content.reads, 3)

    def test_full_at_fsync(self) -> None:
        """What a full disk could not make safe is fetched again: it may be gone after a crash."""
        disk = NoPartIsSafe(errno.ENOSPC)
        world, content = self.world(disk), Content(some_bytes(3 * MIB))
        hit = world.holder("s1", content).hit(content)
        self.assertEqual(self.successResultOf(world.get(hit)).state, Blocked("the disk is full"))
        disk.error = 0
        content.reads = 0
        done = world.get(hit)
        world.wires.settle()
        self.assert_saved(world, done, content)
        self.assertEqual(content.reads, 3)

    def test_too_small(self) -> None:
        """Nothing is fetched that does not fit."""
        world, content = self.world(Small()), Content(some_bytes(2 * MIB))
        state = self.successResultOf(world.get(world.holder("s1", content).hit(content))).state
        assert isinstance(state, Blocked)
        self.assertIn("1,048,576 are free", state.reason)
        self.assertEqual(content.reads, 0)
        world.downloads.cancel(1)
        self.assertEqual(world.left(), [])

    def test_fsync_fails(self) -> None:
        """After a failed fsync nobody knows what is on the disk: the part is removed."""
        world, content = self.world(NoPartIsSafe()), Content(some_bytes(20))
        state = self.successResultOf(world.get(world.holder("s1", content).hit(content))).state
        assert isinstance(state, Failed)
        self.assertFalse(state.is_kept)
        self.assertEqual(world.left(), [])

    def test_every_call(self) -> None:
        """Whichever call fails, no final name stands for anything but the whole."""
        for call in ("pwrite", "fsync", "link"):
            for code in (errno.ENOSPC, errno.EIO):
                for before in range(9):
                    disk = FaultyDisk(**{call: code})
                    disk.calls_before = before
                    world, content = self.world(disk), Content(some_bytes(MIB + 2))
                    hit = world.holder("s1", content).hit(content)
                    progress = self.successResultOf(world.get(hit))
                    if "Downloads/f1.txt" in world.left():
                        self.assertEqual(world.saved(), content.content)
                    else:
                        self.assertIsInstance(
                            progress.state, Failed if code == errno.EIO else Blocked
                        )
                    disk.errors.clear()
                    done = world.get(hit)
                    world.wires.settle()
                    self.assert_saved(world, done, content)

    def test_no_links(self) -> None:
        """Without hard links the file gets its name all the same, and replaces nothing."""
        world, content = self.world(FaultyDisk(link=errno.EPERM)), Content(some_bytes(MIB + 2))
        done = world.get(world.holder("s1", content).hit(content))
        self.assert_saved(world, done, content)
        other = Content(b"other")
        self.successResultOf(world.get(world.holder("s1", other).hit(other)))
        self.assertEqual(world.saved(), content.content)
        self.assertEqual(world.saved("f1 (1).txt"), b"other")

    def test_short_writes(self) -> None:
        """A call that writes less than it was given is called again."""
        world, content = self.world(ShortWrites()), Content(some_bytes(MIB + 2))
        self.assert_saved(world, world.get(world.holder("s1", content).hit(content)), content)
