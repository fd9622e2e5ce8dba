"""Carry out a request for downloads, and tell how they go."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredList, FirstError
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.api import request_fields as asked
from p2p_twisted.api import view_of, views
from p2p_twisted.api.api_errors import fault_of
from p2p_twisted.api.transfer_views import FetchedView, StepView, UnfetchedView
from p2p_twisted.download.progress import Progress
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.peer.interface import IPeer, Selection, Watch
from p2p_twisted.peer.meaning import check_is_file
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous, NotFound, PeerError
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_PROGRESS_SECONDS: Final = 0.2
"""The least between two lines about one download."""

_OFFERED: Final = 20
"""How many of very many files are shown to choose one."""


@define
class DownloadRequest:
    """
    Downloads what is named by one request.

    :param holder: the only peer that counts.
    :param watch: is told of progress.
    """

    _peer: IPeer
    _query: asked.GetQuery
    _holder: PeerName | None
    _watch: Watch

    async def answer(self, words: Sequence[str | Hit]) -> FetchedView:
        """
        Download some things, and wait for them; with ``detach``, until all have begun.

        :raises PeerError: when nothing can be downloaded.
        """
        if len(words) == 1:
            # As at the console: a name that exists comes before what it means as a pattern.
            [word] = words
            try:
                return await self._get(word)
            except AlreadyHere as here:
                name = word.name if isinstance(word, Hit) else word
                return FetchedView(exit=Exit.DONE, here=(view_of.here(name, here),))
            except NotFound:
                if isinstance(word, Hit) or not is_pattern(word):
                    raise
        waits = self._watch if self._query.file else None
        selection = await self._peer.select(words, self._holder, waits)
        if self._query.file:
            _check_one_file(selection)
        downloads = await self._get_selected(selection)
        return FetchedView(
            exit=selection.exit(map(self._exit, downloads)),
            downloads=tuple(map(view_of.download, downloads)),
            here=tuple(view_of.here(*each) for each in selection.here),
            failed=tuple(_unfetched(word, why) for word, why in selection.failed),
        )

    async def _get(self, word: str | Hit) -> FetchedView:
        begun = BegunDownloads(1, self._watch)
        got = self._peer.get(word, begun.watch, self._holder, self._query.file)
        done: Deferred[tuple[Progress]] = got.addCallback(_alone)
        [download] = await begun.all_of(done) if self._query.detach else await done
        return FetchedView(exit=self._exit(download), downloads=(view_of.download(download),))

    async def _get_selected(self, selection: Selection) -> Sequence[Progress]:
        folders = sum(hits[0].kind == "folder" for hits in selection.things)
        # Files are one download.
        wanted = folders + (folders < len(selection.things)) + len(selection.later)
        begun = BegunDownloads(wanted, self._watch)
        done = self._peer.get_selected(selection, begun.watch)
        return await begun.all_of(done) if self._query.detach else await done

    def _exit(self, download: Progress) -> Exit:
        return Exit.DONE if self._query.detach and not download.is_ended else download.exit


class BegunDownloads:
    """
    Watches downloads and, once all have begun that nobody waits for any more, forgets them.

    :param wanted: how many there are at least.
    """

    def __init__(self, wanted: int, watch: Watch) -> None:
        self._wanted = wanted
        self._watch = watch
        self._downloads: dict[int, Progress] = {}
        self._all: Deferred[None] = Deferred()
        self._is_over = False

    def watch(self, progress: Progress) -> None:
        """Record how one of them stands."""
        if self._is_over:
            return
        self._downloads[progress.number] = progress
        self._watch(progress)
        if len(self._downloads) >= self._wanted and not self._all.called:
            self._all.callback(None)

    async def all_of(self, done: "Deferred[Any]") -> Sequence[Progress]:
        """
        Wait until all have begun.

        :param done: fires with all when they have ended.
        :raises PeerError: when one cannot begin.
        """
        either = DeferredList(
            (self._all, done), fireOnOneCallback=True, fireOnOneErrback=True, consumeErrors=True
        )
        try:
            ended, is_done = await either
        except FirstError as error:
            error.subFailure.raiseException()
        self._is_over = True
        return ended if is_done else tuple(self._downloads.values())


@define
class Steps:
    """Emits the progress of downloads, not too often; but every change of a state."""

    _emit: Callable[[views.View], None]
    _clock: IReactorTime
    _last: dict[int, tuple[type, float]] = field(factory=dict, init=False)

    def watch(self, progress: Progress) -> None:
        """Emit a download's progress."""
        now, kind = self._clock.seconds(), type(progress.state)
        before, at = self._last.get(progress.number, (None, 0.0))
        if kind is before and now - at < _PROGRESS_SECONDS:
            return
        self._last[progress.number] = kind, now
        self._emit(StepView(download=view_of.download(progress)))


def _alone(ended: Progress) -> tuple[Progress]:
    return (ended,)


def _check_one_file(selection: Selection) -> None:
    """
    Check that no more than one file is meant.

    :raises PeerError: when it is several, or a folder.
    """
    for hits in selection.things:
        check_is_file(hits)
    files = len(selection.things) + len(selection.here)
    if files > 1:
        some = tuple(hits[0] for hits in selection.things[:_OFFERED])
        raise Ambiguous(some, f"{files:,} files are meant, and only one can be had so")


def _unfetched(word: str, why: PeerError) -> UnfetchedView:
    fault = fault_of(why)
    return UnfetchedView(name=word, code=fault.code, reason=fault.message, exit=fault.exit)
