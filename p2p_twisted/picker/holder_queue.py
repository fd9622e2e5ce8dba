"""Keep the holders that have not been asked yet."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator

from p2p_twisted.picker import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

Way = tuple[PeerName, ...]
"""The peers on the way to a holder, or the first of them."""


class HolderQueue:
    """
    Orders holders: those that have all of what is wanted come first.

    A neighbor can name holders that do not exist, and any number of them. So they are taken by
    turns from all the ways that lead to holders, and last those that are doubtful.

    :param file_ids: holders of other content are not added.
    :param may_ask: returns whether a holder is worth asking.
    :param is_doubtful: returns whether others are to be asked before a holder.
    """

    def __init__(
        self,
        file_ids: Container[FileId | None],
        may_ask: Callable[[Hit], bool],
        is_doubtful: Callable[[Hit], bool],
    ) -> None:
        self._file_ids = file_ids
        self._may_ask = may_ask
        self._is_doubtful = is_doubtful
        # By peer and first hop: another neighbor may reach the same holder.
        self._hits: dict[tuple[PeerName, Way], Hit] = {}
        # How many holders were taken by each way.
        self._taken: Counter[Way] = Counter()

    @property
    def has_any(self) -> bool:
        """Whether a holder is left to be asked."""
        return bool(self._hits)

    def add(self, hits: Iterable[Hit]) -> None:
        """Add holders; beyond the bound, whoever has named most holders loses one."""
        for hit in hits:
            if hit.file in self._file_ids:
                self._hits[hit.peer, hit.route[:1]] = hit
                if len(self._hits) > limits.HOLDERS_REMEMBERED:
                    self._drop_one()

    def take(self, busy: Container[PeerName], whole_only: bool) -> Hit | None:
        """
        Remove and return a holder that is worth asking.

        :param busy: peers that must not be asked now.
        :param whole_only: whether it must have all of the file.
        """
        free = [way for way in self._hits if way[0] not in busy]
        # Checked only now: a holder may have turned out to be a liar since it was added.
        barred = {way for way in free if not self._may_ask(self._hits[way])}
        for way in barred:
            del self._hits[way]
        free = [way for way in free if way not in barred]
        whole = [way for way in free if not self._hits[way].partial]
        worthy = whole if whole or whole_only else free
        if not worthy:
            return None
        hit = self._hits.pop(min(worthy, key=lambda way: self._turn(self._hits[way])))
        self._taken.update(_ways(hit))
        return hit

    def _turn(self, hit: Hit) -> tuple[bool, list[int]]:
        return self._is_doubtful(hit), [self._taken[way] for way in _ways(hit)]

    def _drop_one(self) -> None:
        named = Counter(hop for _, hop in self._hits)
        most = max(named, key=lambda hop: named[hop])
        del self._hits[next(way for way in reversed(self._hits) if way[1] == most)]


def _ways(hit: Hit) -> Iterator[Way]:
    """Give the way to a holder, from its first peer alone to the whole."""
    return (hit.route[: hops + 1] for hops in range(len(hit.route)))
