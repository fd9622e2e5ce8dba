"""Keep the holders that have not been asked yet."""

from collections.abc import Callable, Container, Iterable

from p2p_twisted.picker import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName


class HolderQueue:
    """
    Orders holders: those that have all of what is wanted come first.

    :param file_ids: holders of other content are not added.
    :param may_ask: returns whether a holder is worth asking.
    """

    def __init__(self, file_ids: Container[FileId | None], may_ask: Callable[[Hit], bool]) -> None:
        self._file_ids = file_ids
        self._may_ask = may_ask
        # By peer and first hop: another neighbor may reach the same holder.
        self._hits: dict[tuple[PeerName, tuple[PeerName, ...]], Hit] = {}

    @property
    def has_any(self) -> bool:
        """Whether a holder is left to be asked."""
        return bool(self._hits)

    def add(self, hits: Iterable[Hit]) -> None:
        """Add holders, as far as there is room."""
        for hit in hits:
            if hit.file in self._file_ids and len(self._hits) < limits.HOLDERS_REMEMBERED:
                self._hits[hit.peer, hit.route[:1]] = hit

    def take(self, busy: Container[PeerName], whole_only: bool) -> Hit | None:
        """
        Remove and return a holder that is worth asking.

        :param busy: peers that must not be asked now.
        :param whole_only: whether it must have all of the file.
        """
        # Checked only now: a holder may have turned out to be a liar since it was added.
        self._hits = {way: hit for way, hit in self._hits.items() if self._may_ask(hit)}
        free = [way for way in self._hits if way[0] not in busy]
        whole = [way for way in free if not self._hits[way].partial]
        worthy = whole if whole or whole_only else free
        return self._hits.pop(worthy[0]) if worthy else None
