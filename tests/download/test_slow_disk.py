"""A disk that stands still holds up what is written to it, and nothing else."""

import errno

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Blocked, Canceled, Progress
from p2p_twisted.wire.limits import MIB
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.world import World
from tests.storage.disks import FaultyDisk

_FILE = some_bytes(6 * MIB)


class SlowDiskTests(DownloadCase):
    """The disk stands still in the middle of a download."""

    ahead = 1

    def begun(self, disk: FaultyDisk, *holders: str) -> tuple[World, "Deferred[Progress]", Content]:
        world, content = self.world(disk), Content(_FILE)
        world.writing.ahead = self.ahead
        world.found = tuple(world.holder(name, content).hit(content) for name in holders)
        done = world.downloads.get(world.found, world.shown.append)
        while world.downloads.all()[0].received < 2 * MIB:
            world.wires.step()
        world.writing.stands_still = True
        world.wires.pass_time(1.0)
        self.assertTrue(world.writing.waiting)
        return world, done, content

    def test_goes_on(self) -> None:
        """No holder is blamed, nothing is fetched twice, and no chunk is lost or damaged."""
        world, done, content = self.begun(FaultyDisk(), "s1")
        received = world.downloads.all()[0].received
        world.wires.pass_time(20.0)
        self.assertEqual(world.downloads.all()[0].received, received)
        self.assertEqual(len(world.writing.waiting), self.ahead)
        self.assertEqual(len(world.wants), 1)
        world.writing.go_on()
        world.wires.settle()
        self.assert_saved(world, done, content)
        self.assertEqual((content.reads, len(world.wants)), (6, 1))

    def test_several_holders(self) -> None:
        """No holder sends more once so many chunks wait; each may have sent one before."""
        world, done, content = self.begun(FaultyDisk(), "s1", "s2")
        world.wires.pass_time(20.0)
        self.assertIn(len(world.writing.waiting), (self.ahead, self.ahead + 1))
        world.writing.go_on()
        world.wires.settle()
        self.assert_saved(world, done, content)
        self.assertEqual(len(world.wants), 2)

    def test_stands_still_for_long(self) -> None:
        """When holders have given up meanwhile, they are asked again."""
        world, done, content = self.begun(FaultyDisk(), "s1")
        world.wires.pass_time(300.0)
        world.writing.go_on()
        world.wires.pass_time(60.0)
        self.assert_saved(world, done, content)

    def test_canceled(self) -> None:
        """It can be canceled meanwhile; what is at work ends first, and then nothing is left."""
        world, done, _content = self.begun(FaultyDisk(), "s1")
        world.downloads.cancel(1)
        world.wires.pass_time(5.0)
        self.assertTrue(world.left())
        world.writing.go_on()
        world.wires.pass_time(5.0)
        self.assertIsInstance(self.successResultOf(done).state, Canceled)
        self.assertEqual(world.left(), [])

    def test_full_after_all(self) -> None:
        """A fault that comes late is a fault like any other."""
        disk = FaultyDisk()
        world, done, content = self.begun(disk, "s1")
        disk.errors = {"pwrite": errno.ENOSPC}
        world.writing.go_on()
        world.wires.settle()
        self.assertEqual(self.successResultOf(done).state, Blocked("the disk is full"))
        disk.errors.clear()
        world.wires.pass_time(60.0)
        self.assertEqual(world.saved(), content.content)


class SlowDiskAheadTests(SlowDiskTests):
    """The same where chunks come while others are being written."""

    ahead = 3
