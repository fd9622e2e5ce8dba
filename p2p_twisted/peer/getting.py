"""Download what a person asks for, as soon as its holder has hashed it."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import attrs
from twisted.internet.defer import CancelledError, Deferred, FirstError, gatherResults
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import Progress
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.peer.hashing_wait import HashingWait
from p2p_twisted.peer.interface import Selection, Watch
from p2p_twisted.peer.kept_waits import Keep, KeptWaits, Wait
from p2p_twisted.peer.meaning import (
    Hits,
    NothingShared,
    StillHashing,
    beyond,
    check_is_file,
    is_same_name,
)
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer_errors import CannotKeep, NotFound, NotReady, PeerError
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.few_per_turn import FewPerTurn
from p2p_twisted.runtime.gate import Gate
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire.manifest import BadManifest
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

T = TypeVar("T")


@attrs.define(eq=False, kw_only=True)
class Getting:
    """
    Carries out what persons ask for, from its name to its end.

    :param joined: opens when this peer is in its network, so that others can be asked.
    """

    log = Logger()

    _clock: IReactorTime
    _resolver: Resolver
    _downloads: Downloads
    _waits: KeptWaits
    _joined: Gate
    _few_per_turn: FewPerTurn = attrs.field(init=False)

    @_few_per_turn.default
    def _of_all_requests(self) -> FewPerTurn:
        return FewPerTurn(self._clock)

    def start(self) -> None:
        """Show what the last run was waiting for; that goes on once this peer has joined."""
        for wait in self._waits.recall():
            background(self.log, f"waiting again for {wait.word}", self._wait_again(wait))

    def stop(self) -> "Deferred[None]":
        """Leave what is asked for, or waited for; fires when nothing is being written."""
        self._resolver.stop()
        return self._waits.stop()

    async def get(
        self, wanted: str | Hit, watch: Watch, holder: PeerName | None, is_file: bool
    ) -> Progress:
        """
        Download a file or folder: see :class:`.IPeer`.

        :raises PeerError: when it cannot be found, or this peer leaves before it has begun.
        """
        with _unless_leaving():
            with self._waits.command() as keep:
                waiting = self._new_wait(watch, keep)
                try:
                    done = await self._begin(wanted, holder, waiting, watch, is_file)
                except NotFound as missing:
                    if isinstance(missing, NothingShared) or isinstance(wanted, Hit):
                        raise
                    like = await self._resolver.suggest(wanted, holder)
                    raise NotFound(str(missing), like) from None
            return await done

    async def select(
        self, words: Sequence[str | Hit], holder: PeerName | None, watch: Watch | None
    ) -> Selection:
        """
        Find what several names, patterns and hits mean.

        :raises PeerError: when there is no network, or this peer leaves meanwhile.
        """
        with _unless_leaving(), self._waits.command() as keep:
            if watch is None:
                return await self._resolver.select(words, holder)
            return await self._resolver.select(words, holder, partial(self._new_wait, watch, keep))

    async def get_selected(self, selection: Selection, watch: Watch) -> tuple[Progress, ...]:
        """
        Download the files as one download, each folder as another, and what is still being
        hashed as soon as it is.

        :raises PeerError: when the list of the files is too long, or cannot be kept, or this
            peer leaves before they have begun.
        """
        with _unless_leaving():
            return await self._get_selected(selection, watch)

    def _new_wait(self, watch: Watch, keep: Keep) -> HashingWait:
        return HashingWait(self._clock, self._downloads, watch, keep)

    async def _get_selected(self, selection: Selection, watch: Watch) -> tuple[Progress, ...]:
        later = (self._get_later(word, selection, watch) for word in selection.later)
        return tuple(chain(*await _all([self._get_things(selection, watch), *later])))

    async def _get_later(
        self, word: str | Hit, selection: Selection, watch: Watch
    ) -> tuple[Progress, ...]:
        """Wait for what a word means, and download what is not in a selection yet."""
        with self._waits.command() as keep:
            waiting = self._new_wait(watch, keep)
            waiting.expect(word, selection.holder)
            found = await self._resolver.select((word,), selection.holder, lambda: waiting)
            failed = [waiting.ended(why) for _word, why in found.failed]
        return (*failed, *await self._get_things(beyond(found, selection), watch))

    async def _get_things(self, selection: Selection, watch: Watch) -> tuple[Progress, ...]:
        files = [hits for hits in selection.things if hits[0].kind == "file"]
        folders = [hits for hits in selection.things if hits[0].kind == "folder"]
        alone = folders if len(files) > 1 else [*folders, *files]
        gets = [partial(self._get_one, hits, watch) for hits in alone]
        if len(files) > 1:
            get_selected = self._downloads.get_selected
            gets.append(partial(get_selected, selection.words, files, watch))
        return tuple(await _all(map(self._in_turn, gets)))

    async def _in_turn(self, get: Callable[[], Coroutine[Any, Any, Progress]]) -> Progress:
        """Download, but begin few in the same turn of the reactor: hundreds take long."""
        await self._few_per_turn.passed()
        return await get()

    async def _get_one(self, hits: Hits, watch: Watch, number: int | None = None) -> Progress:
        """Download one thing; while its content comes under another name, watch that first."""
        progress = await self._downloads.get(hits, watch, number)
        while progress.is_ended and not is_same_name(progress.name, hits[0].name):
            progress = await self._downloads.get(hits, watch)
        return progress

    async def _begin(
        self,
        wanted: str | Hit,
        holder: PeerName | None,
        waiting: HashingWait,
        watch: Watch,
        is_file: bool = False,
    ) -> "Deferred[Progress]":
        async def find() -> Hits:
            try:
                hits = await self._resolver.resolve(wanted, holder)
            except StillHashing as still:
                if is_file:
                    check_is_file(still.hits)
                raise
            if is_file:
                check_is_file(hits)
            return hits

        hits = await waiting.until_hashed(find, wanted, holder)
        done = Deferred.fromCoroutine(self._get_one(hits, watch, waiting.number))
        waiting.end()
        return done

    async def _wait_again(self, wait: Wait) -> None:
        """Go on with what an earlier run was waiting for; who watches that is told its end."""
        watch = self._downloads.earlier.show
        with self._waits.command(wait) as keep:
            waiting = self._new_wait(watch, keep)
            waiting.go_on(wait)
            try:
                await waiting.wait_for(self._joined.passed)
                done: Deferred[Any]
                if is_pattern(wait.word):
                    words, new_wait = (wait.word,), lambda: waiting
                    selection = await self._resolver.select(words, wait.holder, new_wait)
                    done = Deferred.fromCoroutine(self._get_selected(selection, watch))
                else:
                    done = await self._begin(wait.word, wait.holder, waiting, watch)
            except PeerError as error:
                self.log.info("{name} does not go on: {error}", name=wait.name, error=error)
                return
        await done


async def _all(gets: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """
    Do several things at once.

    :raises CannotKeep: when the list of the files is too long, or cannot be kept.
    """
    works = [Deferred.fromCoroutine(each) for each in gets]
    try:
        return await gatherResults(works, consumeErrors=True)
    except FirstError as error:
        if error.subFailure.check(BadManifest, DiskFault):
            raise CannotKeep(error.subFailure.getErrorMessage()) from None
        error.subFailure.raiseException()


@contextmanager
def _unless_leaving() -> Iterator[None]:
    """
    Say what becomes of what a person has asked for.

    :raises NotReady: when the peer leaves meanwhile.
    """
    try:
        yield
    except CancelledError:
        raise NotReady(
            "this peer is leaving: what it waits for goes on in its next run; ask again for"
            " anything else"
        ) from None
