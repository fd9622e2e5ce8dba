"""What offers need of the peer that they are part of."""

from collections.abc import Sequence
from typing import Protocol

from p2p_twisted.offers.offer_book import HeardOffer
from p2p_twisted.offers.offers_interface import HashingWatch
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.wire.names import MessageId


class InNetwork(Protocol):
    """A peer that is in a network, or comes into it."""

    @property
    def driver(self) -> OverlayDriver:
        """
        Its part of the overlay.

        :raises PeerError: before it has joined.
        """

    async def connected(self) -> OverlayDriver:
        """
        Wait until others can be asked.

        :raises PeerError: when that takes too long.
        """


class WritesOffers(Protocol):
    """Knows what this peer shares by which name, and makes offers of it."""

    async def write(
        self,
        name: str,
        to: Sequence[str],
        seconds: float,
        into: str | None,
        watch: HashingWatch,
    ) -> tuple[HeardOffer, MessageId, int]:
        """
        Write an offer: see :meth:`IOffers.push`.

        :returns: the offer, the key that withdraws it, and how many entries of a folder are left
            out, as they are not shared.
        :raises PeerError: when it cannot be made.
        """
