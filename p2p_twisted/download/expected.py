"""A download that has not begun: its holder is still hashing what is wanted."""

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from p2p_twisted.download.progress import Canceled, Failed, Hashing, Progress, Waiting
from p2p_twisted.download.reporter import Reporter, Watch
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.wire.messages import Hit

_UNKNOWN_ID = "0" * 64


class ExpectedDownload:
    """
    Stands among the downloads until its content has an id: it is shown, and can be canceled.

    :param number: what the person calls it by, also once it has begun.
    :param watch: is told of its progress.
    :ivar idle: fires when nothing is being done for it: at once.
    """

    may_be_paused = may_be_resumed = False

    def __init__(self, clock: IReactorTime, number: int, name: str, watch: Watch) -> None:
        self.reporter = Reporter(clock, Progress(number, name, _UNKNOWN_ID, 0))
        self.reporter.watch(watch)
        self.idle: Deferred[None] = succeed(None)
        self._clock = clock
        self._pause: Deferred[None] = succeed(None)

    @property
    def progress(self) -> Progress:
        """How it stands."""
        return self.reporter.progress

    @property
    def may_be_canceled(self) -> bool:
        """Whether it is still waited for."""
        return not self.progress.is_ended

    def show(self, hit: Hit) -> None:
        """Tell how far its holder is."""
        self.reporter.measured(hit.size)
        self.reporter.become(Hashing(hit.peer, hit.hashed, hit.growing))

    def miss(self) -> None:
        """Tell that nobody is there who has it."""
        if not isinstance(self.progress.state, Waiting):
            self.reporter.become(Waiting())

    async def wait(self, seconds: float) -> None:
        """
        Wait before the holder is asked again.

        :raises CancelledError: when it was stopped meanwhile, or canceled.
        """
        self._pause = deferLater(self._clock, seconds)
        await self._pause

    def fail(self, reason: str, exit_: Exit) -> None:
        """End it, unless it was canceled; the reason is for people."""
        if self.may_be_canceled:
            self.reporter.become(Failed(reason, has_arrived=False, exit=exit_))

    def cancel(self) -> None:
        """End it."""
        self.reporter.become(Canceled())
        self.stop()

    def stop(self) -> None:
        """Wait no longer: the peer ends."""
        self._pause.cancel()
