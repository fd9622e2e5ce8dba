"""The graphs that many peers make by themselves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire import limits


class GraphTests(SynchronousTestCase):
    def test_shape(self) -> None:
        """Peers that join one after the other form one symmetric graph with bounded degrees."""
        swarm = SimulatedNetwork()
        swarm.add_many(60)
        swarm.run(20.0)
        self.assertEqual(len(swarm.component(swarm.alive[0])), 60)
        self.assertEqual(swarm.one_way_links(), [])
        degrees = [len(peer.neighbors) for peer in swarm.alive]
        self.assertLessEqual(max(degrees), limits.LINKS_MOST)
        self.assertGreaterEqual(min(degrees), 4)

    def test_crowd(self) -> None:
        """Peers that all join at once through few others end in one component, too."""
        for size in (2, 3, 5, 9, 12):
            swarm = SimulatedNetwork(seed=size)
            swarm.add_many(size, apart=0.0)
            swarm.run(15.0)
            self.assertEqual(len(swarm.component(swarm.alive[0])), size)
            self.assertEqual(swarm.one_way_links(), [])

    def test_half_crashes(self) -> None:
        """Survivors of a crash of half of all find each other without the registry."""
        swarm = SimulatedNetwork(seed=3)
        swarm.add_many(60)
        for peer in swarm.rng.sample(swarm.alive, 30):
            swarm.crash(peer)
        swarm.run(5.5)
        self.assertEqual(len(swarm.component(swarm.alive[0])), 30)
        self.assertEqual(swarm.one_way_links(), [])

    def test_silent_deaths(self) -> None:
        """Neighbors that just fall silent are dropped and replaced."""
        swarm = SimulatedNetwork(seed=4)
        swarm.add_many(40)
        dead = swarm.rng.sample(swarm.alive, 12)
        for peer in dead:
            swarm.die_silently(peer)
        swarm.run(30.0)
        self.assertEqual(len(swarm.component(swarm.alive[0])), 28)
        for peer in swarm.alive:
            self.assertTrue(peer.neighbors.isdisjoint(gone.name for gone in dead))

    def test_leavers_are_not_sought(self) -> None:
        """Who leaves says so, and is not held for dead."""
        swarm = SimulatedNetwork(seed=5)
        swarm.add_many(12)
        swarm.leave(swarm.alive[0])
        swarm.run(5.0)
        self.assertEqual(swarm.peers["p0"].neighbors, set())
        self.assertEqual(len(swarm.component(swarm.peers["p1"])), 11)

    def test_no_storm(self) -> None:
        """A settled network is quiet: peers that cannot have 5 links do not beg for them."""
        swarm = SimulatedNetwork(seed=6)
        swarm.add_many(4)
        swarm.run(30.0)
        before = swarm.lines
        swarm.run(60.0)
        self.assertLess(swarm.lines - before, 4 * 60 * 0.3)

    @given(st.data())
    def test_any_history(self, data: Any) -> None:
        """Whatever joins, crashes and leaves: links end up symmetric, and all in one piece."""
        swarm = SimulatedNetwork(seed=data.draw(st.integers(0, 1_000)))
        swarm.add_many(3)
        for step in range(data.draw(st.integers(1, 25))):
            act = data.draw(st.sampled_from(["add", "add", "crash", "leave", "silent"]))
            victims = swarm.alive[1:]
            if act == "add" or len(victims) < 3:
                swarm.add(f"x{step}")
            elif act == "crash":
                swarm.crash(data.draw(st.sampled_from(victims)))
            elif act == "leave":
                leaver = data.draw(st.sampled_from(victims))
                swarm.leave(leaver)
                leaver.is_alive = False
            else:
                swarm.die_silently(data.draw(st.sampled_from(victims)))
            swarm.run(data.draw(st.floats(0.0, 2.0)))
        swarm.run(90.0)
        # While a link begins or ends, one of its ends knows first.
        changing = set(swarm.one_way_links())
        self.assertEqual(len(swarm.component(swarm.alive[0])), len(swarm.alive))
        swarm.run(0.2)
        self.assertEqual(changing & set(swarm.one_way_links()), set())
