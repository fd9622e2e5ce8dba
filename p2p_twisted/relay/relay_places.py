"""Decide who is relayed: who may wait for whom, and by which token the other is known."""

from typing import Final

from attrs import define, field, frozen

from p2p_twisted.relay import limits
from p2p_twisted.wire.messages import Meet, Relay
from p2p_twisted.wire.names import MessageId, PeerName, host_group, is_loopback

BUSY: Final = "this peer relays as much as it can: ask another one, or again later"


class NotRelayed(Exception):
    """A peer is not relayed; the text says why."""


class RelayBusy(NotRelayed):
    """A peer is not relayed now, since no place is left for it."""

    def __init__(self) -> None:
        super().__init__(BUSY)


@frozen
class RelayedPair:
    """
    Two peers that are relayed now.

    :ivar requester: who receives.
    :ivar holder: who sends.
    :ivar copied: how many bytes so far, in both directions.
    :ivar rate: of the last seconds, in bytes per second.
    """

    requester: PeerName
    holder: PeerName
    copied: int
    rate: float


@frozen
class _Place:
    requester: PeerName
    host: str
    holder: PeerName
    by_name: bool

    @property
    def owner(self) -> tuple[bool, str]:
        """
        Whose place it is: a name's where that is known, and otherwise a host's.

        So whoever claims another's name elsewhere takes no place from it, and learns nothing of
        it. All peers of loopback have one host.
        """
        of_name = self.by_name or is_loopback(self.host)
        return self.by_name, self.requester if of_name else host_group(self.host)


@define
class RelayPlaces:
    """
    The places of those that wait at this relay, and of those that have met.

    A place is its requester's until :meth:`left`. A token is good for one meeting, and only for
    the peer that the requester waits for. Refusals say nothing of other pairs.

    :ivar most: how many pairs may have met at a time.
    """

    most: int = limits.PAIRS_RELAYED

    _waiting: dict[MessageId, _Place] = field(factory=dict)
    _met: dict[MessageId, _Place] = field(factory=dict)

    @property
    def pairs(self) -> tuple[tuple[PeerName, PeerName], ...]:
        """The requesters and holders that have met."""
        return tuple(self.met.values())

    @property
    def met(self) -> dict[MessageId, tuple[PeerName, PeerName]]:
        """The requesters and holders that have met, by the tokens of their places."""
        return {token: (place.requester, place.holder) for token, place in self._met.items()}

    def ask(self, asked: Relay, host: str, token: MessageId, *, by_name: bool = False) -> None:
        """
        Let a peer wait for another one.

        :param host: from where it asks.
        :param token: of its place: random.
        :param by_name: whether its name is known to be its own, so that it shares its places with
            no other peer of its host.
        :raises NotRelayed: when there is no place for it.
        """
        place = _Place(asked.name, host, asked.peer, by_name)
        if asked.name == asked.peer:
            raise NotRelayed("nobody meets itself")
        places = (*self._waiting.values(), *self._met.values())
        own = [other for other in places if other.owner == place.owner]
        of_name = [other for other in own if other.requester == place.requester]
        is_full = len(self._waiting) >= max(limits.RELAY_PLACES_WAITING, self.most)
        # Many may be behind one NAT: while others have room enough, they are not one peer.
        is_host_full = len(own) >= limits.RELAY_PLACES_PER_PEER and 2 * len(places) >= self.most
        if is_full or is_host_full or not self._has_room:
            raise RelayBusy
        is_there = any(other.holder == place.holder for other in of_name)
        if is_there or len(of_name) >= limits.RELAY_PLACES_PER_PEER:
            raise RelayBusy
        self._waiting[token] = place

    def meet(self, came: Meet) -> None:
        """
        Join a peer with the one that waits for it; its token is spent.

        :raises NotRelayed: when nobody waits for it by that token, or nobody else is relayed now.
        """
        place = self._waiting.get(came.token)
        if place is None or place.holder != came.name:
            raise NotRelayed("nobody waits here by that token")
        if not self._has_room:
            raise RelayBusy
        self._met[came.token] = self._waiting.pop(came.token)

    def left(self, token: MessageId) -> None:
        """Free a place; one that is free already stays so."""
        self._waiting.pop(token, None)
        self._met.pop(token, None)

    @property
    def _has_room(self) -> bool:
        return len(self._met) < self.most
