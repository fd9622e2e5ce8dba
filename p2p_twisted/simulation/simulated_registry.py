"""The registry of a simulated network, as its peers notice it."""

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Final, Protocol

from attrs import define, field

from p2p_twisted.overlay.events import Event, ReachFound, Referred
from p2p_twisted.registry import limits as registry_limits
from p2p_twisted.simulation.simulated_peer import SimulatedPeer, latency_between
from p2p_twisted.wire import limits
from p2p_twisted.wire.names import PeerAddress, PeerName

if TYPE_CHECKING:
    from random import Random

_RENEW_SECONDS: Final = 30.0
_ALONE_SECONDS: Final = 2.0


class RegisteredNetwork(Protocol):
    """What the registry needs of its network."""

    has_registry: bool
    later: Callable[..., None]
    rng: "Random"

    @property
    def now(self) -> float:
        """The time, in seconds."""

    @property
    def peers(self) -> Mapping[PeerName, SimulatedPeer]:
        """All peers that there are or have been."""

    def feed(self, peer: SimulatedPeer, event: Event) -> None:
        """Have a peer handle an event."""


@define(eq=False)
class SimulatedRegistry:
    """
    Refers peers to each other, each time that they renew, and hears of deaths.

    They renew every half minute, and more often while they are alone.
    """

    _network: RegisteredNetwork
    _registered: list[SimulatedPeer] = field(factory=list)
    # Those that it could not dial: it refers others to them only where there are too few others.
    _closed: list[SimulatedPeer] = field(factory=list)

    def join(self, peer: SimulatedPeer) -> list[PeerAddress]:
        """Register a peer, and refer it to up to 8 random others."""
        referrals = self._referrals(peer, limits.REFERRALS)
        self._registered.append(peer)
        peer.renewed_at = self._network.now
        self._renew_in(self._network.rng.uniform(0.5, 1.0) * _RENEW_SECONDS, peer)
        if peer.is_closed:
            self._network.later(limits.DIAL_SECONDS, self._find_closed, peer)
        return referrals

    def leave(self, peer: SimulatedPeer) -> None:
        """End a peer's registration for good."""
        self._unregister(peer)
        peer.renews_at = inf

    def lost(self, peer: SimulatedPeer, neighbor: PeerName, has_died: bool) -> None:
        """Handle a report of a death, which is checked, and a request where no link is left."""
        gone = self._network.peers.get(neighbor)
        if has_died and self._is_reached_by(peer) and gone is not None and not gone.is_alive:
            self._unregister(gone)
        if not peer.overlay.membership.links:
            self._renew_in(latency_between(peer, peer), peer)

    def _renew_in(self, wait: float, peer: SimulatedPeer) -> None:
        if peer.renews_at == inf:
            return
        peer.renews_at = self._network.now + wait
        self._network.later(wait, self._renew, peer, peer.renews_at)

    def _renew(self, peer: SimulatedPeer, due: float) -> None:
        if not peer.is_alive or peer.renews_at != due:
            return
        if self._is_reached_by(peer):
            peer.renewed_at = self._network.now
            referrals = self._referrals(peer, registry_limits.RENEWAL_REFERRALS)
            self._network.feed(peer, Referred(tuple(referrals)))
        pause = _RENEW_SECONDS if peer.overlay.membership.links else _ALONE_SECONDS
        self._renew_in(self._network.rng.uniform(0.8, 1.2) * pause, peer)

    def _find_closed(self, peer: SimulatedPeer) -> None:
        self._registered.remove(peer)
        self._closed.append(peer)
        if peer.is_alive:
            self._network.feed(peer, ReachFound(is_closed=True))
            self._renew_in(0.0, peer)

    def _unregister(self, peer: SimulatedPeer) -> None:
        if self._is_reached_by(peer):
            peer.renewed_at = -inf

    def _is_reached_by(self, peer: SimulatedPeer) -> bool:
        return self._network.has_registry and peer.side <= 0

    def _referrals(self, peer: SimulatedPeer, number: int) -> list[PeerAddress]:
        drawn = self._draw(self._registered, peer, number)
        return drawn + self._draw(self._closed, peer, number - len(drawn))

    def _draw(
        self, those: list[SimulatedPeer], peer: SimulatedPeer, number: int
    ) -> list[PeerAddress]:
        drawn: list[PeerAddress] = []
        for _ in range(10 * number if those else 0):
            other = self._network.rng.choice(those)
            is_current = self._network.now - other.renewed_at < registry_limits.LEASE_SECONDS
            if other is not peer and is_current and other.address not in drawn:
                drawn.append(other.address)
            if len(drawn) == number:
                break
        return drawn
