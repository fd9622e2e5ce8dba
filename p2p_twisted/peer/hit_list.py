"""Number the hits that somebody is shown, so that they can be chosen by their numbers."""

from attrs import define, field

from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName


def row_of(hit: Hit) -> tuple[str, str, FileId | PeerName]:
    """
    Return what hits of one row of a list have in common: the name, what it is, and the content.

    Content that is not hashed yet may differ, so each holder's has a row of its own.
    """
    return hit.name, hit.kind, hit.file or hit.peer


@define
class HitList:
    """
    The rows of a list, in the order in which their first hits came.

    :param most: how many rows have numbers; the first is 1.
    """

    _most: int
    _numbers: dict[tuple[str, str, FileId | PeerName], int] = field(factory=dict, init=False)
    _hits: list[Hit] = field(factory=list, init=False)

    def number(self, hit: Hit) -> int | None:
        """Give a hit the number of its row; ``None`` behind the last row that has one."""
        row = row_of(hit)
        number = self._numbers.get(row)
        if number is None and len(self._hits) < self._most:
            self._hits.append(hit)
            number = self._numbers[row] = len(self._hits)
        return number

    def chosen(self, number: int) -> Hit | None:
        """Return the first hit of a row; ``None`` where no row has that number."""
        return self._hits[number - 1] if 1 <= number <= len(self._hits) else None
