"""Keep the last lines of the log for those who ask for them."""

from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

from attrs import define, field
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    eventAsText,
    globalLogPublisher,
)

from p2p_twisted.api import limits
from p2p_twisted.api.feed import Feed, Ring
from p2p_twisted.api.stream import Stream
from p2p_twisted.api.views import LogLineView
from p2p_twisted.runtime.daemonlog import worded

_BYTES: Final = limits.LOG_LINES_KEPT * limits.LOG_LINE_CHARACTERS


@define(eq=False)
class LogTail:
    """
    Observes the log of this process; single messages are left out.

    :param warn: is told the text of what is a warning or worse.
    """

    _reactor: Any
    _warn: Callable[[str], None]
    _feed: Feed = field(init=False)
    _observer: ILogObserver = field(init=False)
    _thread: int = field(init=False, factory=get_ident)

    def __attrs_post_init__(self) -> None:
        self._feed = Feed(self._reactor, Ring(0, limits.LOG_LINES_KEPT, _BYTES))
        self._observer = worded(self._observe)

    def open(self) -> None:
        """Begin to observe."""
        self._thread = get_ident()
        globalLogPublisher.addObserver(self._observer)

    def close(self) -> None:
        """Observe no more, and end all answers."""
        globalLogPublisher.removeObserver(self._observer)
        self._feed.close()

    async def follow(self, stream: Stream, lines: int, goes_on: bool) -> None:
        """
        Write the last lines.

        :param goes_on: whether to write those that come, too, until the reader has gone.
        :raises BadRequest: when too many read already.
        """
        ring = self._feed.ring
        at = max(ring.oldest, ring.next - lines)
        if goes_on:
            await self._feed.follow(stream, at)
        else:
            stream.write(ring.since(at, _BYTES)[0])

    def _observe(self, event: LogEvent) -> None:
        level = event.get("log_level")
        if level is None or level < LogLevel.info:
            return
        text = eventAsText(event, includeTimestamp=False, includeSystem=False)
        view = LogLineView(
            at=event.get("log_time", 0.0),
            level=level.name,
            source=str(event.get("log_namespace", "")),
            text=text.strip()[: limits.LOG_LINE_CHARACTERS],
        )
        if get_ident() == self._thread:
            self._add(view)
        else:
            self._reactor.callFromThread(self._add, view)

    def _add(self, view: LogLineView) -> None:
        self._feed.add(view.encoded() + b"\n")
        if view.level != "info":
            self._warn(view.text.partition("\n")[0])
