"""What befalls networks of a thousand peers, and of ten thousand."""

import resource
from random import Random

import pytest
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.lives import Copies, find
from p2p_twisted.simulation.graph import graph_of, shape_of
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Ask


def a_settled_swarm(
    peers: int, seed: int = 1, registry: bool = True, age: float = 60.0
) -> SimulatedNetwork:
    """Form a network within ten seconds, and let broadcasts shape its tree."""
    swarm = SimulatedNetwork(seed)
    swarm.add_many(peers, apart=10.0 / peers)
    swarm.run(age)
    swarm.has_registry = registry
    for _ in range(5):
        swarm.publish(swarm.rng.choice(swarm.alive))
        swarm.run(2.0)
    return swarm


def lose(swarm: SimulatedNetwork, share: float, silently: bool = False) -> None:
    """Lose so many peers at once."""
    for peer in swarm.rng.sample(swarm.alive, int(share * len(swarm.alive))):
        if silently:
            swarm.die_silently(peer)
        else:
            swarm.crash(peer)


class ThousandTests(SynchronousTestCase):
    def test_steady(self) -> None:
        """One graph of bounded degree, cheap to keep; every peer is reached, and counted."""
        swarm = a_settled_swarm(1_000)
        self.assertEqual(len(swarm.component(swarm.alive[0])), 1_000)
        degrees = [len(peer.neighbors) for peer in swarm.alive]
        self.assertLessEqual(max(degrees), limits.LINKS_MOST)
        self.assertGreaterEqual(sum(degree >= 5 for degree in degrees), 950)
        before = swarm.lines
        swarm.run(30.0)
        self.assertLess((swarm.lines - before) / 1_000 / 30.0, 0.3)
        for tree, most in ((limits.ASK_HOPS, 2.2), (0, 11.0)):
            before = swarm.lines
            ask = Ask(swarm.new_id(), "text", "nosuch", tree=tree)
            self.assertEqual(swarm.ask(swarm.alive[7], ask).answered, 999)
            self.assertLess((swarm.lines - before) / 1_000, most)
        id_ = swarm.publish(swarm.alive[3])
        swarm.run(2.0)
        self.assertEqual(swarm.reach(id_), 1.0)

    def test_crash(self) -> None:
        """A broadcast at the very instant at which 80 % crash reaches all others in 5 s."""
        swarm = a_settled_swarm(1_000, registry=False)
        lose(swarm, 0.8)
        ids = [swarm.publish(swarm.alive[0])]
        swarm.run(5.0)
        ids.append(swarm.publish(swarm.alive[9]))
        swarm.run(3.0)
        self.assertEqual([swarm.reach(id_) for id_ in ids], [1.0, 1.0])
        self.assertEqual(len(swarm.component(swarm.alive[0])), 200)

    def test_crash_of_most(self) -> None:
        """Where nineteen of twenty crash, the others find each other again within 30 s."""
        swarm = a_settled_swarm(1_000, registry=False)
        lose(swarm, 0.95)
        id_ = swarm.publish(swarm.alive[0])
        swarm.run(30.0)
        self.assertEqual(swarm.reach(id_), 1.0)
        self.assertEqual(len(swarm.component(swarm.alive[0])), 50)

    def test_silent_death(self) -> None:
        """A broadcast at the instant at which half die silently reaches all others in 30 s."""
        swarm = a_settled_swarm(1_000, registry=False)
        lose(swarm, 0.5, silently=True)
        id_ = swarm.publish(swarm.alive[0])
        swarm.run(30.0)
        self.assertEqual(swarm.reach(id_), 1.0)
        # While a link begins or ends, one of its ends knows first.
        changing = set(swarm.one_way_links())
        swarm.run(0.2)
        self.assertEqual(changing & set(swarm.one_way_links()), set())

    def test_dead_are_named(self) -> None:
        """Asked right after some died silently, the answer counts the living and names the dead."""
        swarm = a_settled_swarm(300)
        dead = swarm.rng.sample(swarm.alive[1:], 30)
        for peer in dead:
            swarm.die_silently(peer)
        ask = Ask(swarm.new_id(), "topo", wait=6.0, tree=0)
        answer = swarm.ask(swarm.alive[0], ask)
        self.assertEqual(answer.answered, 269)
        named = set(answer.silent) | {link for record in answer.peers for link in record.links}
        self.assertLessEqual({peer.name for peer in dead}, named)


