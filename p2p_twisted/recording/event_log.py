"""Record what happens to a daemon, for as long as it runs and its disk takes it."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.event_views import EventView, MissedView
from p2p_twisted.recording.limits import UNWRITTEN_BYTES
from p2p_twisted.recording.recorder import Recorder
from p2p_twisted.recording.recording_file import RecordingFile
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload

_WRITE_SECONDS: Final = 1.0


class EventLog(Service):
    """
    Writes a recording in a thread, once a second; nobody waits for it.

    Where the disk is behind, events are left out, and that is written. Where it is full or
    fails, that is logged, and nothing more is recorded.

    :param record: tells all that happens from now on, and returns what ends that.
    :param file: is half as long at most as ``most`` bytes, and the one before it likewise.
    :param offload: calls in the order of the calls.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        record: Callable[[Tell], Callable[[], None]],
        *,
        recorder: Recorder,
        file: RecordingFile,
        most: int,
        offload: Offload,
        date: Callable[[], float],
    ) -> None:
        self._reactor = reactor
        self._record = record
        self._recorder = recorder
        self._file = file
        self._most = most // 2
        self._offload = offload
        self._date = date
        self._unwritten: list[bytes] = []
        self._unwritten_bytes = 0
        self._written = 0
        self._is_open = self._has_missed = False
        self._unwatch: Callable[[], None] | None = None
        self._timer: IDelayedCall | None = None
        self._work: Deferred[None] | None = None

    @override
    def startService(self) -> None:
        super().startService()
        self._keep(self._recorder.begin(self._date()))
        # Before the daemon does anything, so that nothing is missed.
        self._unwatch = self._record(self._add)
        # Not at once, as twistd may still fork, and the lock would be that of the process before.
        self._reactor.callWhenRunning(self._do, self._open)

    @override
    async def stopService(self) -> None:
        super().stopService()
        if self._work is not None:
            await self._work
        self._end()
        if self._is_open:
            await self._write()
            await self._offload(self._file.close)

    def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._timer = None
        self._work = Deferred.fromCoroutine(work())
        background(self.log, "recording", self._work)

    async def _open(self) -> None:
        try:
            self._written = await self._offload(self._file.open)
        except OSError as error:
            self._fail(error)
        else:
            self._is_open = True
            self._wait()

    async def _write_and_wait(self) -> None:
        await self._write()
        self._wait()

    def _wait(self) -> None:
        if self._is_open and self.running:
            self._timer = self._reactor.callLater(_WRITE_SECONDS, self._do, self._write_and_wait)

    async def _write(self) -> None:
        content, self._unwritten = b"".join(self._unwritten), []
        self._unwritten_bytes = 0
        written = self._written + len(content)
        # At once: what happens from now on is written behind it.
        head = self._recorder.begin(self._date()) if written >= self._most else b""
        try:
            if content:
                await self._offload(self._file.write, content)
            if head:
                await self._offload(self._file.begin_another)
                await self._offload(self._file.write, head)
                # However long the head is, more than that is written behind it.
                written = min(len(head), self._most // 2)
        except OSError as error:
            self._fail(error)
        self._written = written

    def _add(self, event: EventView) -> None:
        line = self._recorder.add(event)
        if self._unwritten_bytes + len(line) > UNWRITTEN_BYTES:
            self._has_missed = True
            return
        if self._has_missed:
            self._has_missed = False
            self._keep(self._recorder.add(MissedView(at=event.at)))
            self._keep(self._recorder.snapshot(event.at))
        self._keep(line)

    def _keep(self, content: bytes) -> None:
        self._unwritten.append(content)
        self._unwritten_bytes += len(content)

    def _fail(self, error: OSError) -> None:
        self._end()
        self._unwritten.clear()
        self._is_open = False
        self.log.warn(
            "--events: nothing more is written to {path}: {error}; start this daemon again once"
            " that is mended",
            path=str(self._file.path),
            error=error,
        )

    def _end(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
