"""What befalls networks of a thousand peers, and of ten thousand."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.overlay import apart
from benchmarks.simulated.lives import Copies, find
from p2p_twisted.simulation.graph import graph_of, shape_of
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Ask

T = TypeVar("T")


def a_formed_network(peers: int, seed: int = 1, age: float = 60.0) -> SimulatedNetwork:
    """Form a network within ten seconds."""
    network = SimulatedNetwork(seed)
    network.add_many(peers, apart=10.0 / peers)
    network.run(age)
    return network


def settle(network: SimulatedNetwork, registry: bool = True) -> SimulatedNetwork:
    """Let broadcasts shape the tree of a network, with a registry from now on, or without."""
    network.has_registry = registry
    for _ in range(5):
        network.publish(network.rng.choice(network.alive))
        network.run(2.0)
    return network


def a_settled_network(
    peers: int, seed: int = 1, registry: bool = True, age: float = 60.0
) -> SimulatedNetwork:
    """Form a network within ten seconds, and let broadcasts shape its tree."""
    return settle(a_formed_network(peers, seed, age), registry)


def lose(network: SimulatedNetwork, share: float, silently: bool = False) -> None:
    """Lose so many peers at once."""
    for peer in network.rng.sample(network.alive, int(share * len(network.alive))):
        if silently:
            network.die_silently(peer)
        else:
            network.crash(peer)


# Of forks, by Python 3.12 and later: pytest's workers have threads, which these copies do not need.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.slow
class ThousandTests(SynchronousTestCase):
    """What befalls copies of one network, each in another process: to form it takes longest."""

    network: SimulatedNetwork

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = a_formed_network(1_000)

    @classmethod
    def tearDownClass(cls) -> None:
        del cls.network

    def befalls(self, what: Callable[[SimulatedNetwork], T], registry: bool = False) -> T:
        """Have something befall a copy; return what comes of it."""
        return apart(lambda: what(settle(self.network, registry)))

    def test_steady(self) -> None:
        """One graph of bounded degree, cheap to keep; every peer is reached, and counted."""

        def look(network: SimulatedNetwork) -> tuple[int, list[int], list[float], list[int], float]:
            component = len(network.component(network.alive[0]))
            degrees = [len(peer.neighbors) for peer in network.alive]
            lines = [network.lines]
            network.run(30.0)
            lines.append(network.lines)
            answered = []
            for tree in (limits.ASK_HOPS, 0):
                ask = Ask(network.new_id(), "text", "nosuch", tree=tree)
                answered.append(network.ask(network.alive[7], ask).answered)
                lines.append(network.lines)
            id_ = network.publish(network.alive[3])
            network.run(2.0)
            per_peer = [(after - before) / 1_000 for before, after in pairwise(lines)]
            return component, degrees, per_peer, answered, network.reach(id_)

        component, degrees, (idle, near, far), answered, reach = self.befalls(look, registry=True)
        self.assertEqual(component, 1_000)
        self.assertLessEqual(max(degrees), limits.LINKS_MOST)
        self.assertGreaterEqual(sum(degree >= 5 for degree in degrees), 950)
        self.assertLess(idle / 30.0, 0.3)
        self.assertLess(near, 2.2)
        self.assertLess(far, 11.0)
        self.assertEqual((answered, reach), ([999, 999], 1.0))

    def test_crash(self) -> None:
        """A broadcast at the very instant at which 80 % crash reaches all others in 5 s."""

        def crash(network: SimulatedNetwork) -> tuple[list[float], int]:
            lose(network, 0.8)
            ids = [network.publish(network.alive[0])]
            network.run(5.0)
            ids.append(network.publish(network.alive[9]))
            network.run(3.0)
            component = network.component(network.alive[0])
            return [network.reach(id_) for id_ in ids], len(component)

        self.assertEqual(self.befalls(crash), ([1.0, 1.0], 200))

    def test_crash_of_most(self) -> None:
        """Where nineteen of twenty crash, the others find each other again within 30 s."""

        def crash(network: SimulatedNetwork) -> tuple[float, int]:
            lose(network, 0.95)
            id_ = network.publish(network.alive[0])
            network.run(30.0)
            return network.reach(id_), len(network.component(network.alive[0]))

        self.assertEqual(self.befalls(crash), (1.0, 50))

    def test_silent_death(self) -> None:
        """A broadcast at the instant at which half die silently reaches all others in 30 s."""

        def die(network: SimulatedNetwork) -> tuple[float, set[tuple[str, str]]]:
            lose(network, 0.5, silently=True)
            id_ = network.publish(network.alive[0])
            network.run(30.0)
            reach = network.reach(id_)
            # While a link begins or ends, one of its ends knows first.
            changing = set(network.one_way_links())
            network.run(0.2)
            return reach, changing & set(network.one_way_links())

        self.assertEqual(self.befalls(die), (1.0, set()))

    def test_dead_are_named(self) -> None:
        """Asked right after some died silently, the answer counts the living and names the dead."""
        network = a_settled_network(300)
        dead = network.rng.sample(network.alive[1:], 30)
        for peer in dead:
            network.die_silently(peer)
        ask = Ask(network.new_id(), "topo", wait=6.0, tree=0)
        answer = network.ask(network.alive[0], ask)
        self.assertEqual(answer.answered, 269)
        named = set(answer.silent) | {link for record in answer.peers for link in record.links}
        self.assertLessEqual({peer.name for peer in dead}, named)


@pytest.mark.slow
class PartitionTests(SynchronousTestCase):
    def test_merges_without_registry(self) -> None:
        """Cut in halves for half an hour, a network without registry is one again in a minute."""
        for peers, within in ((10, 120.0), (100, 60.0)):
            network = a_settled_network(peers, registry=False)
            half = {peer.name for peer in network.rng.sample(network.alive, peers // 2)}
            network.part(lambda peer, half=half: int(peer.name in half))  # type: ignore[misc]
            network.run(1_800.0)
            self.assertEqual(len(network.component(network.alive[0])), peers // 2)
            network.join()
            network.run(within)
            self.assertEqual(len(network.component(network.alive[0])), peers)

    def test_merges_with_registry(self) -> None:
        """With the registry within reach again, that takes twenty seconds at most."""
        for peers in (10, 100):
            network = a_settled_network(peers)
            half = {peer.name for peer in network.rng.sample(network.alive, peers // 2)}
            network.part(lambda peer, half=half: int(peer.name in half))  # type: ignore[misc]
            network.run(1_800.0)
            network.join()
            network.run(20.0)
            self.assertEqual(len(network.component(network.alive[0])), peers)


class RepeatTests(SynchronousTestCase):
    def test_same_seed(self) -> None:
        """The same seed gives the same run, another one another."""

        def run(seed: int) -> str:
            network = a_settled_network(60, seed)
            lose(network, 0.3)
            network.run(5.0)
            return network.trace()

        self.assertEqual(run(5), run(5))
        self.assertNotEqual(run(5), run(6))


def memory_kib() -> int:
    """Return how much memory this process has now, whatever earlier tests had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


