"""Store registrations, so that they outlive the registry's process."""

import sys
from collections.abc import Callable, Iterable, Sequence

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import Attribute, Interface, implementer

from p2p_twisted.registry.roster import Change, Forget, Put, Registration
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.names import PeerName


class StoreFault(Exception):
    """The store cannot be used, or has not kept something; the text says why."""


class StoreTaken(StoreFault):
    """Another registry uses the store."""


class Conflict(StoreFault):
    """Another peer has the name or the place already; nothing was changed."""


def cannot_use(fault: StoreFault) -> CannotStart:
    """Make the error of a registry that cannot start for its store."""
    if isinstance(fault, StoreTaken):
        return CannotStart(f"{fault}: give this one another --store", Exit.CONFLICT)
    return CannotStart(f"{fault}; --store names another place", Exit.DISK)


class IRegistryStore(Interface):
    """
    Keeps registrations.

    Names are unique in it, and so are the ports of each host. It need not know how
    long leases last: after a restart every peer gets a new one.

    Other registries may have theirs in it, too. Then it tells what they change, and them who has
    renewed here.
    """

    is_shared: bool = Attribute("Whether other registries may use it.")
    most_changes: int = Attribute("How many changes it keeps in one transaction.")
    gather_seconds: float = Attribute("How long after it began to store some others are to wait.")
    lag_seconds: float = Attribute("How much later than the registry that is asked others renew.")
    fault: str | None = Attribute("Why it cannot be used now, if so.")
    is_first: bool = Attribute("Whether it is for this registry to forget whose leases ran out.")

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

    def follow(hear: "Callable[[Change], bool]") -> None:
        """
        Begin to tell what other registries change, once everything is loaded.

        :param hear: is told again later where it returns that it cannot take a change now.
        """

    def catch_up() -> "Deferred[None]":
        """Fire once all is told that was kept before; fails with :class:`StoreFault`."""

    def renewed(name: PeerName) -> None:
        """Let other registries know that a lease became longer."""

    def close() -> "Deferred[None]":
        """Close the store; no other method is called afterwards."""


class SoleStore:
    """What a store does for the only registry that uses it."""

    is_shared = False
    most_changes = sys.maxsize
    gather_seconds = 0.0
    lag_seconds = 0.0
    fault: str | None = None
    is_first = True

    def follow(self, hear: Callable[[Change], bool]) -> None:
        """Have nothing to tell."""

    def catch_up(self) -> "Deferred[None]":
        """Have told everything."""
        return succeed(None)

    def renewed(self, name: PeerName) -> None:
        """Have nobody to tell."""


@implementer(IRegistryStore)
class MemoryStore(SoleStore):
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
