"""A bounded memory of addresses that a flood of forged ones cannot wash out."""

import hashlib
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Final

from attrs import define, field

from p2p_twisted.wire.limits import BOOK_ADDRESSES
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random

_RETRY_SECONDS: Final = 30.0
_LONGEST_RETRY_SECONDS: Final = 3_600.0
_FORGET_AFTER_SECONDS: Final = 7 * 86_400.0
_KEY_BYTES: Final = 16


@define
class _Entry:
    address: PeerAddress
    failures: int = 0
    failing_since: float = 0.0
    not_before: float = 0.0


@define
class Book:
    """
    A min-wise sample of every address ever heard: those with the smallest keyed hash.

    How often an address is named does not matter, and whoever does not know the
    secret cannot choose addresses that stay (Brahms: Bortnikov et al., 2009).
    Half of the places are for addresses that were reached by oneself.

    :ivar secret: random, this peer's own.
    """

    secret: bytes
    _heard: dict[bytes, _Entry] = field(factory=dict)
    _reached: dict[bytes, _Entry] = field(factory=dict)

    def heard(self, address: PeerAddress) -> None:
        """Note an address that somebody named."""
        key = self._key(address)
        if key not in self._reached and key not in self._heard:
            _keep_smallest(self._heard, key, _Entry(address))

    def reached(self, address: PeerAddress) -> None:
        """Note that a peer answered at its address."""
        key = self._key(address)
        self._heard.pop(key, None)
        _keep_smallest(self._reached, key, _Entry(address))

    def failed(self, address: PeerAddress, now: float) -> None:
        """Note that nobody answered; it is tried ever more rarely, and forgotten after a week."""
        key = self._key(address)
        for half in (self._heard, self._reached):
            entry = half.get(key)
            if entry is None:
                continue
            if not entry.failures:
                entry.failing_since = now
            wait = min(_RETRY_SECONDS * 2**entry.failures, _LONGEST_RETRY_SECONDS)
            entry.failures += 1
            entry.not_before = now + wait
            if now - entry.failing_since > _FORGET_AFTER_SECONDS:
                del half[key]

    def pick(
        self,
        count: int,
        is_worth: Callable[[PeerAddress], bool],
        now: float,
        rng: "Random",
    ) -> list[PeerAddress]:
        """Draw addresses that are worth a try."""
        entries = [*self._reached.values(), *self._heard.values()]
        rng.shuffle(entries)
        worth = (e.address for e in entries if e.not_before <= now and is_worth(e.address))
        return list(islice(worth, count))

    def addresses(self) -> list[PeerAddress]:
        """List all, those reached first: what is worth writing to disk."""
        return [entry.address for half in (self._reached, self._heard) for entry in half.values()]

    def _key(self, address: PeerAddress) -> bytes:
        named = str(address).encode()
        return hashlib.blake2b(named, key=self.secret, digest_size=_KEY_BYTES).digest()


def _keep_smallest(half: dict[bytes, _Entry], key: bytes, entry: _Entry) -> None:
    half[key] = entry
    if len(half) > BOOK_ADDRESSES // 2:
        del half[max(half)]
