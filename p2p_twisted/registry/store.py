"""Store registrations, so that they outlive the registry's process."""

from collections.abc import Sequence

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
        put = [change.registration for change in changes if isinstance(change, Put)]
        ended = {change.name for change in changes if isinstance(change, Forget)}
        ended.update(registration.name for registration in put)
        for registration in put:
            if self._placed.get(_place(registration)) not in (None, *ended):
                return fail(Conflict(f"{registration.address} has the place of another peer"))
        for name in ended & self._kept.keys():
            del self._placed[_place(self._kept.pop(name))]
        for registration in put:
            self._kept[registration.name] = registration
            self._placed[_place(registration)] = registration.name
        return succeed(None)

    def close(self) -> "Deferred[None]":
        """Have nothing to close."""
        return succeed(None)


def _place(registration: Registration) -> tuple[str, int]:
    return registration.address.host, registration.address.port
