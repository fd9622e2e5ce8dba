"""What a name means: one question to the others, and a look at what is here."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import attrs
from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from p2p_twisted.library.matching import is_pattern, without_slash
from p2p_twisted.peer.hashing_wait import HashingWait
from p2p_twisted.peer.interface import Found, Selection
from p2p_twisted.peer.meaning import (
    Hits,
    Meaning,
    NothingShared,
    StillHashing,
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
    unhashed,
)
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer.patience import NeverStill
from p2p_twisted.peer.searches import Searches
from p2p_twisted.peer.suggestions import suggestions
from p2p_twisted.peer_errors import AlreadyHere, NotFound, PeerError
from p2p_twisted.runtime.lock import Semaphore
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire import limits
from p2p_twisted.wire.chunks import is_file_id, is_short_id
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import SHORT_ID_DIGITS, PeerName

_ASKED_AT_ONCE: Final = 8
_FRESH_SECONDS: Final = 0.25


@attrs.define(eq=False, kw_only=True)
class Resolver:
    """
    Finds what names, file ids, patterns and chosen hits mean.

    A name means what others share under it now. Only content decides whether that is here
    already: a file that was changed since it was downloaded is another file.

    :param me: this peer's name.
    :param own: what is here already.
    """

    _clock: IReactorTime
    _me: PeerName
    _searches: Searches
    _own: OwnContent
    _offload: Offload

    def stop(self) -> None:
        """Look for nothing more among what is here: the peer ends."""
        self._own.stop()

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
        new_wait: Callable[[], HashingWait] | None = None,
    ) -> Selection:
        """
        Find what several names, patterns and hits mean, asking for a few of them at a time.

        :param holder: the only peer that counts.
        :param new_wait: makes what waits for one of them to be hashed; without it, that is
            for later.
        :raises PeerError: when there is no network, or a file of such a name cannot be read.
        :raises CancelledError: when the peer ends.
        """
        await self._searches.ready()
        slots = Semaphore(_ASKED_AT_ONCE)

        async def meaning_of(word: str | Hit) -> Meaning:
            async with slots:
                return await self._word(word, holder, new_wait and new_wait())

        asked = [Deferred.fromCoroutine(meaning_of(word)) for word in words]
        try:
            answers = await gatherResults(asked, consumeErrors=True)
        except FirstError as error:
            error.subFailure.raiseException()
        names = [word.name if isinstance(word, Hit) else word for word in words]
        selection = put_together(names, answers)
        later = (word for word, meaning in zip(words, answers, strict=True) if meaning.is_later)
        selection = attrs.evolve(selection, later=tuple(later), holder=holder)
        if holder is not None and not selection.things:
            await self._searches.check_is_there(holder)
        here = await self._own.look_for(selection.things)
        return selection.without(here)

    async def suggest(self, text: str, holder: PeerName | None) -> tuple[str, ...]:
        """Ask for names that a person may have meant, who has named what nothing is called."""
        return await suggestions(self._searches, text, holder, self._offload)

    # One thing

    async def _resolve(self, wanted: str | Hit, holder: PeerName | None) -> Hits:
        """Decide what kind of name this is, ask for it, and leave out what is here."""
        if isinstance(wanted, Hit):
            if wanted.file is None:
                return await self._with_name(wanted.name, wanted.peer)
            if holder in (None, wanted.peer):
                return await self._other_than_here((wanted,))
            return await self._with_id(wanted.file, holder)
        if is_file_id(wanted):
            return await self._with_id(wanted, holder)
        if is_short_id(wanted):
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
        name = without_slash(text)
        found = await self._searches.ask("name", name, again=again, holder=holder)
        try:
            hits = meant_by(text, found, holder)
            check_shared(hits)
        except NotFound:
            if holder is None:
                self._own.check_name(name)
            # A pattern is asked for as one, once nothing has it as its name.
            if not found.asked or "*" in text:
                raise
            # What was put into a directory this very moment is found there in a moment.
            await deferLater(self._clock, _FRESH_SECONDS)
            beginning = beginning_with(name)
            longer = await self._searches.ask("text", beginning, holder=holder, by_person=False)
            hits = best(longer.hits, text) or completions(longer.hits, text)
            if not hits:
                raise
        return await self._other_than_here(hits)

    async def _other_than_here(self, hits: Hits) -> Hits:
        """
        Keep the hits for the only content that is not here.

        :raises AlreadyHere: when all of it is here.
        :raises Ambiguous: when there are several.
        :raises PeerError: when none can be fetched yet.
        """
        things = by_content(hits)
        where = await self._own.look_for(things)
        others = [each for each, here in zip(things, where, strict=True) if here is None]
        if others:
            return one_of(others, self._own.older([hits[0] for hits in others]))
        check_hashed(hits)
        assert where[0] is not None
        raise where[0]

    # Several things

    async def _word(
        self, word: str | Hit, holder: PeerName | None, waiting: HashingWait | None
    ) -> Meaning:
        async def find() -> Hits:
            return await self._resolve(word, holder)

        try:
            if isinstance(word, str) and is_pattern(word):
                return await self._pattern(word, holder, waiting)
            if waiting is None:
                return Meaning([await find()])
            return Meaning([await waiting.until_hashed(find, word, holder)])
        except StillHashing:
            return Meaning(is_later=True)
        except PeerError as error:
            return Meaning(error=error)
        finally:
            if waiting is not None:
                waiting.end()

    async def _pattern(
        self, pattern: str, holder: PeerName | None, waiting: HashingWait | None
    ) -> Meaning:
        async def ask() -> Found:
            most = limits.HITS_PER_PEER
            return await self._searches.ask("text", pattern, most=most, holder=holder)

        async def ask_hashed() -> Found:
            found = await ask()
            check_hashed(topmost(found.hits))
            return found

        if waiting is None:
            found = await ask()
            is_later = bool(unhashed(topmost(found.hits)))
            return Meaning(like(pattern, found), is_later=is_later)
        error: PeerError | None = None
        try:
            found = await waiting.until_hashed(ask_hashed, pattern, holder)
        except NeverStill as never:
            found, error = await ask(), never
        return Meaning(like(pattern, found), error)
