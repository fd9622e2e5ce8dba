"""What is recorded of a daemon."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.api.event_stream import Tell
from p2p_twisted.api.event_views import EventView, MissedView, WarningView
from p2p_twisted.recording.event_log import EventLog
from p2p_twisted.recording.limits import RECORDING_BYTES, RECORDING_LEAST_BYTES, UNWRITTEN_BYTES
from p2p_twisted.recording.recorded_views import RecordingView, SnapshotView, decode_line
from p2p_twisted.recording.recorder import Recorder
from p2p_twisted.recording.recording_file import RecordingFile, earlier
from p2p_twisted.runtime.threads import inline
from p2p_twisted.runtime.watches import Watches
from tests.recording.builders import HEADER, events, peers, state_of


class Disk:
    """Does what it is called for, unless it stands still or is full."""

    def __init__(self) -> None:
        self.is_full = self.is_still = False
        self.waiting: list[Callable[[], object]] = []

    def __call__(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        def call() -> "Deferred[Any]":
            if self.is_full and function.__name__ == "write":
                return inline(self._refuse)
            return inline(function, *args)

        if not self.is_still:
            return call()
        later: Deferred[Any] = Deferred()
        self.waiting.append(lambda: call().chainDeferred(later))
        return later

    def go(self) -> None:
        """Stand still no longer."""
        self.is_still = False
        while self.waiting:
            self.waiting.pop(0)()

    def _refuse(self) -> None:
        raise OSError(errno.ENOSPC, "no space")


class EventLogTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.clock = MemoryReactorClock()
        self.told: Watches[EventView] = Watches()
        self.disk = Disk()

    def start(self, most: int = RECORDING_LEAST_BYTES) -> EventLog:
        """Record what is told."""

        def record(tell: Tell) -> Callable[[], None]:
            return self.told.watch(tell)

        log = EventLog(
            self.clock,
            record,
            recorder=Recorder(HEADER),
            file=RecordingFile(self.path),
            most=most,
            offload=self.disk,
            date=self.clock.seconds,
        )
        log.startService()
        while self.clock.whenRunningHooks:
            hook, args, how = self.clock.whenRunningHooks.pop(0)
            hook(*args, **how)
        self.clock.advance(1.0)
        return log

    def stop(self, log: EventLog) -> None:
        """End it."""
        self.successResultOf(Deferred.fromCoroutine(log.stopService()))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertFalse(self.told)

    def lines(self, path: Path | None = None) -> list[EventView | None]:
        """Read what was written."""
        return [*map(decode_line, (path or self.path).read_bytes().splitlines())]

    def test_writes(self) -> None:
        """All that is told, once a second, and the rest at the end."""
        log = self.start()
        for event in events():
            self.told.tell(event)
        self.clock.advance(1.0)
        self.assertEqual(self.lines()[2:], events())
        self.told.tell(events()[0])
        self.stop(log)
        self.assertEqual(self.lines()[-1], events()[0])

    def test_started_again(self) -> None:
        """Another run is written behind the last one, and says that it is one."""
        for _ in range(2):
            log = self.start()
            self.told.tell(events()[0])
            self.stop(log)
        kinds = [None if each is None else each.kind for each in self.lines()]
        self.assertEqual(kinds, ["recording", "snapshot", "peers"] * 2)

    def test_bounded(self) -> None:
        """It takes so much space and no more; each file begins with how things stood."""
        log = self.start()
        names = [f"s{i}" for i in range(500)]
        self.told.tell(peers(1.0, " ".join(names), **dict.fromkeys(names, "s1 s2")))
        warning = WarningView(at=2.0, text="x" * 100_000)
        for _ in range(100):
            self.told.tell(warning)
            self.clock.advance(1.0)
            sizes = [
                each.stat().st_size for each in (self.path, earlier(self.path)) if each.exists()
            ]
            self.assertLess(sum(sizes), RECORDING_LEAST_BYTES + 300_000)
        self.stop(log)
        for path in (self.path, earlier(self.path)):
            first, second, *rest = self.lines(path)
            assert isinstance(first, RecordingView)
            assert isinstance(second, SnapshotView)
            self.assertEqual(len(second.peers), 500)
            self.assertIn(warning, rest)

    def test_full_disk(self) -> None:
        """A full disk ends it with one sentence."""
        log = self.start()
        self.disk.is_full = True
        self.told.tell(events()[0])
        with capturedLogs() as said:
            self.clock.pump([1.0] * 5)
        [text] = map(formatEvent, said)
        self.assertIn("nothing more is written to", text)
        self.assertFalse(self.told)
        self.stop(log)

    def test_not_to_be_had(self) -> None:
        """So does a file that cannot be written from the beginning."""
        self.path.write_text("my notes\n")
        with capturedLogs() as said:
            log = self.start()
        self.assertEqual(len(said), 1)
        self.stop(log)
        self.assertEqual(self.path.read_text(), "my notes\n")

    def test_slow_disk(self) -> None:
        """Of what happens while the disk stands still, so much is kept; a gap is written."""
        log = self.start(RECORDING_BYTES)
        self.disk.is_still = True
        big = WarningView(at=1.0, text="x" * 100_000)
        self.told.tell(big)
        self.clock.advance(1.0)
        many = 2 * UNWRITTEN_BYTES // 100_000
        for _ in range(many):
            self.told.tell(big)
            self.clock.advance(1.0)
        self.told.tell(peers(5.0, "s9", s9="s1"))
        self.disk.go()
        self.clock.advance(1.0)
        after = WarningView(at=6.0, text="goes on")
        self.told.tell(after)
        self.stop(log)
        lines = [each for each in self.lines() if each is not None]
        self.assertEqual(lines[-1], after)
        gap = next(i for i, each in enumerate(lines) if isinstance(each, MissedView))
        self.assertLess(sum(each == big for each in lines), many)
        self.assertEqual(state_of(*lines[gap:]).links, {"s9": ("s1",)})
