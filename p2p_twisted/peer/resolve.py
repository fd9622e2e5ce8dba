"""What a name means: a look at what is here, then one question to the others."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import attrs
from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.matching import is_pattern, rank
from p2p_twisted.peer.interface import (
    AlreadyHere,
    Ambiguous,
    Found,
    NotFound,
    PeerError,
    Selection,
)
from p2p_twisted.peer.searches import Searches
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, FileId, PeerName

_FILE_ID: Final = re.compile(r"[0-9a-f]{64}\Z")
_ASKED_AT_ONCE: Final = 8

Hits = tuple[Hit, ...]
"""The holders of one thing: a file or a folder."""


@attrs.define(eq=False, kw_only=True)
class Resolver:
    """
    Finds what names, file ids, patterns and chosen hits mean.

    :param me: this peer's name.
    :param catalog: what this peer shares, without what it has downloaded.
    :param inbox: where downloads land.
    """

    _me: PeerName
    _searches: Searches
    _catalog: Catalog
    _inbox: Inbox
    _downloads: Downloads
    _offload: Offload

    async def resolve(self, wanted: str | Hit, holder: PeerName | None) -> Hits:
        """
        Find the one file or folder that a person asks for.

        :param wanted: a name as typed, a file id, or a hit.
        :param holder: the only peer that counts.
        :raises PeerError: when there is no such thing, or several, or it is here.
        """
        await self._searches.ready()
        hits = await self._find(wanted, holder)
        await self._check_content_not_here(hits[0])
        return hits

    async def select(self, words: Sequence[str], holder: PeerName | None) -> Selection:
        """
        Find what several names and patterns mean, asking for a few of them at a time.

        :param holder: the only peer that counts.
        :raises PeerError: when there is no network.
        """
        await self._searches.ready()
        slots = DeferredSemaphore(_ASKED_AT_ONCE)
        asked = [slots.run(self._start_word, word, holder) for word in words]
        answers = await gatherResults(asked, consumeErrors=True)
        return put_together(words, answers, self._catalog)

    # One thing

    async def _find(self, wanted: str | Hit, holder: PeerName | None) -> Hits:
        """Decide what kind of name this is, and ask for it if need be."""
        if isinstance(wanted, Hit):
            if wanted.file is None or holder in (None, wanted.peer):
                return one_content((wanted,))
            return await self._with_id(wanted.file, holder)
        if _FILE_ID.match(wanted):
            return await self._with_id(wanted, holder)
        if holder == self._me:
            raise PeerError(f"{holder} is this peer: name another one, or none")
        if holder is None:
            self._check_name_not_here(wanted)
        return meant_by(wanted, await self._searches.ask("name", wanted, holder=holder), holder)

    async def _with_id(self, file_id: FileId, holder: PeerName | None) -> Hits:
        found = await self._searches.ask("id", file_id, holder=holder)
        check_found(found, file_id[:16], holder)
        return one_content(found.hits)

    def _check_name_not_here(self, text: str) -> None:
        """
        Look for a name, as typed, in the library and among the downloads.

        :raises AlreadyHere: when it is there.
        """
        for shared in self._catalog.named(text, 1):
            raise AlreadyHere(f"{shared.name} is already in your directory")
        for target in (text, text + ".txt"):
            try:
                # An unfinished folder has its final name already.
                if self._inbox.exists(target) and not self._downloads.is_unfinished(target):
                    raise AlreadyHere(f"{target} is already in {self._inbox.folder}")
            except BadName:
                return

    async def _check_content_not_here(self, hit: Hit) -> None:
        """
        Look for content, whatever its name, in the library and under its target's name.

        :raises AlreadyHere: when it is there.
        :raises PeerError: when a file of that name cannot be read.
        """
        assert hit.file is not None
        if shared := self._catalog.with_id(hit.file, 1):
            raise AlreadyHere(f"{shared[0].name} is already in your directory")
        if hit.kind != "file":
            return
        target = hit.name.rpartition("/")[2]
        try:
            same = await self._offload(self._inbox.find_same, target, hit.file, hit.size)
        except DiskFault as fault:
            raise PeerError(str(fault)) from fault
        if same is not None:
            raise AlreadyHere(f"{same} is already in {self._inbox.folder}")

    # Several things

    def _start_word(
        self, word: str, holder: PeerName | None
    ) -> "Deferred[Sequence[Hits] | PeerError]":
        return Deferred.fromCoroutine(self._word(word, holder))

    async def _word(self, word: str, holder: PeerName | None) -> Sequence[Hits] | PeerError:
        try:
            if not is_pattern(word):
                return [await self._find(word, holder)]
            found = await self._searches.ask("text", word, limits.HITS_PER_PEER, holder=holder)
            return like(word, found)
        except PeerError as error:
            return error


# Pure: what hits mean


def meant_by(text: str, found: Found, holder: PeerName | None) -> Hits:
    """
    Keep the holders of the file or folder that a person means by a name.

    :raises NotFound: when no hit answers to the name.
    :raises Ambiguous: when different files answer equally well to it.
    :raises PeerError: when the file is still being hashed.
    """
    found = attrs.evolve(found, hits=best(found.hits, text))
    check_found(found, text, holder)
    return one_content(found.hits)


def best(hits: Iterable[Hit], text: str) -> Hits:
    """Keep the hits that answer best to a name as typed; none that does not answer at all."""
    places = ((rank(hit.name, text), hit) for hit in hits)
    ranked = [(place, hit) for place, hit in places if place is not None]
    least = min((place for place, _ in ranked), default=None)
    return tuple(hit for place, hit in ranked if place == least)


def one_content(hits: Hits) -> Hits:
    """
    Keep the hits that can be fetched, provided that all have the same content.

    :raises Ambiguous: when they have not.
    :raises PeerError: when none can be fetched yet.
    """
    ready = tuple(hit for hit in hits if hit.file is not None)
    if not ready:
        slow = max(hits, key=lambda hit: hit.hashed)
        raise PeerError(
            f"{slow.peer} is still hashing {slow.name} ({slow.hashed} %): try again in a moment"
        )
    if len({(hit.file, hit.kind) for hit in ready}) > 1:
        raise Ambiguous(ready)
    return ready


def check_found(found: Found, what: str, holder: PeerName | None) -> None:
    """
    Check that there is a hit.

    :raises NotFound: when there is none; it says who was asked.
    """
    if found.hits:
        return
    if not found.asked:
        raise NotFound(f"no peer has {what}: there is no other peer at the moment")
    silent = f"; no answer from {', '.join(found.silent)}" if found.silent else ""
    raise NotFound(
        f"{holder or 'no peer'} has {'no ' if holder else ''}{what}"
        f" (asked {found.answered} of {found.asked}, {found.seconds:.2f} s{silent})"
    )


def like(pattern: str, found: Found) -> list[Hits]:
    """
    Divide the hits for a pattern into files and folders, each with its holders.

    :raises NotFound: when there are none.
    """
    things: dict[tuple[str, FileId], list[Hit]] = {}
    for hit in _topmost(found.hits):
        if hit.file is not None:
            things.setdefault((hit.kind, hit.file), []).append(hit)
    if not things:
        raise NotFound(f"nothing is like {pattern} (asked {found.answered} of {found.asked})")
    return [tuple(hits) for hits in things.values()]


def put_together(
    words: Sequence[str], answers: Iterable[Sequence[Hits] | PeerError], catalog: Catalog
) -> Selection:
    """
    Make one selection of what was found for each word; the same thing twice is one.

    :param catalog: what need not be fetched.
    """
    things: dict[FileId, Hits] = {}
    here: list[str] = []
    failed: list[tuple[str, PeerError]] = []
    for word, answer in zip(words, answers, strict=True):
        if isinstance(answer, AlreadyHere):
            here.append(word)
        elif isinstance(answer, PeerError):
            failed.append((word, answer))
        else:
            things |= {hits[0].file: _agreeing(hits) for hits in answer if hits[0].file}
    for file_id in [file_id for file_id in things if catalog.with_id(file_id, 1)]:
        here.append(things.pop(file_id)[0].name)
    return Selection(tuple(words), tuple(things.values()), tuple(here), tuple(failed))


def _agreeing(hits: Hits) -> Hits:
    """Leave out hits that give another size than most do: one content has one size."""
    ((size, _number),) = Counter(hit.size for hit in hits).most_common(1)
    return tuple(hit for hit in hits if hit.size == size)


def _topmost(hits: Iterable[Hit]) -> list[Hit]:
    """Leave out hits below a folder that is itself among the hits."""
    by_name = sorted(hits, key=lambda hit: (hit.peer, hit.name))
    folders = {(hit.peer, hit.name) for hit in by_name if hit.kind == "folder"}

    def is_inside(hit: Hit) -> bool:
        parts = hit.name.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts)))
        return any((hit.peer, folder) in folders for folder in above)

    return [hit for hit in by_name if not is_inside(hit)]
