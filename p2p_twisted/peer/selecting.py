"""What several names and patterns mean, before any of it is fetched."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.interface import AlreadyHere, NotFound, PeerError, Selection
from p2p_twisted.peer.search import Search
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

_ASKED_AT_ONCE: Final = 8

Things = list[tuple[Hit, ...]]


class Selecting:
    """
    Find what several words stand for.

    :param catalog: what this peer shares itself.
    """

    def __init__(self, search: Search, getting: Getting, catalog: Catalog) -> None:
        self._search = search
        self._getting = getting
        self._catalog = catalog

    async def select(self, words: Sequence[str], holder: PeerName | None) -> Selection:
        """
        Ask for all words, a few at a time.

        :param holder: the only peer that counts.
        """
        turns = DeferredSemaphore(_ASKED_AT_ONCE)
        asked = [turns.run(self._start_asking, word, holder) for word in words]
        return self._put_together(words, await gatherResults(asked, consumeErrors=True))

    def _start_asking(self, word: str, holder: PeerName | None) -> "Deferred[Things | PeerError]":
        return Deferred.fromCoroutine(self._ask(word, holder))

    async def _ask(self, word: str, holder: PeerName | None) -> Things | PeerError:
        try:
            if is_pattern(word):
                return await self._matching(word, holder)
            return [await self._getting.find(word, holder)]
        except PeerError as error:
            return error

    async def _matching(self, pattern: str, holder: PeerName | None) -> Things:
        found = await self._search.find("text", pattern, limits.HITS_PER_PEER, holder=holder)
        things: dict[tuple[str, FileId], list[Hit]] = {}
        for hit in _topmost(found.hits):
            if hit.file is not None:
                things.setdefault((hit.kind, hit.file), []).append(hit)
        if not things:
            raise NotFound(f"nothing is like {pattern} (asked {found.answered} of {found.asked})")
        return [tuple(hits) for hits in things.values()]

    def _put_together(
        self, words: Sequence[str], answers: Iterable[Things | PeerError]
    ) -> Selection:
        things: dict[FileId, tuple[Hit, ...]] = {}
        here: list[str] = []
        failed: list[tuple[str, PeerError]] = []
        for word, answer in zip(words, answers, strict=True):
            if isinstance(answer, AlreadyHere):
                here.append(word)
            elif isinstance(answer, PeerError):
                failed.append((word, answer))
            else:
                things |= {hits[0].file: _agreeing(hits) for hits in answer if hits[0].file}
        for file in [file for file in things if self._catalog.with_id(file, 1)]:
            here.append(things.pop(file)[0].name)
        return Selection(tuple(words), tuple(things.values()), tuple(here), tuple(failed))


def _agreeing(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Leave out those who say another size of one content than most do: it has but one."""
    ((size, _number),) = Counter(hit.size for hit in hits).most_common(1)
    return tuple(hit for hit in hits if hit.size == size)


def _topmost(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out what lies in a folder that is there itself."""
    by_name = sorted(hits, key=lambda hit: (hit.peer, hit.name))
    folders = {(hit.peer, hit.name) for hit in by_name if hit.kind == "folder"}

    def is_inside(hit: Hit) -> bool:
        parts = hit.name.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any((hit.peer, folder) in folders for folder in above)

    return [hit for hit in by_name if not is_inside(hit)]
