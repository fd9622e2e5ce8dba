"""
Find out who of two that claim one name is that peer: whoever greets us where it says it is.

Who asks for a link names itself. So a second claim to a neighbor's name is looked into, unless
that neighbor has greeted us where we dialed it; and what the registry says is a claim, too.
"""

from collections.abc import Sequence
from typing import Final

import attrs
from attrs import define

from p2p_twisted.overlay.effects import Effect, LinkId
from p2p_twisted.overlay.neighbors import Neighbors
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.wire.names import PeerAddress

_AGAIN_SECONDS: Final = 5.0


@define
class Claims:
    """The claims to the names of one peer's neighbors; ``now`` is on the monotonic clock."""

    _links: Neighbors
    _passive: PassiveView
    _dials: PendingDials

    def again(self, link: LinkId, rival: PeerAddress, now: float) -> list[Effect]:
        """Look into it when somebody else claims to be the neighbor of a link."""
        neighbor = self._links[link]
        is_early = now - neighbor.rival_since < _AGAIN_SECONDS
        if neighbor.is_verified or neighbor.rival is not None or is_early:
            return []
        self._links[link] = attrs.evolve(neighbor, rival=rival, rival_since=now)
        if rival != neighbor.address and self._passive.may_try(neighbor.address, now):
            return self._dials.exchanges([neighbor.address], now)
        return self._dial_rival(link, rival, now)

    def referred(self, referrals: Sequence[PeerAddress], now: float) -> list[Effect]:
        """Dial the peers that the registry knows elsewhere than we do."""
        effects: list[Effect] = []
        for address in referrals:
            link = self._links.link_to(address.name)
            if link is not None and self._links[link].address != address:
                self._links[link] = attrs.evolve(self._links[link], is_verified=False)
                effects += self._dial_rival(link, address, now)
        return effects

    def unanswered(self, address: PeerAddress, now: float) -> list[Effect]:
        """Dial whoever else claims to be the neighbor that was not found at its address."""
        for link, neighbor in list(self._links.items()):
            if neighbor.address == address and neighbor.rival is not None:
                return self._dial_rival(link, neighbor.rival, now)
        return []

    def is_right(self, link: LinkId, address: PeerAddress) -> bool:
        """Return whether the peer that has greeted us at an address is the one of a link's name."""
        return self._links[link].rival == address

    def confirmed(self, address: PeerAddress, now: float) -> None:
        """Record that a peer has greeted us where we dialed it."""
        self._dials.answered(address, now)
        self._passive.confirmed(address)
        self._links.verify(address)

    def refused(self, address: PeerAddress, is_duplicate: bool, now: float) -> None:
        """Record that a peer that we dialed wants no link, perhaps because it knows of one."""
        self._dials.answered(address, now)
        self._passive.confirmed(address)
        self._drop(address)
        if is_duplicate:
            self._links.verify(address)

    def failed(self, address: PeerAddress, now: float) -> None:
        """Record that no peer of that name has greeted us where we dialed it."""
        self._passive.failed(address, now)
        self._drop(address)

    def _drop(self, address: PeerAddress) -> None:
        for link, neighbor in self._links.items():
            if neighbor.rival == address:
                self._links[link] = attrs.evolve(neighbor, rival=None)

    def _dial_rival(self, link: LinkId, rival: PeerAddress, now: float) -> list[Effect]:
        # Also where nobody was found a moment ago: it has just said that it is there.
        if not (self._dials.may_begin(rival, now) and self._dials.left(now)):
            self._drop(rival)
            return []
        self._links[link] = attrs.evolve(self._links[link], rival=rival)
        return [self._dials.begin(rival, "need", False, now)]
