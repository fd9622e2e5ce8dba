"""Store registrations, so that they outlive the registry's process."""

from collections.abc import Iterable, Sequence

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import Interface, implementer

from p2p_twisted.registry.roster import Change, Forget, Put, Registration
from p2p_twisted.wire.names import PeerName


class StoreFault(Exception):
    """The store cannot be used, or has not kept something; the text says why."""


class StoreTaken(StoreFault):
    """Another registry uses the store."""


class Conflict(StoreFault):
    """Another peer has the name or the place already; nothing was changed."""


class IRegistryStore(Interface):
    """
    Keeps registrations.

    Names are unique in it, and so are the ports of each host. It need not know how
    long leases last: after a restart every peer gets a new one.
    """

    def open() -> None:
        """
        Open the store, before the reactor runs.

        :raises StoreFault: when it cannot be used.
        """

    def load() -> "Deferred[tuple[Registration, ...]]":
        """Load everything; every lease in it has run out."""

    def apply(changes: Sequence[Change]) -> "Deferred[None]":
        """
        Keep all of the changes, or none.

        Of several of one name the last counts: only what they come to must fit in.

        :returns: fires when a crash cannot undo them any more, or fails with
            :class:`StoreFault`.
        """

    def close() -> "Deferred[None]":
        """Close the store; no other method is called afterwards."""


@implementer(IRegistryStore)
class MemoryStore:
    """Keeps registrations for as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[PeerName, Registration] = {}
        self._placed: dict[tuple[str, int], PeerName] = {}

    def open(self) -> None:
        """Be ready already."""

    def load(self) -> "Deferred[tuple[Registration, ...]]":
        """Load everything: see :class:`IRegistryStore`."""
        return succeed(tuple(attrs.evolve(kept, expires=0.0) for kept in self._kept.values()))

    def apply(self, changes: Sequence[Change]) -> "Deferred[None]":
        """Keep all or nothing: see :class:`IRegistryStore`."""
        net = outcome(changes)
        places: set[tuple[str, int]] = set()
        for put in filter(None, net.values()):
            place = _place(put)
            if place in places or self._placed.get(place) not in (None, *net):
                return fail(Conflict(f"{put.address} has the place of another peer"))
            places.add(place)
        for name in net.keys() & self._kept.keys():
            del self._placed[_place(self._kept.pop(name))]
        for name, registration in net.items():
            if registration is not None:
                self._kept[name] = registration
                self._placed[_place(registration)] = name
        return succeed(None)

    def close(self) -> "Deferred[None]":
        """Have nothing to close."""
        return succeed(None)


def outcome(changes: Iterable[Change]) -> dict[PeerName, Registration | None]:
    """Return what is to be kept for each name in the end: nothing, where it is forgotten."""
    net: dict[PeerName, Registration | None] = {}
    for change in changes:
        match change:
            case Put(registration):
                net[registration.name] = registration
            case Forget(name):
                net[name] = None
    return net


def _place(registration: Registration) -> tuple[str, int]:
    return registration.address.host, registration.address.port
