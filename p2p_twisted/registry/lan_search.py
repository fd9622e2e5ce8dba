"""Look for registries on the network that this machine is in, before a reactor runs: it blocks."""

import select
import time
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Final, Protocol

from attrs import field, frozen

from p2p_twisted.registry.lan_group import LAN_GROUP
from p2p_twisted.registry.limits import (
    BEACON_PACKETS_PER_SECOND,
    REGISTRIES_HEARD,
    REGISTRIES_HEARD_PER_HOST,
    SEARCH_SECONDS,
)
from p2p_twisted.registry.location import show_location
from p2p_twisted.runtime import multicast
from p2p_twisted.runtime.multicast import GroupSocket, Packet
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.beacon import QUESTION, ROOT_BYTES, Beacon, read_beacon
from p2p_twisted.wire.limits import BEACON_BYTES
from p2p_twisted.wire.names import BadName, check_host, is_loopback

_ASK_EVERY_SECONDS: Final = 0.5
_OTHERS_SECONDS: Final = 0.3
"""How long others may take to answer after the first one; each may just have answered another."""

_PAUSE_SECONDS: Final = 0.05


@frozen(order=True)
class HeardRegistry:
    """
    A registry that says where it is, if it is one: anybody on the network can say so.

    :ivar host: its IP address.
    """

    host: str
    port: int
    beacon: Beacon = field(order=False)

    @property
    def place(self) -> tuple[str, int]:
        """Where it is to be dialed."""
        return self.host, self.port

    def __str__(self) -> str:
        return show_location(self.host, self.port)


class Lan(Protocol):
    """The networks that this machine is in."""

    def ask(self) -> None:
        """Ask all registries where they are."""

    def receive(self, seconds: float) -> Packet | None:
        """Wait for a packet, for so long at most; ``None`` where there is none to look at."""


IsWanted = Callable[[HeardRegistry], bool]
Search = Callable[[IsWanted], tuple[HeardRegistry, ...]]
"""Looks for some registries; gives all that were heard, those that are wanted first."""


def search_lan(is_wanted: IsWanted, interface: str | None = None) -> tuple[HeardRegistry, ...]:
    """
    Ask all registries of this network where they are, for at most 3 s.

    :param interface: the address of this machine to ask from; all of them by default.
    :returns: all that were heard, those that are wanted first; 16 at most.
    :raises OSError: when this machine cannot hear any.
    """
    own = multicast.usable_addresses() if interface is None else [interface]
    sockets = GroupSocket.opened(LAN_GROUP, own)
    try:
        return search(_Sockets(sockets, own), is_wanted)
    finally:
        for each in sockets:
            each.close()


def search(
    lan: Lan, is_wanted: IsWanted, clock: Callable[[], float] = time.monotonic
) -> tuple[HeardRegistry, ...]:
    """
    Look for registries as :func:`search_lan` does.

    Once one that is wanted was heard, others have a third of a second to say so, too; where one
    host says that there are many, all have the whole time.
    """
    wanted: set[HeardRegistry] = set()
    others: set[HeardRegistry] = set()
    end = latest = clock() + SEARCH_SECONDS
    ask_at = -inf
    while (now := clock()) < end:
        if now >= ask_at:
            lan.ask()
            ask_at = now + _ASK_EVERY_SECONDS
        packet = lan.receive(min(end, ask_at) - now)
        heard = None if packet is None else _registry(packet)
        if heard is None:
            continue
        if is_wanted(heard):
            if not wanted:
                end = min(end, clock() + _OTHERS_SECONDS)
            if not _keep(heard, wanted):
                # Whoever is the first to answer by a flood does not keep others from being heard.
                end = latest
        else:
            _keep(heard, others)
    return (*sorted(wanted), *sorted(others))[:REGISTRIES_HEARD]


def has_root(root_hash: bytes) -> IsWanted:
    """
    Want the registries of one private network.

    :param root_hash: how the hash of its root's key begins, 8 bytes or more.
    """
    root = root_hash[:ROOT_BYTES].hex()
    return lambda heard: heard.beacon.root == root


def places_of_root(root_hash: bytes, search: Search = search_lan) -> list[tuple[str, int]]:
    """List where registries of a private network may be; who is there has to prove that it is."""
    is_wanted = has_root(root_hash)
    try:
        return [heard.place for heard in search(is_wanted) if is_wanted(heard)]
    except OSError:
        return []


def _keep(heard: HeardRegistry, known: set[HeardRegistry]) -> bool:
    """Remember a registry, if there is room; return whether its host does not name too many."""
    of_host = sum(each.host == heard.host for each in known - {heard})
    if of_host >= REGISTRIES_HEARD_PER_HOST:
        return False
    if len(known) < REGISTRIES_HEARD:
        known.add(heard)
    return True


def _registry(packet: Packet) -> HeardRegistry | None:
    beacon = read_beacon(packet.content)
    if beacon is None:
        return None
    try:
        check_host(packet.host)
    except BadName:
        # Such as an address that is good for one interface alone.
        return None
    return None if is_loopback(packet.host) else HeardRegistry(packet.host, beacon.port, beacon)


class _Sockets:
    """The networks, by sockets, of which no more is read a second than is worth it."""

    def __init__(self, sockets: Sequence[GroupSocket], own: Iterable[str]) -> None:
        self._sockets = sockets
        self._own = own
        self._bucket = TokenBucket(BEACON_PACKETS_PER_SECOND, BEACON_PACKETS_PER_SECOND)

    def ask(self) -> None:
        multicast.send(LAN_GROUP, QUESTION, self._own)

    def receive(self, seconds: float) -> Packet | None:
        if not self._bucket.take(time.monotonic()):
            # By select, as sleep fails where somebody tries another time of day.
            select.select((), (), (), _PAUSE_SECONDS)
            return None
        ready, *_ = select.select(self._sockets, (), (), max(0.0, seconds))
        return ready[0].receive(BEACON_BYTES) if ready else None
