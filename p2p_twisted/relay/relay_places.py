"""Decide who is relayed: who may wait for whom, and by which token the other is known."""

from typing import Final

from attrs import define, field, frozen

from p2p_twisted.relay import limits
from p2p_twisted.wire.messages import Meet, Relay
from p2p_twisted.wire.names import MessageId, PeerName, host_group, is_loopback

BUSY: Final = "this peer relays as much as it can: ask another one, or again later"


class NotRelayed(Exception):
    """A peer is not relayed; the text says why."""


@frozen
class _Place:
    requester: PeerName
    host: str
    holder: PeerName

    @property
    def pair(self) -> frozenset[PeerName]:
        return frozenset((self.requester, self.holder))


@define
class RelayPlaces:
    """
    The places of those that wait at this relay, and of those that have met.

    A place is its requester's until :meth:`left`. A token is good for one meeting, and only for
    the peer that the requester waits for.

    :ivar most: how many pairs may have met at a time.
    """

    most: int = limits.PAIRS_RELAYED

    _waiting: dict[MessageId, _Place] = field(factory=dict)
    _met: dict[MessageId, _Place] = field(factory=dict)

    @property
    def pairs(self) -> tuple[tuple[PeerName, PeerName], ...]:
        """The requesters and holders that have met."""
        return tuple((place.requester, place.holder) for place in self._met.values())

    def ask(self, asked: Relay, host: str, token: MessageId) -> None:
        """
        Let a peer wait for another one.

        :param host: from where it asks.
        :param token: of its place: random.
        :raises NotRelayed: when there is no place for it.
        """
        place = _Place(asked.name, host, asked.peer)
        if asked.name == asked.peer:
            raise NotRelayed("nobody meets itself")
        places = (*self._waiting.values(), *self._met.values())
        if any(other.pair == place.pair for other in places):
            raise NotRelayed(f"{asked.name} and {asked.peer} have a place here already")
        own = sum(_is_same(place, other) for other in places)
        is_full = len(self._waiting) >= limits.RELAY_PLACES_WAITING
        if is_full or own >= limits.RELAY_PLACES_PER_PEER or not self._has_room:
            raise NotRelayed(BUSY)
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
            raise NotRelayed(BUSY)
        self._met[came.token] = self._waiting.pop(came.token)

    def left(self, token: MessageId) -> None:
        """Free a place; one that is free already stays so."""
        self._waiting.pop(token, None)
        self._met.pop(token, None)

    @property
    def _has_room(self) -> bool:
        return len(self._met) < self.most


def _is_same(place: _Place, other: _Place) -> bool:
    """Return whether two places count as those of one peer; all peers of loopback have one host."""
    if place.requester == other.requester:
        return True
    return not is_loopback(place.host) and host_group(place.host) == host_group(other.host)
