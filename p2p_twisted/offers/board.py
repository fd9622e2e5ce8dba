"""How far all are with an offer."""

from collections.abc import Mapping
from typing import Final, Literal, Self

from attrs import evolve, frozen

from p2p_twisted.offers.offer import EVERYBODY, Offer
from p2p_twisted.wire.messages import Receipt, ReceiptState
from p2p_twisted.wire.names import PeerName

BoardState = ReceiptState | Literal["off", "not heard from"]
"""
How far a peer is; ``off`` where it is named, or known from the network, and silent.

Until a look has told for sure of all, one that is missing is ``not heard from``.
"""

NOBODY_HAS_IT: Final = "nobody has it now"
"""Why somebody waits that has looked for it, as its receipt says."""

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
    :ivar unaware: peers that are there and tell nothing of the offer: it has not reached them
        yet, or they run an earlier version, or answer by way of one that does.
    :ivar unheard: names of some that are not heard from.
    :ivar is_whole: whether all that are there have been heard: otherwise there may be more.
    :ivar is_unshared: whether its sender shares it no more as it was.
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
    unheard: tuple[PeerName, ...] = ()
    is_whole: bool = True
    is_unshared: bool = False
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

    def unshared(self) -> Self:
        """
        Return how it stands where its sender shares it no more.

        Who looks for it finds out whether another one has it. Who is asked may still get it from
        those that have it.
        """
        reason = f"{self.offer.sender} shares it no more, and nobody else has it"
        waiting = [row for row in self.rows if row.state == "waiting"]
        in_vain = [row for row in waiting if row.reason == NOBODY_HAS_IT]
        asked, is_fetched = self.counts.get("asked"), self.counts.get("fetching")
        is_in_vain = in_vain == waiting and not is_fetched
        is_in_vain = is_in_vain and not (asked and self.counts.get("saved"))
        return evolve(
            self,
            rows=tuple(evolve(row, reason=reason) if row in in_vain else row for row in self.rows),
            is_unshared=True,
            is_done=self.is_done or (is_in_vain and bool(waiting or asked)),
        )

    @property
    def have_all(self) -> bool:
        """Whether all have it that are there, or that the offer names."""
        there = self.receivers - self.counts.get("off", 0)
        is_missed = bool(self.unaware) and EVERYBODY in self.offer.to
        is_missed = is_missed or any(name in self.offer.to for name in self.off)
        return self.is_done and 0 < there == self.counts.get("saved", 0) and not is_missed
