"""Hundreds of downloads that begin, go on or end at once leave the reactor time for others."""

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import Paused
from tests.download.cases import DownloadCase, small
from tests.download.world import World

_MANY = 20
_SLOTS = 8


def resting(downloads: Downloads) -> int:
    """Return how many downloads are paused."""
    return sum(each.state == Paused() for each in downloads.all())


class ManyAtOnceTests(DownloadCase):
    """A few go on in each turn of the reactor, so that others have theirs in between."""

    def many(self) -> World:
        """Begin some downloads from a holder that says nothing: others wait for a slot."""
        world, contents = self.world(), small(_MANY)
        holder = world.holder("s1", *contents)
        holder.is_mute = True
        for number, content in enumerate(contents):
            world.get(holder.hit(content, f"f{number}"))
        self.assertEqual(len(world.wants), _SLOTS)
        return world

    def test_holder_gone(self) -> None:
        """Where one ends and the others' only holder has gone, they do not all end with it."""
        world = self.many()
        del world.holders["s1"]
        world.downloads.cancel(1)
        self.assertLess(len(world.wants), _MANY)
        world.wires.settle()
        self.assertEqual(len(world.wants), _MANY)

    def test_pause(self) -> None:
        """Not all are paused at once."""
        world = self.many()
        self.assertEqual(len(world.downloads.pause()), _MANY)
        self.assertLess(resting(world.downloads), _MANY)
        world.wires.settle()
        self.assertEqual(resting(world.downloads), _MANY)

    def test_pause_no_more(self) -> None:
        """One that is resumed before it was paused just goes on."""
        world = self.many()
        world.downloads.pause()
        world.downloads.resume()
        world.wires.settle()
        self.assertEqual(resting(world.downloads), 0)

    def test_next_run(self) -> None:
        """In the next run not all go on at once."""
        world = self.many()
        world.close()
        world.new_run(has_joined=False).start()
        self.assertLess(len(world.downloads.all()), _MANY)
        world.wires.settle()
        self.assertEqual(len(world.downloads.all()), _MANY)
        del world.holders["s1"]
        world.wants.clear()
        world.downloads.join()
        self.assertLess(len(world.finds), _MANY)
        world.wires.settle()
        self.assertGreaterEqual(len(world.finds), _MANY)
