"""Tell a person that a wrong clock keeps members of a private network apart, and which it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.runtime.amounts import clock_time
from p2p_twisted.trust.anchor import date_fault
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from p2p_twisted.trust.misdated import Misdated
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.names import PeerName

_KNOWN_SECONDS: Final = 120.0
"""How long it counts that a connection did not come about."""

_OVER_SECONDS: Final = 600.0
"""After how long without one it is said again."""


class ClockFaults:
    """
    Knows with which members this one cannot talk, as a certificate is not good by one's clock.

    :param date: reads the time of day, in seconds since 1970.
    :param announce: is told once, while it lasts.
    """

    log = Logger()

    def __init__(
        self,
        security: TlsSecurity,
        clock: IReactorTime,
        date: Callable[[], float],
        announce: Callable[[str], None],
    ) -> None:
        self._security = security
        self._clock = clock
        self._date = date
        self._announce = announce
        # How far the registry's clock is ahead of this machine's monotonic one, if that is known.
        self._registry_wall: float | None = None
        # The last of each member, the latest of all last, and when it was met.
        self._met: dict[PeerName | None, tuple[Misdated, float]] = {}
        self._met_at = -inf
        security.misdated.watch(self._meet)

    def registry_told(self, ahead: float) -> None:
        """Hear by how many seconds the registry's clock is ahead of the monotonic one here."""
        self._registry_wall = ahead

    def of(self, name: PeerName | None) -> str | None:
        """Return why this peer and another have no connection, if a clock is why."""
        met, at = self._met.get(name, (None, -inf))
        if met is None or self._is_old(at):
            return self._security.date_fault()
        return self._sentence(met)

    def latest(self) -> str | None:
        """Return that of the member with whom it was met last."""
        return self.of(next(reversed(self._met), None))

    def _meet(self, misdated: Misdated) -> None:
        now, before = self._clock.seconds(), self._met_at
        self._met.pop(misdated.name, None)
        self._met = {name: met for name, met in self._met.items() if not self._is_old(met[1])}
        self._met[misdated.name] = misdated, now
        self._met_at = now
        sentence = self._sentence(misdated)
        if now - before > _OVER_SECONDS and sentence is not None:
            self.log.warn("{sentence}", sentence=sentence)
            self._announce(sentence)

    def _is_old(self, at: float) -> bool:
        return self._clock.seconds() - at > _KNOWN_SECONDS

    def _sentence(self, misdated: Misdated) -> str | None:
        """Say it, and which clock is to be set, as far as that can be known; ``None`` if over."""
        if (own := self._security.date_fault()) is not None:
            return own
        if misdated.shown is None:
            return self._of_ours(misdated)
        name = misdated.name
        whose = "the network's" if name is None else f"{name}'s"
        fault = date_fault(misdated.shown, self._date(), whose)
        if fault is None:
            return None
        if name is None:
            return f"{fault}: set it"
        cure = f"{name} is to set its own, and to come in again by a new invite"
        either = f": set it if it is wrong; otherwise {cure}"
        return f"{fault}{self._which(misdated.has_ended, cure, either)}"

    def _of_ours(self, misdated: Misdated) -> str:
        name = misdated.name
        now = f"{datetime.fromtimestamp(self._date(), UTC):%Y-%m-%d %H:%M} UTC"
        judged = "ended" if misdated.has_ended else "not begun"
        fault = (
            f"by the clock of {name}, this peer's certificate has {judged}, and this machine's"
            f" clock says {now}"
        )
        either = ": set the one of the two that is wrong"
        return fault + self._which(not misdated.has_ended, f"{name} is to set its own", either)

    def _which(self, is_ahead: bool, theirs: str, either: str) -> str:
        """
        Say whose clock is wrong, by that of the registry.

        :param is_ahead: in which way this machine's is wrong, if it is.
        """
        if self._registry_wall is None:
            return either
        ahead = self._date() - self._clock.seconds() - self._registry_wall
        if abs(ahead) <= STATEMENT_FRESH_SECONDS:
            return f", as the registry's does: {theirs}"
        if (ahead > 0) is not is_ahead:
            return either
        way = "ahead of" if is_ahead else "behind"
        return f", {clock_time(abs(ahead))} {way} the registry's: set it"
