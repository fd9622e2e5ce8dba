"""Questions in whole networks, and their answers."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.expanding_ring import expanding_ring
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire.messages import Ask, Refuse, Want
from tests.overlay.builders import TOPO, an_id


def a_question(swarm: SimulatedNetwork) -> Ask:
    return Ask(swarm.new_id(), "topo")


def edges(swarm: SimulatedNetwork) -> int:
    """Count the ends of links that are part of the tree."""
    return sum(len(peer.overlay.broadcast.tree.eager) for peer in swarm.alive)


class NetworkTests(SynchronousTestCase):
    def test_counts_everybody(self) -> None:
        """Asked anywhere, a question counts every peer, once."""
        swarm = SimulatedNetwork(seed=11)
        swarm.add_many(50)
        swarm.run(10.0)
        answer = swarm.ask(swarm.alive[20], TOPO)
        self.assertEqual(answer.answered, 49)
        self.assertEqual(len({record.peer for record in answer.peers}), 49)
        self.assertEqual(answer.silent, ())

    def test_names_the_dead(self) -> None:
        """Asked right after a silent death, the count is of the living, and names the dead."""
        swarm = SimulatedNetwork(seed=12)
        swarm.add_many(40)
        swarm.run(10.0)
        dead = swarm.rng.sample(swarm.alive[1:], 4)
        for peer in dead:
            swarm.die_silently(peer)
        answer = swarm.ask(swarm.alive[0], attrs.evolve(TOPO, wait=4.0))
        self.assertEqual(answer.answered, 35)
        self.assertEqual(set(answer.silent), {peer.name for peer in dead})

    def test_mends_the_tree(self) -> None:
        """A broken tree is whole again once a question has gone by every link."""
        swarm = SimulatedNetwork(seed=18)
        swarm.add_many(100)
        swarm.run(20.0)
        asker = swarm.alive[0]
        self.assertTrue(swarm.ask(asker, a_question(swarm)).is_whole)
        links = edges(swarm)
        cut_off = {peer.name for peer in swarm.rng.sample(swarm.alive[1:], 30)}
        for peer in swarm.alive:
            for link, neighbor in peer.overlay.queries.links.items():
                if (peer.name in cut_off) != (neighbor in cut_off):
                    peer.overlay.broadcast.tree.prune(link)
        steps = expanding_ring(a_question(swarm), swarm.new_id)
        answers = [swarm.ask(asker, next(steps).ask)]
        answers.append(swarm.ask(asker, steps.send(answers[0]).ask))
        self.assertEqual([answer.is_whole for answer in answers], [False, True])
        self.assertTrue(swarm.ask(asker, a_question(swarm)).is_whole)
        self.assertEqual(edges(swarm), links)

    def test_finds_along_a_route(self) -> None:
        """A hit's route leads to its holder, and a refusal finds the way back."""
        swarm = SimulatedNetwork(seed=13)
        swarm.add_many(40)
        holder = swarm.add("holder", files=("song.mp3",))
        swarm.run(5.0)
        asker = swarm.peers["p0"]
        answer = swarm.ask(asker, Ask(an_id(77), "text", "song"))
        [hit] = answer.hits
        self.assertEqual(hit.route[-1], "holder")
        want = Want(an_id(1), "0" * 64, "p0", "127.0.0.1", 10_000, route=hit.route)
        swarm.send(asker, want)
        swarm.run(1.0)
        [arrived] = holder.arrived
        assert isinstance(arrived, Want)
        self.assertEqual(arrived.via[0], "p0")
        swarm.send(holder, Refuse(want.ticket, "gone", route=arrived.via[::-1]))
        swarm.run(1.0)
        self.assertEqual([message.ticket for message in asker.arrived], [want.ticket])

    def test_broken_route(self) -> None:
        """Where a route is broken, its user is told."""
        swarm = SimulatedNetwork(seed=14)
        swarm.add_many(20)
        swarm.run(5.0)
        asker = swarm.peers["p0"]
        hop = next(iter(asker.neighbors))
        swarm.send(asker, Want(an_id(1), "0" * 64, "p0", "127.0.0.1", 10_000, (hop, "nobody")))
        swarm.run(1.0)
        [refusal] = asker.arrived
        assert isinstance(refusal, Refuse)
        self.assertIn("nobody", refusal.reason)

    def test_forged_way_back(self) -> None:
        """A request that lies about where it came from goes nowhere."""
        swarm = SimulatedNetwork(seed=15)
        swarm.add_many(3)
        swarm.run(5.0)
        swarm.say(
            swarm.peers["p0"],
            "p1",
            Want(an_id(1), "0" * 64, "p0", "127.0.0.1", 10_000, via=("p2",)),
        )
        swarm.run(1.0)
        self.assertEqual(swarm.peers["p1"].arrived, [])

    def test_flood_of_questions(self) -> None:
        """A neighbor that asks without end is told nothing beyond its allowance."""
        swarm = SimulatedNetwork(seed=16)
        swarm.add_many(8)
        swarm.run(5.0)
        before = swarm.lines
        for number in range(2_000):
            swarm.say(
                swarm.peers["p0"],
                next(iter(swarm.peers["p0"].neighbors)),
                Ask(an_id(1_000 + number), "topo"),
            )
        swarm.run(5.0)
        honest = swarm.ask(swarm.peers["p1"], TOPO)
        self.assertEqual(honest.answered, 7)
        # Of 2,000 questions some 200 spread, each for about 2 lines a link; else it were 200,000.
        self.assertLess(swarm.lines - before, 40_000)
