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
        network = SimulatedNetwork()
        network.add_many(60)
        network.run(20.0)
        self.assertEqual(len(network.component(network.alive[0])), 60)
        self.assertEqual(network.one_way_links(), [])
        degrees = [len(peer.neighbors) for peer in network.alive]
        self.assertLessEqual(max(degrees), limits.LINKS_MOST)
        self.assertGreaterEqual(min(degrees), 4)

    def test_crowd(self) -> None:
        """Peers that all join at once through few others end in one component, too."""
        for size in (2, 3, 5, 9, 12):
            network = SimulatedNetwork(seed=size)
            network.add_many(size, apart=0.0)
            network.run(15.0)
            self.assertEqual(len(network.component(network.alive[0])), size)
            self.assertEqual(network.one_way_links(), [])

    def test_half_crashes(self) -> None:
        """Survivors of a crash of half of all find each other without the registry."""
        network = SimulatedNetwork(seed=3)
        network.add_many(60)
        for peer in network.rng.sample(network.alive, 30):
            network.crash(peer)
        network.run(5.5)
        self.assertEqual(len(network.component(network.alive[0])), 30)
        self.assertEqual(network.one_way_links(), [])

    def test_silent_deaths(self) -> None:
        """Neighbors that just fall silent are dropped and replaced."""
        network = SimulatedNetwork(seed=4)
        network.add_many(40)
        dead = network.rng.sample(network.alive, 12)
        for peer in dead:
            network.die_silently(peer)
        network.run(30.0)
        self.assertEqual(len(network.component(network.alive[0])), 28)
        for peer in network.alive:
            self.assertTrue(peer.neighbors.isdisjoint(gone.name for gone in dead))

    def test_leavers_are_not_sought(self) -> None:
        """Who leaves says so, and is not held for dead."""
        network = SimulatedNetwork(seed=5)
        network.add_many(12)
        network.leave(network.alive[0])
        network.run(5.0)
        self.assertEqual(network.peers["p0"].neighbors, set())
        self.assertEqual(len(network.component(network.peers["p1"])), 11)

    def test_no_storm(self) -> None:
        """A settled network is quiet: peers that cannot have 5 links do not beg for them."""
        network = SimulatedNetwork(seed=6)
        network.add_many(4)
        network.run(30.0)
        before = network.lines
        network.run(60.0)
        self.assertLess(network.lines - before, 4 * 60 * 0.3)

    @given(st.data())
    def test_any_history(self, data: Any) -> None:
        """Whatever joins, crashes and leaves: links end up symmetric, and all in one piece."""
        network = SimulatedNetwork(seed=data.draw(st.integers(0, 1_000)))
        network.add_many(3)
        for step in range(data.draw(st.integers(1, 25))):
            act = data.draw(st.sampled_from(["add", "add", "crash", "leave", "silent"]))
            victims = network.alive[1:]
            if act == "add" or len(victims) < 3:
                network.add(f"x{step}")
            elif act == "crash":
                network.crash(data.draw(st.sampled_from(victims)))
            elif act == "leave":
                leaver = data.draw(st.sampled_from(victims))
                network.leave(leaver)
                leaver.is_alive = False
            else:
                network.die_silently(data.draw(st.sampled_from(victims)))
            network.run(data.draw(st.floats(0.0, 2.0)))
        network.run(90.0)
        # While a link begins or ends, one of its ends knows first.
        changing = set(network.one_way_links())
        self.assertEqual(len(network.component(network.alive[0])), len(network.alive))
        network.run(0.2)
        self.assertEqual(changing & set(network.one_way_links()), set())
