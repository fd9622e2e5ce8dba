"""Give the last lines of the log to those who ask for them."""

from collections.abc import Callable
from typing import Any, Final

import attrs
from attrs import define, field

from p2p_twisted.api import limits
from p2p_twisted.api.feed import Feed, Ring
from p2p_twisted.api.kept_log import KeptLog, LogLine
from p2p_twisted.api.stream import Stream
from p2p_twisted.api.views import LogLineView

_BYTES: Final = limits.LOG_LINES_KEPT * limits.LOG_LINE_CHARACTERS


@define(eq=False)
class LogTail:
    """
    Takes over what was kept of the log, and what comes.

    :param warn: is told the text of what is a warning or worse.
    """

    _reactor: Any
    _kept: KeptLog
    _warn: Callable[[str], None]
    _feed: Feed = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._feed = Feed(self._reactor, Ring(0, limits.LOG_LINES_KEPT, _BYTES))
        self._kept.hand_over(self._add)

    def close(self) -> None:
        """End all answers."""
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

    def _add(self, line: LogLine) -> None:
        self._feed.add(LogLineView(**attrs.asdict(line)).encoded() + b"\n")
        if line.level != "info":
            self._warn(line.text.partition("\n")[0])