class PartitionTests(SynchronousTestCase):
    def test_merges_without_registry(self) -> None:
        """Cut in halves for half an hour, a network without registry is one again in a minute."""
        for peers, within in ((10, 120.0), (100, 60.0)):
            swarm = a_settled_swarm(peers, registry=False)
            half = {peer.name for peer in swarm.rng.sample(swarm.alive, peers // 2)}
            swarm.part(lambda peer, half=half: int(peer.name in half))  # type: ignore[misc]
            swarm.run(1_800.0)
            self.assertEqual(len(swarm.component(swarm.alive[0])), peers // 2)
            swarm.join()
            swarm.run(within)
            self.assertEqual(len(swarm.component(swarm.alive[0])), peers)

    def test_merges_with_registry(self) -> None:
        """With the registry within reach again, that takes twenty seconds at most."""
        for peers in (10, 100):
            swarm = a_settled_swarm(peers)
            half = {peer.name for peer in swarm.rng.sample(swarm.alive, peers // 2)}
            swarm.part(lambda peer, half=half: int(peer.name in half))  # type: ignore[misc]
            swarm.run(1_800.0)
            swarm.join()
            swarm.run(20.0)
            self.assertEqual(len(swarm.component(swarm.alive[0])), peers)


class RepeatTests(SynchronousTestCase):
    def test_same_seed(self) -> None:
        """The same seed gives the same run, another one another."""

        def run(seed: int) -> str:
            swarm = a_settled_swarm(60, seed)
            lose(swarm, 0.3)
            swarm.run(5.0)
            return swarm.trace()

        self.assertEqual(run(5), run(5))
        self.assertNotEqual(run(5), run(6))


@pytest.mark.slow
class ChurnTests(SynchronousTestCase):
    def test_short_sessions(self) -> None:
        """Where peers stay for two minutes on average, broadcasts reach all who stay."""
        swarm = a_settled_swarm(300)
        ends = (swarm.crash, swarm.die_silently, swarm.leave, swarm.leave)
        sent: list[tuple[str, list[str]]] = []
        for second in range(90):
            for peer in swarm.alive:
                if swarm.rng.random() < 1 / 120:
                    swarm.rng.choice(ends)(peer)
                    swarm.add(f"x{len(swarm.peers)}")
            if second % 5 == 0 and second < 60:
                audience = [peer.name for peer in swarm.alive]
                sent.append((swarm.publish(swarm.rng.choice(swarm.alive)), audience))
            swarm.run(1.0)
        for id_, audience in sent:
            stayed = [swarm.peers[name] for name in audience if swarm.peers[name].is_alive]
            self.assertEqual([p.name for p in stayed if id_ not in p.delivered], [])


class StopTests(SynchronousTestCase):
    def test_among_the_dead(self) -> None:
        """Where 30 % have just died silently, an urgent word still reaches all before they go."""
        swarm = a_settled_swarm(300)
        lose(swarm, 0.3, silently=True)
        id_ = swarm.publish(swarm.alive[0], urgent=True)
        left: set[str] = set()
        for _ in range(60):
            swarm.run(0.1)
            for peer in swarm.alive:
                since = swarm.now - peer.delivered.get(id_, (swarm.now, 0))[0]
                if since > 1.0 and peer.name not in left:
                    left.add(peer.name)
                    swarm.leave(peer)
        self.assertEqual(len(left), 210)


@pytest.mark.slow
class TenThousandTests(SynchronousTestCase):
    def test_life(self) -> None:
        """Ten thousand peers form one cheap network, lose half of it at once, and heal."""
        swarm = a_settled_swarm(10_000, age=180.0)
        shape = shape_of(graph_of(swarm), Random(1))
        self.assertEqual(shape.components, 1)
        self.assertLessEqual(shape.degree_most, limits.LINKS_MOST)
        self.assertGreaterEqual(shape.share_of_five, 0.95)
        self.assertLessEqual(shape.path or 0.0, 5.6)
        for urgent, most in ((False, 20), (True, 12)):
            id_ = swarm.publish(swarm.rng.choice(swarm.alive), urgent)
            swarm.run(5.0)
            self.assertEqual(swarm.reach(id_), 1.0)
            self.assertLessEqual(max(peer.delivered[id_][1] for peer in swarm.alive), most)
        for tree, lines in ((limits.ASK_HOPS, 2.2), (0, 11.0)):
            before, began = swarm.lines, swarm.now
            ask = Ask(swarm.new_id(), "text", "nosuch", tree=tree)
            self.assertEqual(swarm.ask(swarm.alive[7], ask).answered, 9_999)
            self.assertLessEqual((swarm.lines - before) / 10_000, lines)
            self.assertLess(swarm.now - began, 1.0)
        asker, holder = swarm.rng.sample(swarm.alive, 2)
        holder.files = ("rare",)
        swarm.watcher = Copies()
        lines, first = find(swarm, asker, "rare")
        self.assertLessEqual(lines / 10_000, 2.6)
        self.assertLess(first, 1.5)
        lose(swarm, 0.5)
        id_ = swarm.publish(swarm.alive[0])
        swarm.run(5.0)
        self.assertEqual(swarm.reach(id_), 1.0)
        self.assertEqual(len(swarm.component(swarm.alive[0])), 5_000)
        answer = swarm.ask(swarm.alive[0], Ask(swarm.new_id(), "text", "x", tree=0))
        self.assertEqual(answer.answered, 4_999)
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 600_000)

    def test_silent_death(self) -> None:
        """Where 80 % of ten thousand die silently, a broadcast of that instant reaches the rest."""
        swarm = a_settled_swarm(10_000, registry=False)
        lose(swarm, 0.8, silently=True)
        id_ = swarm.publish(swarm.alive[0])
        swarm.run(30.0)
        self.assertGreaterEqual(swarm.reach(id_), 0.995)
        swarm.run(30.0)
        self.assertEqual(swarm.reach(id_), 1.0)
