"""Keep what is registered: names, places and leases, and the changes to them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from typing import Any, Self

import attrs
import msgspec

from p2p_twisted.registry.referral_pool import Random, ReferralPool
from p2p_twisted.wire.names import PeerAddress, PeerName, Port, Token


class _StoredFields(msgspec.Struct):
    """What a store has of a registration."""

    name: PeerName
    host: str
    port: Port
    token: Token
    since: float
    is_listening: bool
    # An earlier version has not kept it.
    is_closed: bool = False


@attrs.frozen
class Registration:
    """
    A peer's hold on its name and its place.

    :ivar since: when it joined, in seconds since 1970: for people only.
    :ivar expires: in seconds on the monotonic clock of this run.
    :ivar is_listening: whether it has said that it listens; until then its name
        and place are only reserved, and newcomers are not referred to it.
    :ivar is_closed: whether a dial does not reach it there, although it renews.
    """

    address: PeerAddress
    token: Token = attrs.field(repr=False)
    since: float
    expires: float
    is_listening: bool = False
    is_closed: bool = False

    @classmethod
    def kept(cls, row: Mapping[str, Any]) -> Self:
        """
        Read what a store has kept; its lease has run out.

        Once it is here, nobody looks again whether peers could accept what they are told of it.

        :raises ValueError: when they could not.
        """
        try:
            # All at once: of a hundred thousand, it is what a registry waits for when it starts.
            kept = msgspec.convert(row, _StoredFields, strict=False)
            address = PeerAddress(kept.name, kept.host, kept.port)
        except ValueError as error:
            raise ValueError(f"this cannot be a peer's: {error}") from None
        return cls(
            address,
            token=kept.token,
            since=kept.since,
            expires=0.0,
            is_listening=kept.is_listening,
            is_closed=kept.is_closed,
        )

    @property
    def name(self) -> PeerName:
        """The peer's name."""
        return self.address.name


@attrs.frozen
class Put:
    """A peer registered, or the registration of that name changed."""

    registration: Registration

    @property
    def name(self) -> PeerName:
        """Whose it is."""
        return self.registration.name


@attrs.frozen
class Extend:
    """A lease became longer."""

    name: PeerName
    expires: float


@attrs.frozen
class Forget:
    """A registration ended."""

    name: PeerName


Change = Put | Extend | Forget


def is_told(change: Change, undo: Change) -> bool:
    """Return whether a change is one to those who watch: not that a dial did not reach a peer."""
    match change, undo:
        case Forget(), Forget():
            return False
        case Put(held), Put(known):
            return attrs.evolve(held, is_closed=known.is_closed) != known
        case _:
            return True


class Roster:
    """
    Every registration of one network.

    It changes by :meth:`apply` alone, so that what is decided next knows of it; what
    the store then does not accept is taken back. A lease that ran out holds until
    :meth:`expired` is applied.
    """

    def __init__(self, registrations: Iterable[Registration] = ()) -> None:
        self._named: dict[PeerName, Registration] = {}
        self._placed: dict[tuple[str, int], PeerName] = {}
        self._on_host: Counter[str] = Counter()
        # Those that listen, apart from each other.
        self._open, self._closed = ReferralPool(), ReferralPool()
        self.apply([Put(registration) for registration in registrations])

    def __len__(self) -> int:
        return len(self._named)

    def named(self, name: PeerName) -> Registration | None:
        """Find the registration of a name."""
        return self._named.get(name)

    def after(self, name: str, most: int) -> list[Registration]:
        """List the first registrations whose names come after one, by name."""
        names = nsmallest(most, (each for each in self._named if each > name))
        return [self._named[each] for each in names]

    @property
    def listening(self) -> int:
        """How many peers have said that they listen."""
        return len(self._open) + len(self._closed)

    def placed(self, host: str, port: int) -> Registration | None:
        """Find the registration of a place."""
        name = self._placed.get((host, port))
        return None if name is None else self._named[name]

    def on_host(self, host: str) -> int:
        """Count the registrations of one host."""
        return self._on_host[host]

    def referrals(self, rng: Random, count: int, besides: PeerName) -> tuple[PeerAddress, ...]:
        """
        Choose up to ``count`` listening peers at random, other than ``besides``.

        Those that others cannot dial, as far as is known, are named only where there are too few
        others.
        """
        chosen = self._open.choose(rng, count, besides)
        missing = count - len(chosen)
        return chosen + self._closed.choose(rng, missing, besides) if missing else chosen

    def expired(self, now: float) -> tuple[Forget, ...]:
        """List the registrations whose leases have run out."""
        return tuple(Forget(name) for name, held in self._named.items() if held.expires <= now)

    def unanswered(self, dead: Iterable[Registration]) -> tuple[Forget, ...]:
        """List those of the dead whose registrations have not changed in the meantime."""
        return tuple(Forget(held.name) for held in dead if self._named.get(held.name) == held)

    def apply(self, changes: Iterable[Change]) -> list[Change]:
        """
        Make changes.

        :returns: what takes each of them back, to be applied from the last to the first.
        """
        undo: list[Change] = []
        for change in changes:
            before = self._named.get(change.name)
            undo.append(Forget(change.name) if before is None else Put(before))
            match change:
                case Put(registration):
                    self._put(registration)
                case Extend(name, expires):
                    self._named[name] = attrs.evolve(self._named[name], expires=expires)
                case Forget(name):
                    self._forget(name)
        return undo

    def _put(self, registration: Registration) -> None:
        name, address = registration.name, registration.address
        self._forget(name)
        self._named[name] = registration
        self._placed[address.host, address.port] = name
        self._on_host[address.host] += 1
        if registration.is_listening:
            (self._closed if registration.is_closed else self._open).add(address)

    def _forget(self, name: PeerName) -> None:
        held = self._named.pop(name, None)
        if held is None:
            return
        host = held.address.host
        del self._placed[host, held.address.port]
        self._on_host[host] -= 1
        if not self._on_host[host]:
            del self._on_host[host]
        self._open.remove(name)
        self._closed.remove(name)
