"""One request to one holder, from its ticket to the end of what comes of it."""

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from p2p_twisted.bandwidth.limiter import TransferPace
from p2p_twisted.download.leg import Leg
from p2p_twisted.download.limits import RELAYED_STALL_SECONDS
from p2p_twisted.download.push_receiver import PushReceiver
from p2p_twisted.download.receiver import OpenFile
from p2p_twisted.download.relay_watch import RelayWatch
from p2p_twisted.download.trust import Verdict
from p2p_twisted.explain.push_times import PushTimes
from p2p_twisted.storage.content import WrongContent
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.connection_info import tcp_info
from p2p_twisted.wire.messages import Hit, Meeting, Push, Want
from p2p_twisted.wire.names import FileId, MessageId, PeerAddress
from p2p_twisted.wire.reaching import DIRECT

Receive = Callable[[Connection, Push, "PendingWant"], PushReceiver]
"""Makes the session of a push that was asked for."""


class PendingWant:
    """
    One holder's chance to deliver.

    :param hit: what it is asked for.
    :param receive: makes the session of its push.
    :param gone: is called when the holder does not share the file any more.
    :param open_file: opens the file where it comes on a link; without one it may not.
    :ivar how: the holder and this peer reach each other, once it delivers.
    :ivar times: how the time goes by from then on.
    :ivar tickets: by which it is known, the last of them last.
    :ivar dialed: a connection to the holder, where that could not dial this peer; or to a relay.
    :ivar leg: what comes by way of a relay, where neither could dial the other.
    :ivar watch: sees whether that is slow.
    :ivar unreachable: where the holder listens, if this peer could not dial it either.
    :ivar is_gone: whether the holder says that it does not share the file any more.
    :ivar relays_were_full: whether a peer would have relayed, but had no place left.
    """

    def __init__(
        self,
        hit: Hit,
        file_id: FileId,
        size: int | None,
        receive: Receive,
        *,
        gone: Callable[[], None] | None = None,
        open_file: OpenFile | None = None,
    ) -> None:
        self.hit = hit
        self.holder = hit.peer
        self.file_id = file_id
        self.size = size
        self.receive = receive
        self._gone = gone
        self.open_file = open_file
        self.session: PushReceiver | None = None
        self.from_link: Deferred[None] | None = None
        self.is_answered = False
        self.how = DIRECT
        self.times: PushTimes
        self.verdict: Verdict | None = None
        self.tickets: list[MessageId] = []
        self.dialed: Connection | None = None
        self.leg: Leg | None = None
        self.watch: RelayWatch | None = None
        self.unreachable: PeerAddress | None = None
        self.is_gone = False
        self.relays_were_full = False
        self.done: Deferred[str] = Deferred()
        self.timer: IDelayedCall | None = None
        self.asked_at = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing is expected any more, or has begun to come."""
        return self.is_answered or self.done.called

    @property
    def patience(self) -> float:
        """How many seconds may bring next to nothing: another relay may be faster."""
        is_relayed = self.leg is not None and self.leg.has_pushed
        return RELAYED_STALL_SECONDS if is_relayed else limits.STALL_SECONDS

    def want(
        self, ticket: MessageId, me: PeerAddress, closed: bool, meeting: Meeting | None
    ) -> Want:
        """Write the request of a ticket."""
        where, route, more = (me.name, me.host, me.port), self.hit.route, self.open_file is None
        file = self.file_id
        return Want(ticket, file, *where, route, more=more, closed=closed, relay=meeting)

    def answered(self) -> None:
        """Record that the ticket was shown: there is no second time."""
        self.is_answered = True
        self.wait_no_more()

    def denied(self) -> None:
        """Record that the holder says that it does not share the file any more."""
        self.is_gone = True
        if self._gone is not None:
            self._gone()

    def over(self) -> None:
        """Record that nothing more comes of it."""
        self.answered()
        if self.session is not None:
            self.session.times.end()
        if self.watch is not None:
            self.watch.stop()

    def drop(self) -> None:
        """Accept nothing more of it."""
        if self.session is None and self.dialed is not None:
            self.dialed.abort()
        if self.session is not None and not self.session.is_done:
            self.session.abort()
        if self.from_link is not None:
            self.from_link.cancel()

    def wait_no_more(self) -> None:
        """Stop the timer, as what is under way has deadlines of its own; twice does no harm."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()

    def ended(self, reason: str) -> None:
        """End it; what was delivered stays."""
        if not self.done.called:
            self.done.callback(reason)

    def lied(self, reason: str) -> None:
        """End it, and remember whom not to ask again."""
        self.verdict = Verdict.LIED
        self.ended(reason)

    def doubted(self, reason: str) -> None:
        """End it, and remember whom not to ask for this file again."""
        self.verdict = Verdict.DOUBTED
        self.ended(reason)

    def failed(self, fault: Exception | Failure) -> None:
        """End it, with a fault that is ours."""
        if not self.done.called:
            self.done.errback(fault)

    def broke(self, failure: Failure) -> None:
        """End it with what went wrong with a file that came on a link."""
        if failure.check(WrongContent):
            self.lied(failure.getErrorMessage())
        elif not failure.check(CancelledError):
            self.failed(failure)

    def fits(self, file_id: FileId, size: int) -> bool:
        """Return whether something is what was asked for, as far as is known yet."""
        if self.is_answered or file_id != self.file_id:
            return False
        return size <= limits.MANIFEST_BYTES if self.size is None else size == self.size


def push_times(
    pending: PendingWant, connection: Connection, pace: TransferPace, now: Callable[[], float]
) -> PushTimes:
    """
    Begin to measure how the time of a push goes by.

    :param now: reads the monotonic clock, in seconds.
    """
    route = pending.hit.route
    return PushTimes(
        pending.holder,
        route[0] if route else pending.holder,
        now=now,
        paused=lambda: pace.paused_seconds,
        look=lambda: tcp_info(connection.transport),
        is_proven=connection.gate.other_end is not None,
    )
