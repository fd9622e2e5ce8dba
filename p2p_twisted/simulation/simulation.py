"""Run a scenario with simulated peers, and measure how they fare."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, Literal

from attrs import define, frozen
from typing_extensions import override

from p2p_twisted.simulation.graph import Graph, Shape, graph_of, shape_of
from p2p_twisted.simulation.observation import Observer
from p2p_twisted.simulation.probes import AskProbe, BroadcastProbe, Reply, Spread
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.simulation.trace import Trace
from p2p_twisted.simulation.traffic import LineCount
from p2p_twisted.wire.messages import Message
from p2p_twisted.wire.names import PeerName

When = Literal["before", "fault", "end"]

_STEP_SECONDS: Final = 0.5
_WARM_UPS: Final = 5
_FAULT_SECONDS: Final = 30.0


@frozen
class SimulationProgress:
    """How far a simulation is: seconds from its start, peers that run, lines so far."""

    at: float
    alive: int
    lines: int


@frozen
class Moment:
    """
    How the network is at one time.

    :ivar at: seconds from the start.
    :ivar shape: its graph in figures.
    :ivar spread: of a broadcast; sent at the instant of the fault, or, at the other
        moments, some seconds earlier.
    :ivar reply: to a query asked just after that broadcast, if it was answered in time.
    :ivar messages: lines for each peer and second: since the network formed, in the
        half minute from the fault, or since then.
    :ivar bytes: the same, in bytes.
    """

    at: float
    shape: Shape
    spread: Spread | None
    reply: Reply | None
    messages: float
    bytes: float


@frozen
class SimulationOutcome:
    """
    What came of a scenario.

    :ivar graphs: the network at each moment; right after the fault, for that one.
    :ivar trace: the hash of all that happened.
    """

    scenario: Scenario
    moments: dict[When, Moment]
    graphs: dict[When, Graph]
    lines: int
    trace: str


@define
class _Meter:
    """Counts what is sent in a span of time."""

    peer_seconds: float = 0.0
    lines: int = 0
    bytes: float = 0.0

    def rates(self) -> tuple[float, float]:
        """Give lines and bytes for each peer and second."""
        seconds = self.peer_seconds or 1.0
        return self.lines / seconds, self.bytes / seconds


class Simulation(Observer):
    """
    One run of a scenario.

    The first peer, ``p0``, asks all queries, and no harm ever comes to it.

    :param write: takes the lines of the trace.
    """

    def __init__(self, scenario: Scenario, write: Callable[[str], object] | None = None) -> None:
        self.scenario = scenario
        self._network = SimulatedNetwork(scenario.seed, observer=self)
        self._start = self._network.now
        self._rng = Random(f"scenario {scenario.seed}")
        self._trace = Trace(write)
        self._traffic = LineCount()
        whens: tuple[When, ...] = ("before", "fault", "end")
        parts = (self._network, self._traffic, self._report)
        self._broadcasts = {when: BroadcastProbe(*parts) for when in whens}
        answered: dict[PeerName, int] = {}
        self._asks = {when: AskProbe(*parts, answered) for when in whens}
        self._meters = {when: _Meter() for when in whens}
        self._graphs: dict[When, Graph] = {}
        self._shapes: dict[When, tuple[float, Shape]] = {}

    def run(self) -> Iterator[SimulationProgress]:
        """Run the scenario step by step; then there is an :attr:`outcome`."""
        self._plan()
        counted = (0, 0.0)
        while self._at < self.scenario.duration:
            when = self._span()
            step = min(_STEP_SECONDS, self.scenario.duration - self._at)
            self._network.run(step)
            alive = len(self._network.alive)
            if when is not None:
                meter = self._meters[when]
                meter.peer_seconds += alive * step
                meter.lines += self._network.lines - counted[0]
                meter.bytes += self._traffic.bytes - counted[1]
            counted = (self._network.lines, self._traffic.bytes)
            yield SimulationProgress(self._at, alive, self._network.lines)
        self._look("end")
        self._report("end", lines=self._network.lines, state=self._network.trace())

    @property
    def outcome(self) -> SimulationOutcome:
        """What came of it, once it has run."""
        moments = {
            when: Moment(
                at,
                shape,
                self._broadcasts[when].spread,
                self._asks[when].reply,
                *self._meters[when].rates(),
            )
            for when, (at, shape) in self._shapes.items()
        }
        return SimulationOutcome(
            self.scenario, moments, self._graphs, self._network.lines, self._trace.hash
        )

    # What happens

    def _plan(self) -> None:
        scenario, later = self.scenario, self._network.later
        for index in range(scenario.peers):
            later(scenario.formed_at * index / scenario.peers, self._add)
        later(scenario.fault_at, self._look, "before")
        later(scenario.middle_at, self._harm)
        if scenario.partition:
            later(scenario.fault_at + scenario.partition, self._heal)
        if scenario.churn:
            later(60 / scenario.churn, self._churn)
        for when, at in (("before", scenario.fault_at), ("end", float(scenario.duration))):
            for number in range(_WARM_UPS):
                later(at - (2 - number / _WARM_UPS) * scenario.lead, self._warm_up)
            later(at - scenario.lead, self._probe, when, scenario.lead)

    def _add(self) -> None:
        number = len(self._network.peers)
        name = f"p{number}"
        self._report("peer_up", peer=name)
        self._network.add(name, is_closed=self.scenario.is_closed(number))

    def _harm(self) -> None:
        scenario, network = self.scenario, self._network
        if scenario.has_fault:
            self._report("fault", kill=scenario.kill, partition=scenario.partition)
        others = self._mortals()
        count = min(len(others), round(len(network.alive) * scenario.kill / 100))
        for peer in self._rng.sample(others, count):
            self._end(peer, "silent" if scenario.is_silent else "crash")
        if scenario.partition:
            names = [peer.name for peer in network.alive]
            other_half = set(self._rng.sample(names[1:], len(names) // 2))
            network.part(lambda peer: int(peer.name in other_half))
        self._look("fault")
        self._probe("fault", scenario.duration - self._at)

    def _heal(self) -> None:
        self._report("heal")
        self._network.join()

    def _churn(self) -> None:
        self._network.later(self._rng.uniform(0.5, 1.5) * 60 / self.scenario.churn, self._churn)
        self._add()
        mortals = self._mortals()
        if mortals:
            self._end(self._rng.choice(mortals), self._rng.choice(("crash", "leave")))

    def _end(self, peer: SimulatedPeer, why: str) -> None:
        self._report("peer_down", peer=peer.name, why=why)
        match why:
            case "silent":
                self._network.die_silently(peer)
            case "crash":
                self._network.crash(peer)
            case _:
                self._network.leave(peer)

    def _mortals(self) -> list[SimulatedPeer]:
        return [peer for peer in self._network.alive if peer.name != "p0"]

    # What is measured

    def _warm_up(self) -> None:
        self._network.publish(self._rng.choice(self._network.alive))

    def _probe(self, when: When, within: float) -> None:
        self._broadcasts[when].begin(self._rng.choice(self._network.alive), within)
        self._asks[when].begin(self._network.peers["p0"])

    def _look(self, when: When) -> None:
        graph = self._graphs[when] = graph_of(self._network)
        self._shapes[when] = (self._at, shape_of(graph, self._rng))

    def _span(self) -> When | None:
        """Return the moment that what is sent now counts for; while the network forms, none."""
        since_fault = self._at - self.scenario.middle_at
        if since_fault >= min(_FAULT_SECONDS, self.scenario.duration / 4):
            return "end"
        if since_fault >= 0:
            return "fault"
        return "before" if self._at >= self.scenario.formed_at else None

    @property
    def _at(self) -> float:
        return self._network.now - self._start

    # What the network tells

    @override
    def sent(self, message: Message, to: PeerName, at: float) -> None:
        self._traffic.add(message)

    @override
    def linked(self, peer: PeerName, neighbor: PeerName) -> None:
        self._report("link_up", peer=peer, neighbor=neighbor)

    @override
    def unlinked(self, peer: PeerName, neighbor: PeerName) -> None:
        self._report("link_down", peer=peer, neighbor=neighbor)

    def _report(self, event: str, **fields: Any) -> None:
        self._trace.add(self._at, event, **fields)