@pytest.mark.slow
class ChurnTests(SynchronousTestCase):
    def test_short_sessions(self) -> None:
        """Where peers stay for two minutes on average, broadcasts reach all who stay."""
        network = a_settled_network(300)
        ends = (network.crash, network.die_silently, network.leave, network.leave)
        sent: list[tuple[str, list[str]]] = []
        for second in range(90):
            gone: set[str] = set()
            for peer in network.alive:
                if network.rng.random() < 1 / 120:
                    network.rng.choice(ends)(peer)
                    gone.add(peer.name)
                    network.add(f"x{len(network.peers)}")
            if second % 5 == 0 and second < 60:
                audience = [peer.name for peer in network.alive]
                # Whoever is just leaving has no links any more to send anything along.
                staying = [peer for peer in network.alive if peer.name not in gone]
                sent.append((network.publish(network.rng.choice(staying)), audience))
            network.run(1.0)
        for id_, audience in sent:
            stayed = [network.peers[name] for name in audience if network.peers[name].is_alive]
            self.assertEqual([p.name for p in stayed if id_ not in p.delivered], [])


class StopTests(SynchronousTestCase):
    def test_among_the_dead(self) -> None:
        """Where 30 % have just died silently, an urgent word still reaches all before they go."""
        network = a_settled_network(300)
        lose(network, 0.3, silently=True)
        id_ = network.publish(network.alive[0], urgent=True)
        left: set[str] = set()
        for _ in range(60):
            network.run(0.1)
            for peer in network.alive:
                since = network.now - peer.delivered.get(id_, (network.now, 0))[0]
                if since > 1.0 and peer.name not in left:
                    left.add(peer.name)
                    network.leave(peer)
        self.assertEqual(len(left), 210)


@pytest.mark.slow
class TenThousandTests(SynchronousTestCase):
    def test_life(self) -> None:
        """Ten thousand peers form one cheap network, lose half of it at once, and heal."""
        memory = memory_kib()
        network = a_settled_network(10_000, age=180.0)
        shape = shape_of(graph_of(network), Random(1))
        self.assertEqual(shape.components, 1)
        self.assertLessEqual(shape.degree_most, limits.LINKS_MOST)
        self.assertGreaterEqual(shape.share_of_five, 0.95)
        self.assertLessEqual(shape.path or 0.0, 5.6)
        for urgent, most in ((False, 20), (True, 12)):
            id_ = network.publish(network.rng.choice(network.alive), urgent)
            network.run(5.0)
            self.assertEqual(network.reach(id_), 1.0)
            self.assertLessEqual(max(peer.delivered[id_][1] for peer in network.alive), most)
        for tree, lines in ((limits.ASK_HOPS, 2.2), (0, 11.0)):
            before, began = network.lines, network.now
            ask = Ask(network.new_id(), "text", "nosuch", tree=tree)
            self.assertEqual(network.ask(network.alive[7], ask).answered, 9_999)
            self.assertLessEqual((network.lines - before) / 10_000, lines)
            self.assertLess(network.now - began, 1.0)
        asker, holder = network.rng.sample(network.alive, 2)
        holder.files = ("rare",)
        network.observer = Copies()
        lines, first = find(network, asker, "rare")
        self.assertLessEqual(lines / 10_000, 2.6)
        self.assertLess(first, 1.5)
        lose(network, 0.5)
        id_ = network.publish(network.alive[0])
        network.run(5.0)
        self.assertEqual(network.reach(id_), 1.0)
        self.assertEqual(len(network.component(network.alive[0])), 5_000)
        answer = network.ask(network.alive[0], Ask(network.new_id(), "text", "x", tree=0))
        self.assertEqual(answer.answered, 4_999)
        self.assertLess(memory_kib() - memory, 600_000)

    def test_silent_death(self) -> None:
        """Where 80 % of ten thousand die silently, a broadcast of that instant reaches the rest."""
        network = a_settled_network(10_000, registry=False)
        lose(network, 0.8, silently=True)
        id_ = network.publish(network.alive[0])
        network.run(30.0)
        self.assertGreaterEqual(network.reach(id_), 0.995)
        network.run(30.0)
        self.assertEqual(network.reach(id_), 1.0)
