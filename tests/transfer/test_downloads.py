"""Downloads over simulated connections."""

from pathlib import Path
from tempfile import mkdtemp

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.transfer.progress import Saved
from p2p_twisted.wire.limits import MIB

from .world import Content, World, names, some_bytes


class DownloadTests(SynchronousTestCase):
    """One file from one holder."""

    def world(self) -> World:
        return World(Path(mkdtemp()))

    def test_sizes(self) -> None:
        """Files of every awkward size arrive whole, and nothing else stays."""
        for size in (0, 1, 1023, MIB, MIB + 1, 5 * MIB + 7, 40 * MIB):
            with self.subTest(size=size):
                world = self.world()
                content = Content(some_bytes(size))
                done = world.get(world.holder("s1", content).hit(content))
                progress = self.successResultOf(done)
                self.assertIsInstance(progress.state, Saved)
                self.assertEqual(progress.received, size)
                self.assertEqual(world.saved(), content.content)
                self.assertEqual(world.left(), ["Downloads/f1.txt"])
                self.assertEqual(names(world.shown)[-1], "Saved")
