"""Keep what is registered: names, places and leases, and the changes to them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from typing import Any, Final, Protocol, Self

import attrs
import msgspec

from p2p_twisted.wire.names import PeerAddress, PeerName, Token

_BITS: Final = 64
"""For each random choice: so many that of 100,000 all are as likely, as nearly as can be."""
_ALL_BITS: Final = 2**_BITS - 1


class Random(Protocol):
    """The part of :class:`random.Random` that the registry needs."""

    def getrandbits(self, k: int, /) -> int:
        """Return a number of ``k`` random bits."""


@attrs.frozen
class Registration:
    """
    A peer's hold on its name and its place.

    :ivar since: when it joined, in seconds since 1970: for people only.
    :ivar expires: in seconds on the monotonic clock of this run.
    :ivar is_listening: whether it has said that it listens; until then its name
        and place are only reserved, and newcomers are not referred to it.
    """

    address: PeerAddress
    token: Token = attrs.field(repr=False)
    since: float
    expires: float
    is_listening: bool = False

    @classmethod
    def kept(cls, row: Mapping[str, Any]) -> Self:
        """
        Read what a store has kept; its lease has run out.

        Once it is here, nobody looks again whether peers could accept what they are told of it.

        :raises ValueError: when they could not.
        """
        try:
            place = {field: row[field] for field in ("name", "host", "port")}
            address = msgspec.convert(place, PeerAddress)
            token = msgspec.convert(row["token"], Token)
        except msgspec.ValidationError as error:
            raise ValueError(f"this cannot be a peer's: {error}") from None
        return cls(address, token, float(row["since"]), 0.0, bool(row["is_listening"]))

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
        # A list to choose from at random, and the index of each name in it.
        self._referable: list[PeerAddress] = []
        self._index: dict[PeerName, int] = {}
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
        return len(self._referable)

    def placed(self, host: str, port: int) -> Registration | None:
        """Find the registration of a place."""
        name = self._placed.get((host, port))
        return None if name is None else self._named[name]

    def on_host(self, host: str) -> int:
        """Count the registrations of one host."""
        return self._on_host[host]

    def referrals(self, rng: Random, count: int, besides: PeerName) -> tuple[PeerAddress, ...]:
        """Choose up to ``count`` listening peers at random, other than ``besides``."""
        referable = self._referable
        own = self._index.get(besides, len(referable))
        others = len(referable) - (own < len(referable))
        chosen = _sample(rng, others, min(count, others))
        return tuple([referable[index + (index >= own)] for index in chosen])

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
            self._index[name] = len(self._referable)
            self._referable.append(address)

    def _forget(self, name: PeerName) -> None:
        held = self._named.pop(name, None)
        if held is None:
            return
        host = held.address.host
        del self._placed[host, held.address.port]
        self._on_host[host] -= 1
        if not self._on_host[host]:
            del self._on_host[host]
        if held.is_listening:
            self._withdraw(name)

    def _withdraw(self, name: PeerName) -> None:
        """Move the last name to the index of this one, so that no other has to move."""
        index = self._index.pop(name)
        last = self._referable.pop()
        if last.name != name:
            self._referable[index] = last
            self._index[last.name] = index


def _sample(rng: Random, most: int, count: int) -> list[int]:
    """
    Choose different numbers below ``most``, in random order.

    All that is random is asked for at once: it comes from the system, which takes longest.
    """
    bits = rng.getrandbits(_BITS * count)
    moved: dict[int, int] = {}
    chosen = []
    for place in range(count):
        other = place + (bits & _ALL_BITS) % (most - place)
        bits >>= _BITS
        chosen.append(moved.get(other, other))
        moved[other] = moved.get(place, place)
    return chosen
