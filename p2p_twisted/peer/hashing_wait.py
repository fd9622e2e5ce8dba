"""Wait until what is wanted has an id: its holder is still hashing it."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeVar

import attrs
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.expected import ExpectedDownload
from p2p_twisted.download.progress import Failed, Progress
from p2p_twisted.library.matching import is_pattern
from p2p_twisted.peer.interface import Watch
from p2p_twisted.peer.kept_waits import Keep, Wait
from p2p_twisted.peer.meaning import Hits, StillHashing
from p2p_twisted.peer.patience import Patience
from p2p_twisted.peer_errors import AlreadyHere, NotFound, NotReady, PeerError
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_SOON_SECONDS: Final = 1.0
_TIMES_LOST: Final = 3
_ABSENT_SECONDS: Final = 30.0

T = TypeVar("T")


class HashingWait:
    """
    Waits for one thing that a person asks for.

    :param watch: is told how far its holder is.
    :param keep: is told what is waited for, so that the next run can go on.
    """

    def __init__(self, clock: IReactorTime, downloads: Downloads, watch: Watch, keep: Keep) -> None:
        self._clock = clock
        self._downloads = downloads
        self._watch = watch
        self._keep = keep
        self._is_earlier = False
        self._tells_why = False
        self._expected: ExpectedDownload | None = None
        self._patience = Patience()
        # How often in a row nobody was found who has it.
        self._lost = 0

    @property
    def number(self) -> int | None:
        """What the download is called that was waited for; ``None`` if it was not."""
        return self._expected.progress.number if self._expected is not None else None

    def go_on(self, wait: Wait) -> None:
        """Show at once what an earlier run was waiting for, and wait for its holder, too."""
        self._is_earlier = self._tells_why = True
        self._expected = self._downloads.expect(wait.name, self._watch, wait.number)

    def expect(self, wanted: str | Hit, holder: PeerName | None) -> None:
        """Show at once that something is waited for, and there, too, why it ends."""
        self._tells_why = True
        self._begin(wanted, holder, wanted.name if isinstance(wanted, Hit) else wanted)

    def ended(self, why: PeerError) -> Progress:
        """Return how what was expected has ended."""
        assert self._expected is not None
        progress = self._expected.progress
        if isinstance(progress.state, Failed) or isinstance(why, NotReady):
            return progress
        return attrs.evolve(progress, state=Failed(str(why), has_arrived=False, exit=why.exit))

    async def until_hashed(
        self, find: Callable[[], Coroutine[Any, Any, T]], wanted: str | Hit, holder: PeerName | None
    ) -> T:
        """
        Find something as soon as its holder has hashed it.

        :param find: finds it now.
        :param wanted: how it was asked for.
        :param holder: the only peer that counts.
        :raises NeverStill: when it is written to for ever.
        :raises PeerError: when it cannot be found, or is canceled.
        :raises CancelledError: when the peer ends.
        """
        try:
            return await self._find(find, wanted, holder)
        except PeerError as error:
            # Nothing else shows why it ends.
            if self._tells_why and self._expected and not isinstance(error, AlreadyHere):
                self._expected.fail(str(error), error.exit)
            self.end()
            raise
        except BaseException:
            self.end()
            raise

    async def _find(
        self, find: Callable[[], Coroutine[Any, Any, T]], wanted: str | Hit, holder: PeerName | None
    ) -> T:
        while True:
            try:
                return await self._unless_canceled(find())
            except StillHashing as still:
                self._lost = 0
                await self._look_again(wanted, holder, still.hits)
            except NotFound:
                # A question may get lost.
                self._lost += 1
                is_absent = self._lost >= _TIMES_LOST
                if self._expected is None or (is_absent and not self._is_earlier):
                    raise
                if is_absent:
                    self._expected.miss()
                await self._rest(_ABSENT_SECONDS if is_absent else _SOON_SECONDS)

    def end(self) -> None:
        """Forget that it was waited for, unless a download goes on under its number."""
        if self._expected is not None:
            self._downloads.forget_expected(self._expected)

    async def _look_again(self, wanted: str | Hit, holder: PeerName | None, hits: Hits) -> None:
        """Show how far the holder is that is furthest, and wait until it is worth another look."""
        seconds = self._patience.look(hits, self._clock.seconds())
        furthest = max(hits, key=_progress)
        if self._expected is None:
            self._begin(wanted, holder, furthest.name)
        assert self._expected is not None
        self._expected.show(furthest)
        await self._rest(seconds)

    def _begin(self, wanted: str | Hit, holder: PeerName | None, name: str) -> None:
        word = wanted.name if isinstance(wanted, Hit) else wanted
        holder = wanted.peer if isinstance(wanted, Hit) else holder
        name = word if is_pattern(word) else name
        self._expected = self._downloads.expect(name, self._watch)
        self._keep(Wait(word, name, holder, self._expected.progress.number))

    async def _rest(self, seconds: float) -> None:
        """Wait before the holder is asked again."""
        await self.wait_for(partial(deferLater, self._clock, seconds))

    async def wait_for(self, begin: Callable[[], "Deferred[Any]"]) -> None:
        """
        Wait for something that is begun now.

        :raises NotReady: when what is waited for is canceled.
        :raises CancelledError: when the peer ends.
        """

        async def begun() -> None:
            await begin()

        await self._unless_canceled(begun())

    async def _unless_canceled(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Do some work that ends at once when what is waited for is canceled.

        :raises NotReady: when it is.
        :raises CancelledError: when the peer ends.
        """
        if self._expected is None:
            return await work
        try:
            return await self._expected.during(work)
        except CancelledError:
            if self._expected.may_be_canceled:
                raise
            name = self._expected.progress.name
            raise NotReady(f"{name} was canceled before it began") from None


def _progress(hit: Hit) -> int:
    return hit.hashed
