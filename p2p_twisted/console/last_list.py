"""The last list that a person was shown, whose rows are chosen by their numbers."""

from collections.abc import Iterable

from attrs import define

from p2p_twisted.console.rendering import ROWS_SHOWN, Choice, group_hits
from p2p_twisted.console.text import shown_name
from p2p_twisted.peer_errors import NotFound, PeerError
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName


@define(eq=False)
class LastList:
    """
    Remembers what was listed last.

    :ivar rows: as they were shown.
    """

    rows: tuple[Choice, ...] = ()

    def put(self, hits: Iterable[Hit]) -> tuple[Choice, ...]:
        """Group hits, and remember those that are shown."""
        choices = group_hits(hits)
        self.rows = choices[:ROWS_SHOWN]
        return choices

    def meant(self, word: str | int, holder: PeerName | None) -> str | Hit:
        """
        Return what stands at a number; a name is what it is.

        :raises PeerError: when nothing does, or nothing that this holder has.
        """
        return word if isinstance(word, str) else self.chosen(word, holder)

    def chosen(self, number: int, holder: PeerName | None = None) -> Hit:
        """
        Return what stands at a number.

        :raises PeerError: when nothing does, or nothing that this holder has.
        """
        if number > len(self.rows):
            ends = f"in the last list, which ends with {len(self.rows)}"
            nothing = "yet: find and ls number what they list"
            raise PeerError(
                f"there is no number {number} {ends if self.rows else nothing};"
                " a name that looks like numbers is typed in quotes"
            )
        choice = self.rows[number - 1]
        hit = choice.best if holder is None else choice.of(holder)
        if hit is None:
            raise NotFound(f"{holder} is not among those who have {shown_name(choice.best.name)}")
        return hit
