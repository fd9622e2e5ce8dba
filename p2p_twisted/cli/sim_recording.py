"""Record a simulation as a peer that sees everything would, for ``p2p replay``."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from attrs import define, field

from p2p_twisted import __version__
from p2p_twisted.api.event_views import EventView, PeersView, WarningView
from p2p_twisted.api.views import TopologyPeerView
from p2p_twisted.recording.recorded_views import RecordingView
from p2p_twisted.recording.recorder import Recorder
from p2p_twisted.simulation.scenario import Scenario

_STEP_SECONDS: Final = 0.25
"""What changes within so much simulated time is one event."""


@define
class SimRecording:
    """
    Makes a recording of a simulation's trace; its times are seconds from the start.

    :param write: takes its lines.
    """

    _scenario: Scenario
    _write: Callable[[bytes], object]
    _recorder: Recorder = field(init=False)
    _links: dict[str, set[str]] = field(factory=dict, init=False)
    _came: dict[str, None] = field(factory=dict, init=False)
    _went: dict[str, None] = field(factory=dict, init=False)
    _changed: dict[str, None] = field(factory=dict, init=False)
    _due: float = field(default=_STEP_SECONDS, init=False)

    def __attrs_post_init__(self) -> None:
        header = RecordingView(
            at=0.0,
            of="simulation",
            name=f"{self._scenario.peers:,} peers, seed {self._scenario.seed}",
            network="simulation",
            version=__version__,
        )
        self._recorder = Recorder(header)
        self._write(self._recorder.begin(0.0))

    def add(self, line: str) -> None:
        """Record a line of the trace."""
        told = msgspec.json.decode(line)
        if told["at"] >= self._due:
            self.end(self._due)
            self._due = told["at"] + _STEP_SECONDS
        match told["event"]:
            case "peer_up":
                self._links[told["peer"]] = set()
                self._came[told["peer"]] = self._changed[told["peer"]] = None
            case "peer_down":
                self._remove(told["peer"])
            case "link_up" | "link_down" as way:
                self._link(told["peer"], told["neighbor"], way == "link_up")
            case "fault" | "heal" as what:
                self.end(told["at"])
                self._tell(WarningView(at=told["at"], text=self._harm(what)))

    def end(self, at: float) -> None:
        """Tell what has changed and was not told yet."""
        if self._came or self._went or self._changed:
            event = PeersView(
                at=at,
                came=tuple(self._came),
                went=tuple(self._went),
                peers=len(self._links),
                changed=tuple(
                    TopologyPeerView(name=name, neighbors=tuple(sorted(self._links[name])))
                    for name in self._changed
                ),
            )
            self._tell(event)
        self._came, self._went, self._changed = {}, {}, {}

    def _tell(self, event: EventView) -> None:
        self._write(self._recorder.add(event))

    def _remove(self, peer: str) -> None:
        del self._links[peer]
        self._changed.pop(peer, None)
        if peer in self._came:
            # It was never told of.
            del self._came[peer]
        else:
            self._went[peer] = None

    def _link(self, peer: str, neighbor: str, is_up: bool) -> None:
        # A link ends for one that is no more, too.
        if (links := self._links.get(peer)) is not None:
            links.add(neighbor) if is_up else links.discard(neighbor)
            self._changed[peer] = None

    def _harm(self, what: str) -> str:
        scenario: Any = self._scenario
        if what == "heal":
            return "the halves of the network are one again"
        how = "vanish without a sign" if scenario.is_silent else "crash"
        killed = f"{scenario.kill} % of the peers {how}" if scenario.kill else ""
        parted = "the network is cut in halves" if scenario.partition else ""
        return " and ".join(filter(None, (killed, parted)))
