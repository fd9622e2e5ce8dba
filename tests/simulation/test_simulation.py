import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.simulation.scenario import Scenario, fault_in
from p2p_twisted.simulation.simulated_network import loopback
from p2p_twisted.simulation.simulation import Simulation, SimulationOutcome
from p2p_twisted.wire.names import check_host
from tests.hash_seeds import printed


def simulated(**scenario: Any) -> tuple[SimulationOutcome, list[dict[str, Any]]]:
    """Run a short scenario; gives its outcome and the events of its trace."""
    lines: list[str] = []
    simulation = Simulation(Scenario(**{"peers": 30, "duration": 60, **scenario}), lines.append)
    for _ in simulation.run():
        pass
    return simulation.outcome, [json.loads(line) for line in lines]


def events(trace: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Pick the events of one kind."""
    return [event for event in trace if event["event"] == kind]


class ScenarioTests(SynchronousTestCase):
    def test_what_fits_together(self) -> None:
        """A partition must have time to heal, and silence is a way of dying."""
        self.assertIsNone(fault_in(Scenario(kill=50, is_silent=True, partition=150)))
        self.assertIn("at most half", fault_in(Scenario(partition=151)) or "")
        self.assertIn("--kill", fault_in(Scenario(is_silent=True)) or "")


class HostTests(SynchronousTestCase):
    def test_very_many(self) -> None:
        """A hundred thousand peers, and those who join them, have an address each."""
        hosts = {loopback(number) for number in range(150_000)}
        self.assertEqual(len(hosts), 150_000)
        for host in hosts:
            check_host(host)


class SimulationTests(SynchronousTestCase):
    def test_calm(self) -> None:
        """Nothing happens to a network that nothing is to happen to."""
        outcome, trace = simulated()
        for moment in outcome.moments.values():
            self.assertEqual((moment.shape.peers, moment.shape.components), (30, 1))
            assert moment.spread is not None
            assert moment.reply is not None
            self.assertEqual(moment.spread.reach[1], 1.0)
            self.assertEqual((moment.reply.answered, moment.reply.alive), (29, 29))
            self.assertGreater(moment.bytes, 20 * moment.messages)
        self.assertEqual(events(trace, "fault") + events(trace, "peer_down"), [])
        self.assertEqual(len(events(trace, "peer_up")), 30)

    def test_crash(self) -> None:
        """Who crashes is gone at once, and the others hear of it and go on."""
        outcome, trace = simulated(kill=50)
        self.assertEqual([m.shape.peers for m in outcome.moments.values()], [30, 15, 15])
        self.assertEqual(outcome.moments["end"].shape.components, 1)
        spread = outcome.moments["fault"].spread
        assert spread is not None
        self.assertEqual(spread.reach[30], 1.0)
        self.assertNotIn(60, spread.reach)
        [fault] = events(trace, "fault")
        self.assertEqual(fault, {"at": 20.0, "event": "fault", "kill": 50, "partition": 0})
        downs = events(trace, "peer_down")
        self.assertEqual({(down["at"], down["why"]) for down in downs}, {(20.0, "crash")})
        self.assertEqual(len(downs), 15)

    def test_silence(self) -> None:
        """Those who vanish keep their links for a while, and are named when one asks."""
        outcome, trace = simulated(kill=50, is_silent=True)
        reply = outcome.moments["fault"].reply
        assert reply is not None
        self.assertTrue(reply.is_flood)
        self.assertGreater(reply.silent, 0)
        dead = {event["peer"] for event in events(trace, "peer_down")}
        downs = [event for event in events(trace, "link_down") if event["neighbor"] in dead]
        self.assertGreater(min(event["at"] for event in downs if event["at"] > 20), 20 + 10)

    def test_everybody_but_one(self) -> None:
        """The peer that asks outlives all others."""
        outcome, _ = simulated(peers=10, kill=99)
        self.assertEqual(outcome.moments["end"].shape.peers, 1)
        self.assertEqual(list(outcome.graphs["end"].sides), ["p0"])

    def test_partition(self) -> None:
        """No link crosses the cut, and the halves find each other again."""
        outcome, trace = simulated(partition=20)
        halves = outcome.graphs["fault"].sides
        self.assertEqual(sorted(halves.values()), [0] * 15 + [1] * 15)
        self.assertGreaterEqual(outcome.moments["fault"].shape.components, 2)
        self.assertEqual(outcome.moments["end"].shape.components, 1)
        self.assertEqual([event["at"] for event in events(trace, "heal")], [40.0])

    def test_churn(self) -> None:
        """Peers come and go all the time, about as many as asked for."""
        outcome, trace = simulated(churn=60)
        born, gone = events(trace, "peer_up"), events(trace, "peer_down")
        self.assertTrue(50 <= len(gone) <= 70, len(gone))
        self.assertEqual(len(born), 30 + len(gone))
        self.assertEqual({event["why"] for event in gone}, {"crash", "leave"})
        self.assertNotIn("p0", [event["peer"] for event in gone])
        self.assertGreater(outcome.moments["end"].shape.largest, 25)
        before, middle, end = (outcome.moments[when].at for when in ("before", "fault", "end"))
        self.assertEqual((middle - before, end - middle), ((end - before) / 2,) * 2)

    def test_progress(self) -> None:
        """One is told of all its time, in order."""
        told = list(Simulation(Scenario(peers=5, duration=60)).run())
        self.assertEqual([progress.at for progress in told], sorted(p.at for p in told))
        self.assertEqual((told[-1].at, told[-1].alive), (60.0, 5))

    def test_smallest(self) -> None:
        """Two peers are a network, too."""
        outcome, _ = simulated(peers=2, kill=10, partition=30, churn=1)
        self.assertEqual(outcome.moments["before"].shape.links, 1)


class ReplayTests(SynchronousTestCase):
    def test_same_seed(self) -> None:
        """The same scenario gives the same trace and figures, another seed others."""
        harm = {"kill": 30, "is_silent": True, "partition": 20, "churn": 30}
        first, again, other = (simulated(**harm, seed=seed)[0] for seed in (7, 7, 8))
        self.assertEqual(first, again)
        self.assertNotEqual(first.trace, other.trace)

    def test_other_run(self) -> None:
        """Nothing depends on how a run of Python happens to order its sets."""
        program = (
            "from p2p_twisted.simulation.simulation import *\n"
            "simulation = Simulation(Scenario(20, 30, True, 20, 30, 60, 7))\n"
            "for _ in simulation.run(): pass\n"
            "print(simulation.outcome.trace)\n"
        )
        traces = {printed(program, seed) for seed in ("1", "2")}
        self.assertEqual(len(traces), 1)
