"""Choose the addresses to dial for a link next."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal

from attrs import define, field

from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire import limits
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random

_FIRST_BOOK_SECONDS: Final = 0.25
_LONGEST_BOOK_SECONDS: Final = 30.0
_LONGER: Final = 1.1
_PASSED_OVER_MOST: Final = 10

Why = Literal["join", "need", "mix"]


@define
class Candidates:
    """
    Draws on referrals first, then on what is remembered, then, ever more rarely, on the book.

    :ivar book_at: when the book may be asked again.
    """

    passive: PassiveView
    rng: "Random"
    book_at: float = 0.0
    _book_pause: float = _FIRST_BOOK_SECONDS
    _passed_over: int = 0
    _referrals: list[PeerAddress] = field(factory=list)

    def introduce(self, referrals: Sequence[PeerAddress]) -> None:
        """Try the registry's referrals first; they replace earlier ones."""
        self.passive.learned(referrals)
        self._referrals = list(referrals[: limits.REFERRALS])

    def hurry(self, now: float) -> None:
        """Ask the book again soon: where one neighbor has died, very many may have."""
        self.book_at, self._book_pause = now, _FIRST_BOOK_SECONDS

    def draw(
        self, missing: int, is_stranger: Callable[[PeerAddress], bool], now: float
    ) -> Iterator[tuple[PeerAddress, Why]]:
        """
        Choose as many addresses as links are missing, if there are.

        :param is_stranger: returns whether an address is worth a dial; it is called again
            after each address that was chosen.
        """
        is_due = now >= self.book_at
        # Others may name addresses without end, all of them forged.
        of_book = min(missing, is_due and self._passed_over >= _PASSED_OVER_MOST)
        missing -= of_book
        self._passed_over += is_due
        while missing > 0 and self._referrals:
            address = self._referrals.pop(0)
            if is_stranger(address):
                missing -= 1
                yield address, "join"
        for address in self.passive.shuffled() if missing > 0 else ():
            if is_stranger(address):
                missing -= 1
                yield address, "need"
            if missing <= 0:
                break
        missing += of_book
        if missing > 0 and is_due:
            self._passed_over = 0
            self.book_at = now + self._book_pause * self.rng.uniform(0.5, 1.5)
            self._book_pause = min(_LONGER * self._book_pause, _LONGEST_BOOK_SECONDS)
            for address in self.passive.book.pick(missing, is_stranger, now, self.rng):
                # An address that was chosen may be another name for the same place.
                if is_stranger(address):
                    yield address, "need"

    def draw_to_mix(
        self, is_stranger: Callable[[PeerAddress], bool], now: float
    ) -> Iterator[tuple[PeerAddress, Why]]:
        """Choose an address of the book, to swap a link for."""
        for address in self.passive.book.pick(1, is_stranger, now, self.rng):
            yield address, "mix"
