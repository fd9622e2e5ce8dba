"""How far all are with an offer."""

from collections.abc import Mapping
from typing import Literal

from attrs import frozen

from p2p_twisted.offers.offer import Offer
from p2p_twisted.offers.receipt import Receipt, ReceiptState

BoardState = ReceiptState | Literal["off"]
"""How far a peer is; ``off`` where it is named, or known from the network, and silent."""


@frozen
class Board:
    """
    How far all are with an offer that are meant.

    :ivar counts: how many are how far.
    :ivar rows: some of them, those that are not done first.
    :ivar received: by all together, in bytes.
    :ivar seconds_left: until the last one has it; ``None`` while that is unknown.
    :ivar is_done: whether nothing more will happen as long as nobody comes.
    """

    offer: Offer
    counts: Mapping[BoardState, int]
    rows: tuple[Receipt, ...] = ()
    received: int = 0
    seconds_left: float | None = None
    is_done: bool = False
