"""The addresses that a peer could link with: HyParView's passive view, and the book."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book, shuffled
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.names import PeerAddress, is_loopback

if TYPE_CHECKING:
    from random import Random


@define
class PassiveView:
    """
    The addresses that one peer has learned of.

    :ivar me: never part of it. On loopback only loopback addresses are, and elsewhere none
        of those, so that no peer is sent back to its own machine.
    :ivar remembered: up to 30 addresses for the next link.
    """

    me: PeerAddress
    book: Book
    rng: "Random"
    remembered: dict[PeerAddress, None] = field(factory=dict)
    _is_local: bool = field(init=False)
    # When no peer answered at a host and port last, the oldest first.
    _failed: dict[tuple[str, int], float] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._is_local = is_loopback(self.me.host)

    def learned(self, addresses: Iterable[PeerAddress]) -> None:
        """Remember addresses that another peer named."""
        for address in addresses:
            if address not in self.remembered and self._is_possible(address):
                self.book.learned(address)
                self.remembered[address] = None
        self._trim()

    def confirmed(self, address: PeerAddress) -> None:
        """Remember an address at which a peer has just answered."""
        if self._is_possible(address):
            self.book.confirmed(address)
            self.remembered[address] = None
            self._trim()

    def forget(self, address: PeerAddress) -> None:
        """Drop an address for now; the book may still have it."""
        self.remembered.pop(address, None)

    def failed(self, address: PeerAddress, now: float) -> None:
        """Record that no peer answered at an address."""
        self.forget(address)
        self.book.failed(address, now)
        self._failed.pop(place(address), None)
        self._failed[place(address)] = now

    def may_try(self, address: PeerAddress, now: float) -> bool:
        """
        Return whether it is not too early to dial an address.

        A failed address is not dialed for 15 s, under any peer name: otherwise others could
        send us to a host that has no part in this again and again.
        """
        for where, then in list(self._failed.items()):
            if now - then < limits.DIAL_AGAIN_SECONDS:
                break
            del self._failed[where]
        return place(address) not in self._failed

    def shuffled(self) -> Iterator[PeerAddress]:
        """Give the remembered addresses in random order."""
        return shuffled(list(self.remembered), self.rng)

    def sample(self, besides: Iterable[PeerAddress]) -> tuple[PeerAddress, ...]:
        """Draw up to 8 addresses to give away, from the remembered ones and others."""
        others = [address for address in besides if address not in self.remembered]
        known = [*others, *self.remembered]
        return tuple(self.rng.sample(known, min(wire_limits.SAMPLE, len(known))))

    def _trim(self) -> None:
        """Forget some addresses at random, where there are too many."""
        too_many = len(self.remembered) - limits.REMEMBERED
        if too_many > 0:
            for address in self.rng.sample(list(self.remembered), too_many):
                del self.remembered[address]
            # A dict keeps room for what was deleted, and soon takes twice as much.
            self.remembered = dict(self.remembered)

    def _is_possible(self, address: PeerAddress) -> bool:
        return address.name != self.me.name and is_loopback(address.host) == self._is_local


def place(address: PeerAddress) -> tuple[str, int]:
    """Return where an address leads, whichever peer is said to be there."""
    return address.host, address.port
