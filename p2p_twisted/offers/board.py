"""How far all are with an offer."""

from collections.abc import Mapping
from typing import Final, Literal

from attrs import frozen

from p2p_twisted.offers.offer import EVERYBODY, Offer
from p2p_twisted.wire.messages import Receipt, ReceiptState
from p2p_twisted.wire.names import PeerName

BoardState = ReceiptState | Literal["off"]
"""How far a peer is; ``off`` where it is named, or known from the network, and silent."""

_TAKING: Final[tuple[BoardState, ...]] = ("asked", "waiting", "fetching", "saved")


@frozen
class Board:
    """
    How far all are with an offer that are meant.

    :ivar counts: how many are how far.
    :ivar rows: some of them, those first that do not have it; not those that are off.
    :ivar off: names of some that are off.
    :ivar received: by all together, in bytes.
    :ivar rate: of all together, in bytes a second.
    :ivar seconds_left: until the last one has it; ``None`` while that is unknown.
    :ivar unaware: peers that are there and do not know of the offer: it has not reached them
        yet, or they run an earlier version.
    :ivar is_done: whether nothing more will happen as long as nobody comes.
    :ivar look_again: after how many seconds it is worth while to look again.
    """

    offer: Offer
    counts: Mapping[BoardState, int]
    rows: tuple[Receipt, ...] = ()
    off: tuple[PeerName, ...] = ()
    received: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    unaware: int = 0
    is_done: bool = False
    look_again: float = 1.0

    @property
    def receivers(self) -> int:
        """How many are meant, as far as is known."""
        return sum(self.counts.values())

    @property
    def share(self) -> float:
        """How much is there of what those receive that have it or are to have it, from 0 to 1."""
        takers = sum(self.counts.get(state, 0) for state in _TAKING)
        whole = takers * self.offer.size
        if whole:
            return min(1.0, self.received / whole)
        return float(bool(takers) and self.is_done)

    @property
    def have_all(self) -> bool:
        """Whether all have it that are there, or that the offer names."""
        there = self.receivers - self.counts.get("off", 0)
        is_missed = bool(self.unaware) and EVERYBODY in self.offer.to
        is_missed = is_missed or any(name in self.offer.to for name in self.off)
        return self.is_done and 0 < there == self.counts.get("saved", 0) and not is_missed
