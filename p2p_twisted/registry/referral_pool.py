"""Peers to refer newcomers to, of which some are chosen at random."""

from typing import Final, Protocol

from attrs import define, field

from p2p_twisted.wire.names import PeerAddress, PeerName

_BITS: Final = 64
"""For each random choice: so many that of 100,000 all are as likely, as nearly as can be."""
_ALL_BITS: Final = 2**_BITS - 1


class Random(Protocol):
    """The part of :class:`random.Random` that the registry needs."""

    def getrandbits(self, k: int, /) -> int:
        """Return a number of ``k`` random bits."""


@define
class ReferralPool:
    """Holds addresses, by their names; whatever is done takes no longer where there are many."""

    # A list to choose from, and the index of each name in it.
    _addresses: list[PeerAddress] = field(factory=list)
    _index: dict[PeerName, int] = field(factory=dict)

    def __len__(self) -> int:
        return len(self._addresses)

    def __contains__(self, name: PeerName) -> bool:
        return name in self._index

    def add(self, address: PeerAddress) -> None:
        """Put one in; its name must not be there."""
        self._index[address.name] = len(self._addresses)
        self._addresses.append(address)

    def remove(self, name: PeerName) -> None:
        """Take one out, if it is there; the last one moves to its place."""
        index = self._index.pop(name, None)
        if index is None:
            return
        last = self._addresses.pop()
        if last.name != name:
            self._addresses[index] = last
            self._index[last.name] = index

    def choose(self, rng: Random, count: int, besides: PeerName) -> tuple[PeerAddress, ...]:
        """Choose up to ``count`` at random, other than ``besides``."""
        addresses = self._addresses
        own = self._index.get(besides, len(addresses))
        others = len(addresses) - (own < len(addresses))
        chosen = _sample(rng, others, min(count, others))
        return tuple([addresses[index + (index >= own)] for index in chosen])


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
