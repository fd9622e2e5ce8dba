"""What a name means: one question to the others, and a look at what is here."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import attrs
from twisted.internet.defer import Deferred, DeferredSemaphore, FirstError, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Shared
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.peer.hashing_wait import HashingWait, NeverStill
from p2p_twisted.peer.interface import Found, Selection
from p2p_twisted.peer.meaning import (
    Hits,
    Meaning,
    NothingShared,
    beginning_with,
    best,
    by_content,
    check_found,
    check_hashed,
    check_one_id,
    check_shared,
    completions,
    like,
    meant_by,
    one_of,
    put_together,
    topmost,
)
from p2p_twisted.peer.peer_errors import AlreadyHere, CannotKeep, NotFound, PeerError
from p2p_twisted.peer.searches import Searches
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import SHORT_ID_DIGITS, BadName, PeerName

_FILE_ID: Final = re.compile(r"[0-9a-f]{64}\Z")
_SHORT_ID: Final = re.compile(rf"[0-9a-f]{{{SHORT_ID_DIGITS}}}\Z")
_ASKED_AT_ONCE: Final = 8
_FRESH_SECONDS: Final = 0.25
_LOOKED_FOR_AT_ONCE: Final = 256


@attrs.define(eq=False, kw_only=True)
class Resolver:
    """
    Finds what names, file ids, patterns and chosen hits mean.

    A name means what others share under it now. Only content decides whether that is here
    already: a file that was changed since it was downloaded is another file.

    :param me: this peer's name.
    :param catalogs: what this peer shares, without what it has downloaded.
    :param path_of: tells where a name of that lies.
    :param inbox: where downloads land.
    """

    _clock: IReactorTime
    _me: PeerName
    _searches: Searches
    _catalogs: Sequence[Catalog]
    _path_of: Callable[[str], str]
    _inbox: Inbox
    _downloads: Downloads
    _offload: Offload

    async def resolve(self, wanted: str | Hit, holder: PeerName | None) -> Hits:
        """
        Find the one file or folder that a person asks for.

        :param wanted: a name as typed, a file id, or a hit.
        :param holder: the only peer that counts.
        :raises StillHashing: when its holder is still hashing it.
        :raises PeerError: when there is no such thing, or several, or it is here.
        """
        await self._searches.ready()
        try:
            return await self._resolve(wanted, holder)
        except NotFound:
            if holder is not None:
                await self._searches.check_is_there(holder)
            raise

    async def select(
        self,
        words: Sequence[str | Hit],
        holder: PeerName | None,
        new_wait: Callable[[], HashingWait],
    ) -> Selection:
        """
        Find what several names, patterns and hits mean, asking for a few of them at a time.

        :param holder: the only peer that counts.
        :param new_wait: makes what waits for one of them to be hashed.
        :raises PeerError: when there is no network, or a file of such a name cannot be read.
        :raises CancelledError: when the peer ends.
        """
        await self._searches.ready()
        slots = DeferredSemaphore(_ASKED_AT_ONCE)
        asked = [slots.run(self._start_word, word, holder, new_wait()) for word in words]
        try:
            answers = await gatherResults(asked, consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
        names = [word.name if isinstance(word, Hit) else word for word in words]
        selection = put_together(names, answers)
        if holder is not None and not selection.things:
            await self._searches.check_is_there(holder)
        here = await self._look_for(selection.things)
        return selection.without(here)

    # One thing

    async def _resolve(self, wanted: str | Hit, holder: PeerName | None) -> Hits:
        """Decide what kind of name this is, ask for it, and leave out what is here."""
        if isinstance(wanted, Hit):
            if wanted.file is None:
                return await self._with_name(wanted.name, wanted.peer)
            if holder in (None, wanted.peer):
                return await self._other_than_here((wanted,))
            return await self._with_id(wanted.file, holder)
        if _FILE_ID.match(wanted):
            return await self._with_id(wanted, holder)
        if _SHORT_ID.match(wanted):
            # It may be a name as well; but nobody else's name goes before a content.
            with suppress(NotFound):
                return await self._with_id(wanted, holder, again=True)
        if holder == self._me:
            raise PeerError(f"{holder} is this peer: name another one, or none")
        try:
            return await self._with_name(wanted, holder)
        except (AlreadyHere, NothingShared):
            # Peers near by were asked first: one further away may have another one.
            return await self._with_name(wanted, holder, again=True)

    async def _with_id(self, file_id: str, holder: PeerName | None, again: bool = False) -> Hits:
        """Ask for an id, or for all that begin as a short one: then of all peers."""
        found = await self._searches.ask("id", file_id, again=again, holder=holder)
        check_found(found, file_id[:SHORT_ID_DIGITS], holder)
        check_one_id(found.hits)
        return await self._other_than_here(found.hits)

    async def _with_name(self, text: str, holder: PeerName | None, again: bool = False) -> Hits:
        """Ask for a name, and where nothing has it for the one that it is the beginning of."""
        found = await self._searches.ask("name", text, again=again, holder=holder)
        try:
            hits = meant_by(text, found, holder)
            check_shared(hits)
        except NotFound:
            if holder is None:
                self._check_name_not_here(text)
            # A pattern is asked for as one, once nothing has it as its name.
            if not found.asked or "*" in text:
                raise
            # What was put into a directory this very moment is found there in a moment.
            await deferLater(self._clock, _FRESH_SECONDS)
            longer = await self._searches.ask("text", beginning_with(text), holder=holder)
            hits = best(longer.hits, text) or completions(longer.hits, text)
            if not hits:
                raise
        return await self._other_than_here(hits)

    def _check_name_not_here(self, text: str) -> None:
        """
        Look for a name that nobody else has, in the library and among the downloads.

        :raises AlreadyHere: when it is there.
        """
        for shared in (each for of in self._catalogs for each in of.named(text, 1)):
            raise self._shared_here(shared)
        for target in (text, text + ".txt"):
            try:
                # An unfinished folder has its final name already.
                if self._inbox.exists(target) and not self._downloads.is_unfinished(target):
                    where = self._inbox.folder
                    why = f"{target} is already in {where}; no peer shares it now"
                    raise AlreadyHere(why, self._inbox.native_path(target))
            except BadName:
                return

    # What is here

    async def _other_than_here(self, hits: Hits) -> Hits:
        """
        Keep the hits for the only content that is not here.

        :raises AlreadyHere: when all of it is here.
        :raises Ambiguous: when there are several.
        :raises PeerError: when none can be fetched yet.
        """
        things = by_content(hits)
        where = await self._look_for(things)
        others = [each for each, here in zip(things, where, strict=True) if here is None]
        if others:
            return one_of(others, self._older([hits[0] for hits in others]))
        check_hashed(hits)
        assert where[0] is not None
        raise where[0]

    def _older(self, hits: Sequence[Hit]) -> str:
        """Say that a file of such a name, which none of them is, was downloaded before."""
        targets = dict.fromkeys(hit.name.rpartition("/")[2] for hit in hits)
        there = [target for target in targets if self._inbox.exists(target)]
        return f", and an older {there[0]} is in {self._inbox.folder}" if there else ""

    async def _look_for(self, things: Sequence[Hits]) -> list[AlreadyHere | None]:
        """
        Look for content, whatever its name, in the library and under its targets' names.

        :returns: for each, where it is; ``None`` where it is not.
        :raises PeerError: when a file of such a name cannot be read.
        """
        here: list[AlreadyHere | None] = []
        for start in range(0, len(things), _LOOKED_FOR_AT_ONCE):
            some = [hits[0] for hits in things[start : start + _LOOKED_FOR_AT_ONCE]]
            shared = [self._in_library(hit) for hit in some]
            try:
                saved = await self._offload(self._in_inbox, some)
            except DiskFault as fault:
                raise CannotKeep(str(fault)) from fault
            here += [own or other for own, other in zip(shared, saved, strict=True)]
        return here

    def _in_library(self, hit: Hit) -> AlreadyHere | None:
        assert hit.file is not None
        for shared in (each for of in self._catalogs for each in of.with_id(hit.file, 1)):
            return self._shared_here(shared)
        return None

    def _shared_here(self, shared: Shared) -> AlreadyHere:
        why = f"{shared.name} is already in your directory"
        return AlreadyHere(why, self._path_of(shared.name), shared.file_id)

    def _in_inbox(self, hits: Sequence[Hit]) -> list[AlreadyHere | None]:
        return [self._saved_as(hit) for hit in hits]

    def _saved_as(self, hit: Hit) -> AlreadyHere | None:
        if hit.kind != "file" or hit.file is None:
            return None
        target = hit.name.rpartition("/")[2]
        same = self._inbox.find_same(target, hit.file, hit.size)
        if same is None:
            return None
        why = f"{same} is already in {self._inbox.folder}"
        return AlreadyHere(why, self._inbox.native_path(same), hit.file)

    # Several things

    def _start_word(
        self, word: str | Hit, holder: PeerName | None, waiting: HashingWait
    ) -> "Deferred[Meaning]":
        return Deferred.fromCoroutine(self._word(word, holder, waiting))

    async def _word(
        self, word: str | Hit, holder: PeerName | None, waiting: HashingWait
    ) -> Meaning:
        try:
            if isinstance(word, str) and is_pattern(word):
                return await self._pattern(word, holder, waiting)
            found = await waiting.until_hashed(lambda: self._resolve(word, holder), word, holder)
            return Meaning([found])
        except PeerError as error:
            return Meaning(error=error)
        finally:
            waiting.end()

    async def _pattern(
        self, pattern: str, holder: PeerName | None, waiting: HashingWait
    ) -> Meaning:
        async def ask() -> Found:
            most = limits.HITS_PER_PEER
            return await self._searches.ask("text", pattern, most, holder=holder)

        async def ask_hashed() -> Found:
            found = await ask()
            check_hashed(topmost(found.hits))
            return found

        error: PeerError | None = None
        try:
            found = await waiting.until_hashed(ask_hashed, pattern, holder)
        except NeverStill as never:
            found, error = await ask(), never
        return Meaning(like(pattern, found), error)
