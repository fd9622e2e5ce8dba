"""What is read along of a daemon: what happens, and its log."""

from collections.abc import Callable
from typing import Any

from p2p_twisted.api import request_fields as asked
from p2p_twisted.api.event_stream import EventSource, EventStream, Tell
from p2p_twisted.api.event_views import EventView
from p2p_twisted.api.kept_log import KeptLog
from p2p_twisted.api.log_tail import LogTail
from p2p_twisted.api.route import Call, Form, Route
from p2p_twisted.api.views import LogLineView


class FollowRoutes:
    """
    Answers with what never ends by itself.

    :param source: tells what happens.
    :param kinds: all that it tells.
    :param log: of this process, from its start.
    :param reactor: provides the time, in seconds.
    :param date: reads the time of day, in seconds since 1970.
    """

    def __init__(
        self,
        source: EventSource,
        kinds: tuple[type[EventView], ...],
        log: KeptLog,
        reactor: Any,
        date: Callable[[], float],
    ) -> None:
        self._kinds = kinds
        self._events = EventStream(source, reactor, date)
        self._log = LogTail(reactor, log, self._events.warn)

    def close(self) -> None:
        """End all answers."""
        self._log.close()
        self._events.close()

    def record(self, tell: Tell) -> Callable[[], None]:
        """Tell all that happens from now on, in the whole network; return what ends that."""
        return self._events.record(tell)

    def routes(self) -> tuple[Route, ...]:
        """List what can be asked of it."""
        events, log = asked.EventsQuery, asked.LogQuery
        return (
            Route("GET", "/v1/events", self.follow, self._kinds, events, form=Form.EVENTS),
            Route("GET", "/v1/log", self.read_log, LogLineView, log, form=Form.LINES),
        )

    async def follow(self, call: Call) -> None:
        """Tell what happens, from now on or from a number on, until the reader closes."""
        query = call.query
        await self._events.follow(call.stream, query.after, query.network, query.person)

    async def read_log(self, call: Call) -> None:
        """Write the last lines of the log, and on request those that come, too."""
        await self._log.follow(call.stream, call.query.lines, call.query.follow)
