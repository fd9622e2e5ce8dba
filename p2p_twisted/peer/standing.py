"""How a peer stands with the others: whether it is cut off, and whether they can reach it."""

from typing import Final

from p2p_twisted.peer.lease_events import (
    Ended,
    LeaseEffect,
    LeaseEvent,
    NeighborsChanged,
    StartOverlay,
)
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.runtime.amounts import clock_time
from p2p_twisted.trust.limits import STATEMENT_FRESH_SECONDS
from p2p_twisted.wire.firewall import cut_off, firewall_ports, place
from p2p_twisted.wire.limits import DEAD_AFTER_SECONDS
from p2p_twisted.wire.messages import Welcome
from p2p_twisted.wire.names import PeerAddress, is_loopback

_TRIED_SECONDS: Final = 5.0
"""How long others have been dialed at least; twice as long as a dial takes."""

_LOST_SECONDS: Final = DEAD_AFTER_SECONDS + _TRIED_SECONDS
"""The same where there was a link: for so long those at its other end may take it for alive."""


class Standing:
    """
    Follows a peer's registration and neighbors, and says when that concerns a person.

    A peer without neighbors whose registry does not answer is cut off from everybody.

    :ivar is_reachable: whether the registry could dial the peer; ``None`` until it has tried.
    """

    def __init__(self) -> None:
        self.is_reachable: bool | None = None
        self._is_doubtful = False
        self._me: PeerAddress | None = None
        self._neighbors = 0
        self._has_linked = False
        self._has_registry = False
        self._has_been_in = False
        # Since when it has had no neighbor, as renewals have found.
        self._alone_since: float | None = None
        self._has_told_barred = False
        self._is_clock_wrong = False
        # Since when it is cut off, in seconds.
        self._since: float | None = None

    @property
    def is_to_be_checked(self) -> bool:
        """Whether the registry should see if it can dial the peer; on one machine it can."""
        is_known = self.is_reachable and not self._is_doubtful
        return self._me is not None and not (is_known or is_loopback(self._me.host))

    def doubt(self) -> None:
        """Have it looked for again whether others can reach the peer: one of them could not."""
        self._is_doubtful = True

    def performed(self, effect: LeaseEffect) -> None:
        """Learn where the peer listens."""
        if isinstance(effect, StartOverlay):
            self._me = effect.address

    def handle(self, event: LeaseEvent, now: float) -> list[str]:
        """
        Say what a person should know of what has happened.

        :param now: seconds on the monotonic clock.
        """
        match event:
            case NeighborsChanged(number):
                self._neighbors = number
                self._has_linked |= number > 0
            case RegistryUnreachable():
                self._has_registry = False
            case RegistryRefused(code="later") | Welcome():
                self._has_registry = True
            case RegistryRefused() if self._since is None:
                # What refuses a peer that was cut off has not let it in again.
                self._has_registry = True
            case Ended():
                self._me, self._has_been_in = None, False
        said = self._tell_cut(now)
        if isinstance(event, Welcome):
            said += self._tell_reach(event)
            said += self._tell_barred(event, now)
        return said

    def clock_found(self, ahead: float) -> list[str]:
        """
        Say that this machine's clock, or the registry's, is wrong, or is right again.

        :param ahead: how many seconds this machine's is ahead.
        """
        is_wrong = abs(ahead) > STATEMENT_FRESH_SECONDS
        if is_wrong == self._is_clock_wrong:
            return []
        self._is_clock_wrong = is_wrong
        if not is_wrong:
            return ["this machine's clock and the registry's agree again"]
        way = "ahead of" if ahead > 0 else "behind"
        return [
            f"this machine's clock is {clock_time(abs(ahead))} {way} the registry's: set one of"
            " them right; until then, pushes may count for nobody here, or for nobody else"
        ]

    def _tell_cut(self, now: float) -> list[str]:
        is_cut = not (self._neighbors or self._has_registry)
        self._has_been_in |= self._me is not None and not is_cut
        if is_cut and self._has_been_in and self._since is None:
            self._since = now
            return ["cut off: there is no neighbor, and no registry; trying until one is back"]
        if not is_cut and self._since is not None:
            seconds, self._since = now - self._since, None
            return [f"back in the network, after {seconds:,.0f} s"]
        return []

    def _tell_barred(self, welcome: Welcome, now: float) -> list[str]:
        """Say that there are others, but that neither they nor this peer can dial."""
        if self._neighbors or self._me is None:
            self._alone_since, self._has_told_barred = None, False
            return []
        if self._alone_since is None:
            self._alone_since = now
        # Who has just lost its neighbors, and can be dialed, may have been told of them too late.
        may_be_late = self._has_linked or self.is_reachable
        patience = _LOST_SECONDS if may_be_late else _TRIED_SECONDS
        has_tried = now - self._alone_since >= patience
        if self._has_told_barred or not (has_tried and welcome.referrals):
            return []
        # What is between them may let the registry's packets through, and not others'.
        if self.is_reachable is None:
            return []
        self._has_told_barred = True
        other = welcome.referrals[0]
        return [f"{place(other)} is in the network but {cut_off(other, self._me)}"]

    def _tell_reach(self, welcome: Welcome) -> list[str]:
        reachable = welcome.reachable
        if reachable is None:
            return []
        self._is_doubtful = False
        if reachable == self.is_reachable:
            return []
        self.is_reachable = reachable
        me = welcome.address
        if reachable:
            return [f"others can reach {me}"]
        return [
            f"others cannot reach {me}: a firewall? let {firewall_ports(me)} in; until then, this"
            " peer has to dial them, or to be joined with them by a third one"
        ]
