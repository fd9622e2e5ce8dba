"""Downloads that rest until they are resumed, in this run or a later one."""

from p2p_twisted.download.progress import Paused
from p2p_twisted.wire.limits import MIB
from tests.download.cases import InterruptedCase
from tests.download.content import Content, some_bytes
from tests.download.jobs import Jobs
from tests.download.world import World


class PauseTests(InterruptedCase):
    """Downloads that rest."""

    def paused(self, content: Content) -> World:
        """Download the first chunks, then pause."""
        world, self.done = self.half_way(content)
        self.assertEqual([each.number for each in world.downloads.pause(1)], [1])
        world.wires.settle()
        content.reads = 0
        return world

    def test_pause(self) -> None:
        """It keeps what it has, and nothing goes on: no connection, no question, no slot."""
        world = self.paused(Content(some_bytes(12 * MIB)))
        self.assertEqual(self.successResultOf(self.done).state, Paused())
        self.assertGreater(self.part(world).stat().st_size, 2 * MIB)
        self.assertEqual([pump.flush() for pump in world.wires.pumps], [False])
        world.wires.pass_time(600)
        self.assertEqual(len(world.wants), 1)
        self.assertEqual(world.finds, [])
        self.assertEqual(world.wires.getDelayedCalls(), [])
        self.assertEqual(world.downloads.pause(), ())
        for seed in range(8):
            other = Content(some_bytes(10, seed))
            world.get(world.holder(f"h{seed}", other).hit(other, f"g{seed}"))
            self.assertEqual(world.saved(f"g{seed}"), other.content)

    def test_resume(self) -> None:
        """It goes on where it was, and is done once."""
        content = Content(some_bytes(12 * MIB))
        world = self.paused(content)
        self.assertEqual([each.number for each in world.downloads.resume()], [1])
        self.assertEqual(world.downloads.resume(2), ())
        world.wires.settle()
        self.assert_went_on(world, content)
        self.assertLess(content.reads, 11)
        self.assertEqual(world.downloads.resume(), ())
        self.assertEqual(world.downloads.pause(), ())

    def test_resumed_too_late(self) -> None:
        """Once the run has ended nothing goes on any more."""
        world = self.paused(Content(some_bytes(12 * MIB)))
        self.stop(world)
        self.assertEqual(world.downloads.resume(), ())

    def test_changed_mind(self) -> None:
        """Whatever comes last holds, however quickly it comes."""
        content = Content(some_bytes(12 * MIB))
        world = self.paused(content)
        for _ in range(3):
            world.downloads.resume()
            world.downloads.pause()
        world.downloads.resume()
        world.wires.settle()
        self.assert_went_on(world, content)

    def test_changed_mind_at_once(self) -> None:
        """It is not said to have nothing where it has not looked yet how much there is."""
        content = Content(some_bytes(3 * MIB))
        world = self.world(offload=(jobs := Jobs()))
        world.get(world.holder("s1", content).hit(content))
        jobs.run_until("bring_home", world, 0)
        world.downloads.pause()
        while jobs.run_one():
            world.wires.settle()
        for act in (world.downloads.resume, world.downloads.pause):
            act()
            self.assertEqual(world.downloads.all()[0].received, content.size)
        while jobs.run_one():
            world.wires.settle()
        (progress,) = world.downloads.all()
        self.assertEqual((progress.state, progress.received), (Paused(), content.size))

    def test_restart(self) -> None:
        """It rests in the next run, too, until it is resumed or asked for."""
        content = Content(some_bytes(12 * MIB))
        for how in ("resume", "get"):
            world = self.paused(content)
            self.stop(world)
            for _ in range(2):
                self.go_on(world)
                world.wires.pass_time(60)
                (progress,) = world.downloads.all()
                self.assertEqual(progress.state, Paused())
            self.assertEqual(content.reads, 0)
            if how == "resume":
                world.downloads.resume(1)
            else:
                world.get(*world.found)
            world.wires.settle()
            self.assert_went_on(world, content)

    def test_cancel(self) -> None:
        """Nothing stays of what was paused and then given up, also in the next run."""
        content = Content(some_bytes(12 * MIB))
        for is_restarted in (False, True):
            world = self.paused(content)
            if is_restarted:
                self.stop(world)
                self.go_on(world)
            world.downloads.cancel(1)
            world.wires.settle()
            self.assertEqual(world.left(), [])

    def test_nobody_there(self) -> None:
        """A download without a holder can be paused, too."""
        world, content = self.world(), Content(some_bytes(10))
        done = world.get(world.holder("s1").hit(content))
        world.downloads.pause()
        world.wires.settle()
        self.assertEqual(self.successResultOf(done).state, Paused())
        self.assertEqual(world.wires.getDelayedCalls(), [])
