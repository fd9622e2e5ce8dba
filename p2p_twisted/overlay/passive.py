"""The addresses a peer could link with, but does not: HyParView's passive view, and the book."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attrs import define, field

from p2p_twisted.overlay.book import Book
from p2p_twisted.wire import limits
from p2p_twisted.wire.names import PeerAddress, is_loopback

if TYPE_CHECKING:
    from random import Random


@define
class PassiveView:
    """
    What one peer has heard of others.

    :ivar me: never part of it. On loopback only loopback addresses are, and
        elsewhere none of those: nobody is sent back to its own machine.
    :ivar remembered: up to 30 addresses for the next link.
    """

    me: PeerAddress
    book: Book
    rng: "Random"
    remembered: dict[PeerAddress, None] = field(factory=dict)
    # When nobody answered at a host and port last, the oldest first.
    _failed: dict[tuple[str, int], float] = field(factory=dict)

    def hear(self, addresses: Iterable[PeerAddress]) -> None:
        """Take up addresses that somebody named."""
        for address in addresses:
            if self._is_possible(address):
                self.book.heard(address)
                self._remember(address)

    def met(self, address: PeerAddress) -> None:
        """Take up an address at which a peer has just answered."""
        if self._is_possible(address):
            self.book.reached(address)
            self._remember(address)

    def forget(self, address: PeerAddress) -> None:
        """Drop an address for now; the book may still have it."""
        self.remembered.pop(address, None)

    def failed(self, address: PeerAddress, now: float) -> None:
        """Take note that nobody answered there."""
        self.forget(address)
        self.book.failed(address, now)
        self._failed.pop(place(address), None)
        self._failed[place(address)] = now

    def may_try(self, address: PeerAddress, now: float) -> bool:
        """
        Tell whether it is not too early to dial an address.

        What failed is let be for 15 s, whatever names others give to who is there:
        or they could send us to a host that has no part in this, again and again.
        """
        for where, then in list(self._failed.items()):
            if now - then < limits.DIAL_AGAIN_SECONDS:
                break
            del self._failed[where]
        return place(address) not in self._failed

    def shuffled(self) -> list[PeerAddress]:
        """List the remembered addresses in random order."""
        addresses = list(self.remembered)
        self.rng.shuffle(addresses)
        return addresses

    def sample(self, besides: Iterable[PeerAddress]) -> tuple[PeerAddress, ...]:
        """Draw up to 8 addresses to give away, from the remembered ones and others."""
        known = list(dict.fromkeys((*besides, *self.remembered)))
        return tuple(self.rng.sample(known, min(limits.SAMPLE, len(known))))

    def _remember(self, address: PeerAddress) -> None:
        self.remembered[address] = None
        if len(self.remembered) > limits.REMEMBERED:
            del self.remembered[self.rng.choice(list(self.remembered))]

    def _is_possible(self, address: PeerAddress) -> bool:
        return address.name != self.me.name and (
            is_loopback(address.host) == is_loopback(self.me.host)
        )


def place(address: PeerAddress) -> tuple[str, int]:
    """Tell where an address leads, whoever is said to be there."""
    return address.host, address.port
