"""A download that has not begun: its holder is still hashing what is wanted."""

from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.download.progress import Canceled, Failed, Hashing, Progress, Waiting
from p2p_twisted.download.reporter import Reporter, Watch
from p2p_twisted.explain.download_account import DownloadAccount
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import Hit

_UNKNOWN_ID: Final = ""

T = TypeVar("T")


class ExpectedDownload:
    """
    Stands among the downloads until its content has an id: it is shown, and can be canceled.

    :param number: what the person calls it by, also once it has begun.
    :param watch: is told of its progress.
    :param account: of how it goes.
    :ivar idle: fires when nothing is being done for it: at once.
    """

    may_be_paused = may_be_resumed = False

    def __init__(
        self,
        clock: IReactorTime,
        number: int,
        name: str,
        watch: Watch,
        account: DownloadAccount,
    ) -> None:
        progress = Progress(number, name, _UNKNOWN_ID, 0)
        self.reporter = Reporter(clock, progress, account)
        self.reporter.watch(watch)
        self.idle: Deferred[None] = succeed(None)
        self._work: Deferred[Any] = succeed(None)
        self._is_stopped = False

    @property
    def progress(self) -> Progress:
        """How it stands."""
        return self.reporter.progress

    @property
    def may_be_canceled(self) -> bool:
        """Whether it is still waited for."""
        return not self.progress.is_ended

    def show(self, hit: Hit) -> None:
        """Tell how far its holder is, unless it was canceled."""
        if self.may_be_canceled:
            self.reporter.measured(hit.size)
            self.reporter.account.hashing = hit.peer, hit.hashed
            self.reporter.become(Hashing(hit.peer, hit.hashed, hit.growing))

    def miss(self) -> None:
        """Tell that nobody is there who has it, unless it was canceled."""
        if self.may_be_canceled and not isinstance(self.progress.state, Waiting):
            self.reporter.become(Waiting())

    async def during(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Do some work for it, such as to ask its holder, or to wait before that.

        :raises CancelledError: when it was stopped or canceled, before or meanwhile.
        """
        if self._is_stopped:
            work.close()
            raise CancelledError
        self._work = Deferred.fromCoroutine(work)
        result: T = await self._work
        return result

    def fail(self, reason: str, exit_: Exit) -> None:
        """End it, unless it was canceled; the reason is for people."""
        if self.may_be_canceled:
            self.reporter.become(Failed(reason, has_arrived=False, exit=exit_))

    def cancel(self, why: str = "") -> None:
        """End it."""
        self.reporter.become(Canceled(why))
        self.stop()

    def stop(self) -> None:
        """Do nothing more for it: the peer ends."""
        self._is_stopped = True
        self._work.cancel()
