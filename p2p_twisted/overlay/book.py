"""A bounded memory of addresses that a flood of forged ones cannot wash out."""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from p2p_twisted.overlay.limits import BOOK_ADDRESSES
from p2p_twisted.runtime.amounts import DAY_SECONDS
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random

_RETRY_SECONDS: Final = 15.0
# Short, so that a network that was cut apart is whole again soon after.
_LONGEST_RETRY_SECONDS: Final = 30.0
_FORGET_AFTER_SECONDS: Final = 7 * DAY_SECONDS
_KEY_BYTES: Final = 4
_MOST_CONFIRMED: Final = BOOK_ADDRESSES // 2


@frozen
class _Failing:
    """An address at which no peer has answered lately."""

    times: int
    since: float
    not_before: float


@define
class _Smallest:
    """
    The addresses with the smallest keys, in the order of those.

    :ivar places: how many it keeps.
    """

    places: int
    _keys: "array[int]" = field(factory=lambda: array("I"))
    addresses: list[PeerAddress] = field(factory=list)

    def __contains__(self, key: int) -> bool:
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place] == key

    def is_beyond(self, key: int) -> bool:
        """Return whether a key is too large for any of the places: most are."""
        return len(self._keys) >= self.places and key > self._keys[-1]

    def add(self, key: int, address: PeerAddress) -> PeerAddress | None:
        """Add an address if its key is small enough; return the one that has to go."""
        place = bisect_left(self._keys, key)
        if place == self.places or (place < len(self._keys) and self._keys[place] == key):
            return None
        self._keys.insert(place, key)
        self.addresses.insert(place, address)
        return self.leave_one()

    def leave_one(self) -> PeerAddress | None:
        """Drop the address with the largest key, if there are too many, and return it."""
        if len(self._keys) <= self.places:
            return None
        self._keys.pop()
        return self.addresses.pop()

    def remove(self, key: int) -> None:
        """Drop an address, if it is there."""
        if key in self:
            place = self._keys.index(key)
            del self._keys[place], self.addresses[place]


@define
class Book:
    """
    A min-wise sample of every address ever learned: those with the smallest keyed hash.

    How often an address is named does not matter, and a peer that does not know the
    secret cannot choose addresses that stay (Brahms: Bortnikov et al., 2009).
    Up to half of the places are for addresses at which this peer itself was answered.

    :ivar secret: random, this peer's own.
    """

    secret: bytes
    _learned: _Smallest = field(factory=lambda: _Smallest(BOOK_ADDRESSES))
    _confirmed: _Smallest = field(factory=lambda: _Smallest(_MOST_CONFIRMED))
    _failing: dict[PeerAddress, _Failing] = field(factory=dict)

    def learned(self, address: PeerAddress) -> None:
        """Record an address that another peer named."""
        key = self._key(address)
        if not self._learned.is_beyond(key) and key not in self._confirmed:
            self._forget(self._learned.add(key, address))

    def confirmed(self, address: PeerAddress) -> None:
        """Record that a peer answered at its address."""
        key = self._key(address)
        self._failing.pop(address, None)
        if self._confirmed.is_beyond(key):
            self.learned(address)
            return
        self._learned.remove(key)
        displaced = self._confirmed.add(key, address)
        self._learned.places = BOOK_ADDRESSES - len(self._confirmed.addresses)
        self._forget(self._learned.leave_one())
        if displaced is not None:
            self._failing.pop(displaced, None)
            self.learned(displaced)

    def failed(self, address: PeerAddress, now: float) -> None:
        """Record that no peer answered; try it more rarely, and forget it after a week."""
        key = self._key(address)
        if key not in self._learned and key not in self._confirmed:
            return
        last = self._failing.get(address, _Failing(0, now, now))
        if now - last.since > _FORGET_AFTER_SECONDS:
            self._learned.remove(key)
            self._confirmed.remove(key)
            del self._failing[address]
            return
        wait = min(_RETRY_SECONDS * (last.times + 1), _LONGEST_RETRY_SECONDS)
        self._failing[address] = _Failing(last.times + 1, last.since, now + wait)

    def pick(
        self,
        count: int,
        is_worth: Callable[[PeerAddress], bool],
        now: float,
        rng: "Random",
    ) -> list[PeerAddress]:
        """Draw addresses that are worth a try, those first at which no dial has failed."""
        hopeful = (a for a in shuffled(self.addresses(), rng) if a not in self._failing)
        drawn = chain(hopeful, shuffled(list(self._failing), rng))
        worth = (a for a in drawn if self._may_try(a, now) and is_worth(a))
        return list(islice(worth, count))

    def addresses(self) -> list[PeerAddress]:
        """List all addresses, the confirmed ones first."""
        return [*self.addresses_confirmed, *self.addresses_learned]

    @property
    def addresses_confirmed(self) -> list[PeerAddress]:
        """The addresses at which a peer has answered."""
        return self._confirmed.addresses

    @property
    def addresses_learned(self) -> list[PeerAddress]:
        """The addresses that were only named."""
        return self._learned.addresses

    def _may_try(self, address: PeerAddress, now: float) -> bool:
        failing = self._failing.get(address)
        return failing is None or failing.not_before <= now

    def _forget(self, address: PeerAddress | None) -> None:
        if address is not None:
            self._failing.pop(address, None)

    def _key(self, address: PeerAddress) -> int:
        named = self.secret + str(address).encode()
        digest = hashlib.blake2b(named, digest_size=_KEY_BYTES).digest()
        return int.from_bytes(digest, "big")


def shuffled(addresses: list[PeerAddress], rng: "Random") -> Iterator[PeerAddress]:
    """Give addresses in random order, and use up the list: mostly the first ones will do."""
    while addresses:
        place = rng.randrange(len(addresses))
        addresses[place], addresses[-1] = addresses[-1], addresses[place]
        yield addresses.pop()
