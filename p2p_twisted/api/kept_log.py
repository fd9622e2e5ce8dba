"""Keep the last lines of the log, from before anybody asks for them."""

from collections import deque
from collections.abc import Callable
from threading import get_ident
from typing import Any

import attrs
from attrs import define, field
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogPublisher

from p2p_twisted.api import limits
from p2p_twisted.runtime.daemonlog import worded


@attrs.frozen
class LogLine:
    """
    A line of the log.

    :ivar at: when it was logged, in seconds since 1970.
    :ivar level: how grave it is.
    :ivar source: the part of the program that logged it.
    """

    at: float
    level: str
    source: str
    text: str


@define(eq=False)
class KeptLog:
    """Observes the log of this process; single messages are left out."""

    _reactor: Any
    _lines: deque[LogLine] = field(init=False)
    _tell: Callable[[LogLine], None] = field(init=False)
    _observer: ILogObserver = field(init=False)
    _thread: int = field(init=False, factory=get_ident)

    def __attrs_post_init__(self) -> None:
        self._lines = deque(maxlen=limits.LOG_LINES_KEPT)
        self._tell = self._lines.append
        self._observer = worded(self._observe)

    def open(self) -> None:
        """Begin to observe."""
        self._thread = get_ident()
        globalLogPublisher.addObserver(self._observer)

    def close(self) -> None:
        """Observe no more."""
        globalLogPublisher.removeObserver(self._observer)

    def hand_over(self, tell: Callable[[LogLine], None]) -> None:
        """Tell the lines so far, and each that comes; none is kept here any more."""
        self._tell = tell
        while self._lines:
            tell(self._lines.popleft())

    def _observe(self, event: LogEvent) -> None:
        level = event.get("log_level")
        if level is None or level < LogLevel.info:
            return
        text = eventAsText(event, includeTimestamp=False, includeSystem=False)
        line = LogLine(
            at=event.get("log_time", 0.0),
            level=level.name,
            source=str(event.get("log_namespace", "")),
            text=text.strip()[: limits.LOG_LINE_CHARACTERS],
        )
        if get_ident() == self._thread:
            self._tell(line)
        else:
            self._reactor.callFromThread(lambda: self._tell(line))
