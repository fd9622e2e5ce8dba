"""A bounded memory of addresses that a flood of forged ones cannot wash out."""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from p2p_twisted.overlay.limits import BOOK_ADDRESSES
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random

_RETRY_SECONDS: Final = 15.0
# Short, so that a network that was cut apart is whole again soon after.
_LONGEST_RETRY_SECONDS: Final = 30.0
_FORGET_AFTER_SECONDS: Final = 7 * 86_400.0
_KEY_BYTES: Final = 4
_MOST_REACHED: Final = BOOK_ADDRESSES // 2


@frozen
class _Failing:
    """An address at which nobody has answered lately."""

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
        """Tell whether a key is too large for any of the places: most are."""
        return len(self._keys) >= self.places and key > self._keys[-1]

    def add(self, key: int, address: PeerAddress) -> PeerAddress | None:
        """Take an address up, if its key is small enough; returns the one that has to go."""
        place = bisect_left(self._keys, key)
        if place == self.places or (place < len(self._keys) and self._keys[place] == key):
            return None
        self._keys.insert(place, key)
        self.addresses.insert(place, address)
        return self.leave_one()

    def leave_one(self) -> PeerAddress | None:
        """Drop the address with the largest key, if there are too many; returns it."""
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
    A min-wise sample of every address ever heard: those with the smallest keyed hash.

    How often an address is named does not matter, and whoever does not know the
    secret cannot choose addresses that stay (Brahms: Bortnikov et al., 2009).
    Up to half of the places are for addresses that were reached by oneself.

    :ivar secret: random, this peer's own.
    """

    secret: bytes
    _heard: _Smallest = field(factory=lambda: _Smallest(BOOK_ADDRESSES))
    _reached: _Smallest = field(factory=lambda: _Smallest(_MOST_REACHED))
    _failing: dict[PeerAddress, _Failing] = field(factory=dict)

    def heard(self, address: PeerAddress) -> None:
        """Note an address that somebody named."""
        key = self._key(address)
        if not self._heard.is_beyond(key) and key not in self._reached:
            self._forget(self._heard.add(key, address))

    def reached(self, address: PeerAddress) -> None:
        """Note that a peer answered at its address."""
        key = self._key(address)
        self._failing.pop(address, None)
        if self._reached.is_beyond(key):
            self.heard(address)
            return
        self._heard.remove(key)
        displaced = self._reached.add(key, address)
        self._heard.places = BOOK_ADDRESSES - len(self._reached.addresses)
        self._forget(self._heard.leave_one())
        if displaced is not None:
            self._failing.pop(displaced, None)
            self.heard(displaced)

    def failed(self, address: PeerAddress, now: float) -> None:
        """Note that nobody answered; it is tried more rarely, and forgotten after a week."""
        key = self._key(address)
        if key not in self._heard and key not in self._reached:
            return
        last = self._failing.get(address, _Failing(0, now, now))
        if now - last.since > _FORGET_AFTER_SECONDS:
            self._heard.remove(key)
            self._reached.remove(key)
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
        """Draw addresses that are worth a try, those first at which nobody has failed to answer."""
        hopeful = (a for a in shuffled(self.addresses(), rng) if a not in self._failing)
        drawn = chain(hopeful, shuffled(list(self._failing), rng))
        worth = (a for a in drawn if self._may_try(a, now) and is_worth(a))
        return list(islice(worth, count))

    def addresses(self) -> list[PeerAddress]:
        """List all, those reached first."""
        return [*self.addresses_reached, *self.addresses_heard]

    @property
    def addresses_reached(self) -> list[PeerAddress]:
        """Those at which somebody has answered."""
        return self._reached.addresses

    @property
    def addresses_heard(self) -> list[PeerAddress]:
        """Those that were only named."""
        return self._heard.addresses

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
