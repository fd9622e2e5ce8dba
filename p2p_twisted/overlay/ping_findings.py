"""Tell the machines what pings have found out about links: no session sees these."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from attrs import define, field

from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.overlay.events import FellSilent, FoundByPings, RoundTripMeasured

# What stood still was perhaps this process: what has come meanwhile is read by then.
_READ_SECONDS: Final = 0.1


class Pinged(Protocol):
    """What sends the pings of one connection."""

    @property
    def round_trip(self) -> float | None:
        """How long it takes there and back, in seconds."""

    @property
    def is_overdue(self) -> bool:
        """Whether a ping is not answered."""


@define
class PingFindings:
    """What the machines have been told of each link."""

    _round_trips: dict[LinkId, float] = field(factory=dict)
    # Since when each has been found overdue, and which of them are told to be silent.
    _overdue: dict[LinkId, float] = field(factory=dict)
    _silent: set[LinkId] = field(factory=set)

    def news(self, links: Iterable[tuple[LinkId, Pinged]], now: float) -> Iterator[FoundByPings]:
        """Yield what they do not know yet of the present links."""
        for link, pinged in links:
            seconds = pinged.round_trip
            if seconds is not None and self._round_trips.get(link) != seconds:
                self._round_trips[link] = seconds
                yield RoundTripMeasured(link, seconds)
            is_silent = False
            if pinged.is_overdue:
                is_silent = now - self._overdue.setdefault(link, now) >= _READ_SECONDS
            elif link in self._overdue:
                del self._overdue[link]
            if is_silent != (link in self._silent):
                self._silent ^= {link}
                yield FellSilent(link, link in self._silent)

    def forget(self, link: LinkId) -> None:
        """Forget a connection that has ended."""
        self._round_trips.pop(link, None)
        self._overdue.pop(link, None)
        self._silent.discard(link)
