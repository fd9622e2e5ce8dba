"""Questions in whole networks, and their answers."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.expanding_ring import expanding_ring
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire.messages import Ask, Refuse, Want
from tests.overlay.builders import TOPO, an_id


def a_question(network: SimulatedNetwork) -> Ask:
    return Ask(network.new_id(), "topo")


def edges(network: SimulatedNetwork) -> int:
    """Count the ends of links that are part of the tree."""
    return sum(len(peer.overlay.broadcast.tree.eager) for peer in network.alive)


class NetworkTests(SynchronousTestCase):
    def test_counts_everybody(self) -> None:
        """Asked anywhere, a question counts every peer, once."""
        network = SimulatedNetwork(seed=11)
        network.add_many(50)
        network.run(10.0)
        answer = network.ask(network.alive[20], TOPO)
        self.assertEqual(answer.answered, 49)
        self.assertEqual(len({record.peer for record in answer.peers}), 49)
        self.assertEqual(answer.silent, ())

    def test_names_the_dead(self) -> None:
        """Asked right after a silent death, the count is of the living, and names the dead."""
        network = SimulatedNetwork(seed=12)
        network.add_many(40)
        network.run(10.0)
        dead = network.rng.sample(network.alive[1:], 4)
        for peer in dead:
            network.die_silently(peer)
        answer = network.ask(network.alive[0], attrs.evolve(TOPO, wait=4.0))
        self.assertEqual(answer.answered, 35)
        self.assertEqual(set(answer.silent), {peer.name for peer in dead})

    def test_proves_who_is_dead(self) -> None:
        """Once all pings to the dead are overdue, the tree tells that they hide nobody."""
        network = SimulatedNetwork(seed=12)
        network.add_many(200)
        network.run(20.0)
        asker, *others = network.alive
        dead = network.rng.sample(others, 10)
        for peer in dead:
            network.die_silently(peer)
        network.publish(asker)
        network.run(1.0)
        early = network.ask(asker, Ask(network.new_id(), "topo"))
        self.assertFalse(early.hides_nobody)
        network.run(7.0)
        before = network.lines
        answer = network.ask(asker, Ask(network.new_id(), "topo"))
        self.assertLess(network.lines - before, 3 * 200)
        self.assertEqual((answer.answered, answer.hides_nobody), (189, True))
        self.assertEqual(set(answer.silent), {peer.name for peer in dead})
        self.assertFalse(answer.is_whole)

    def test_mends_the_tree(self) -> None:
        """A broken tree is whole again once a question has gone by every link."""
        network = SimulatedNetwork(seed=18)
        network.add_many(100)
        network.run(20.0)
        asker = network.alive[0]
        self.assertTrue(network.ask(asker, a_question(network)).is_whole)
        links = edges(network)
        cut_off = {peer.name for peer in network.rng.sample(network.alive[1:], 30)}
        for peer in network.alive:
            for link, neighbor in peer.overlay.queries.links.items():
                if (peer.name in cut_off) != (neighbor in cut_off):
                    peer.overlay.broadcast.tree.prune(link)
        steps = expanding_ring(a_question(network), network.new_id)
        answers = [network.ask(asker, next(steps).ask)]
        answers.append(network.ask(asker, steps.send(answers[0]).ask))
        self.assertEqual([answer.is_whole for answer in answers], [False, True])
        self.assertTrue(network.ask(asker, a_question(network)).is_whole)
        self.assertEqual(edges(network), links)

    def test_finds_along_a_route(self) -> None:
        """A hit's route leads to its holder, and a refusal finds the way back."""
        network = SimulatedNetwork(seed=13)
        network.add_many(40)
        holder = network.add("holder", files=("song.mp3",))
        network.run(5.0)
        asker = network.peers["p0"]
        answer = network.ask(asker, Ask(an_id(77), "text", "song"))
        [hit] = answer.hits
        self.assertEqual(hit.route[-1], "holder")
        want = Want(an_id(1), "0" * 64, "p0", "127.0.0.1", 10_000, route=hit.route)
        network.send(asker, want)
        network.run(1.0)
        [arrived] = holder.arrived
        assert isinstance(arrived, Want)
        self.assertEqual(arrived.via[0], "p0")
        network.send(holder, Refuse(want.ticket, "gone", route=arrived.via[::-1]))
        network.run(1.0)
        self.assertEqual([message.ticket for message in asker.arrived], [want.ticket])

    def test_broken_route(self) -> None:
        """Where a route is broken, its user is told."""
        network = SimulatedNetwork(seed=14)
        network.add_many(20)
        network.run(5.0)
        asker = network.peers["p0"]
        hop = next(iter(asker.neighbors))
        network.send(asker, Want(an_id(1), "0" * 64, "p0", "127.0.0.1", 10_000, (hop, "nobody")))
        network.run(1.0)
        [refusal] = asker.arrived
        assert isinstance(refusal, Refuse)
        self.assertIn("nobody", refusal.reason)

    def test_forged_way_back(self) -> None:
        """A request that lies about where it came from goes nowhere."""
        network = SimulatedNetwork(seed=15)
        network.add_many(3)
        network.run(5.0)
        network.say(
            network.peers["p0"],
            "p1",
            Want(an_id(1), "0" * 64, "p0", "127.0.0.1", 10_000, via=("p2",)),
        )
        network.run(1.0)
        self.assertEqual(network.peers["p1"].arrived, [])

    def test_flood_of_questions(self) -> None:
        """A neighbor that asks without end is told nothing beyond its allowance."""
        network = SimulatedNetwork(seed=16)
        network.add_many(8)
        network.run(5.0)
        before = network.lines
        for number in range(2_000):
            network.say(
                network.peers["p0"],
                next(iter(network.peers["p0"].neighbors)),
                Ask(an_id(1_000 + number), "topo"),
            )
        network.run(5.0)
        honest = network.ask(network.peers["p1"], TOPO)
        self.assertEqual(honest.answered, 7)
        # Of 2,000 questions some 200 spread, each for about 2 lines a link; else it were 200,000.
        self.assertLess(network.lines - before, 40_000)
