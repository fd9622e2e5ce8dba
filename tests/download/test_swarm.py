"""Where one holder does not deliver, others are asked, and found."""

from typing import Any

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Waiting
from p2p_twisted.wire.limits import MIB
from tests.download.cases import DownloadCase, names_of
from tests.download.content import Content, some_bytes
from tests.download.world import World, names


class GatheringTests(DownloadCase):
    """Holders that cannot deliver, and who is asked in their place."""

    def test_next_holder(self) -> None:
        """Where one holder refuses, is gone or keeps silent, the next one is asked."""
        world, content = self.world(), Content(some_bytes(2 * MIB))
        world.holder("mute").is_mute = True
        world.holder("empty")
        holders = [Content(b""), content]
        hits = [
            world.holder("s1", *holders).hit(content, peer=peer, route=(peer,))
            for peer in ("nobody", "empty", "mute", "s1")
        ]
        done = world.get(*hits)
        self.assertNoResult(done)
        world.wires.pass_time(5)
        self.assert_saved(world, done, content)

    def test_silent_holders(self) -> None:
        """A holder that does not answer at once keeps the next one waiting for a second only."""
        world, content = self.world(), Content(some_bytes(2 * MIB))
        for name in ("mute1", "mute2", "mute3"):
            world.holder(name).is_mute = True
        honest = world.holder("s1", content)
        hits = [honest.hit(content, peer=p, route=(p,)) for p in ("mute1", "mute2", "mute3", "s1")]
        done = world.get(*hits)
        world.wires.pass_time(4)
        self.assert_saved(world, done, content)
        self.assertLess(world.wires.seconds(), 4.5)

    def test_found_again(self) -> None:
        """When all holders have been tried, everybody is asked, until somebody is back."""
        world, content = self.world(), Content(some_bytes(MIB))
        done = world.get(world.away("s1", content))
        world.wires.pass_time(60)
        self.assertNoResult(done)
        self.assertIn(len(world.finds), range(5, 9))
        self.assertEqual(world.finds.index(True), 1)
        world.found = (world.holder("s2", content).hit(content),)
        world.wires.pass_time(30)
        self.assert_saved(world, done, content)

    def test_nobody_for_long(self) -> None:
        """After two minutes the person is told; the download still goes on when it can."""
        world, content = self.world(), Content(some_bytes(MIB))
        done = world.get(world.away("s1", content))
        world.wires.pass_time(150)
        progress = self.successResultOf(done)
        self.assertIsInstance(progress.state, Waiting)
        self.assertFalse(progress.is_ended)
        world.found = (world.holder("s2", content).hit(content),)
        world.wires.pass_time(31)
        self.assertEqual(names(world.shown)[-1], "Saved")
        self.assertEqual(world.saved(), content.content)

    def test_holder_dies(self) -> None:
        """What one holder has delivered the next one is not asked for."""
        world, content = self.world(), Content(some_bytes(40 * MIB))
        first, second = world.holder("s1", content), world.holder("s2", Content(content.content))
        done = world.downloads.get([first.hit(content), second.hit(content)], world.shown.append)
        world.wires.step(30)
        self.successResultOf(Deferred.fromCoroutine(self.stopped(first, world)))
        world.wires.settle()
        state = self.assert_saved(world, done, content)
        other = second.contents[content.file_id]
        self.assertIn(other.reads, range(1, 40))
        self.assertEqual(names_of(state), ("s1", "s2"))

    async def stopped(self, holder: Any, world: World) -> None:
        stopping = Deferred.fromCoroutine(holder.uploads.stop())
        world.wires.settle()
        await stopping

    def test_honest_but_changed(self) -> None:
        """A holder whose file has changed says so, and is not blamed."""
        content = Content(some_bytes(3 * MIB))
        world = self.world()
        stale = world.holder("stale", Content(content.content))
        stale.contents[content.file_id].is_changed = True
        honest = world.holder("s1", content)
        done = world.get(stale.hit(content), honest.hit(content))
        self.assert_saved(world, done, content)
        self.assertTrue(stale.contents[content.file_id].is_closed)
        other = Content(b"other")
        world.holder("stale", other)
        self.successResultOf(world.get(world.holders["stale"].hit(other, "o")))

    def test_false_size(self) -> None:
        """A hit with a false size does not stand in the way of the true one."""
        content = Content(some_bytes(10))
        world = self.world()
        honest = world.holder("s1", content)
        done = world.get(honest.hit(content, size=11), honest.hit(content))
        world.wires.pass_time(6)
        self.assert_saved(world, done, content)
