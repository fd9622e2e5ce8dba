"""Ask holders to deliver, and let in only what answers: a ticket is good for one push."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.download import limits
from p2p_twisted.download.in_progress import SmallFilesInProgress
from p2p_twisted.download.receiver import ChunkReceiver, OpenFile, PushReceiver, Unwanted
from p2p_twisted.download.small_receiver import SmallFileReceiver
from p2p_twisted.download.trust import Trust, Verdict
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import File, Hit, Push, Refuse, Want
from p2p_twisted.wire.names import FileId, MessageId, PeerAddress, PeerName
from p2p_twisted.wire.session import Session

Receive = Callable[[Connection, Push, "PendingWant"], PushReceiver]
"""Makes the session of a push that was asked for."""


class DownloadNetwork(Protocol):
    """What downloads need of the network."""

    def send_want(self, want: Want) -> bool:
        """Send a request to the first peer of its route; return whether that is a neighbor."""

    def find(self, file_id: FileId, again: bool = False) -> "Deferred[tuple[Hit, ...]]":
        """
        Find holders of some content; it fires in bounded time, and never fails.

        :param again: whether that was asked of late, and will be once more if need be: then
            it costs less, and may miss some.
        """

    def address(self) -> PeerAddress:
        """Return where this peer listens."""


class PendingWant:
    """
    One holder's chance to deliver.

    :param receive: makes the session of its push.
    :param gone: is called when the holder does not share the file any more.
    :param open_file: opens the file where it comes on a link; without one it may not.
    """

    def __init__(
        self,
        holder: PeerName,
        file_id: FileId,
        size: int | None,
        receive: Receive,
        *,
        gone: Callable[[], None] | None = None,
        open_file: OpenFile | None = None,
    ) -> None:
        self.holder = holder
        self.file_id = file_id
        self.size = size
        self.receive = receive
        self.gone = gone
        self.open_file = open_file
        self.session: PushReceiver | None = None
        self.from_link: Deferred[None] | None = None
        self.is_answered = False
        self.verdict: Verdict | None = None
        self.done: Deferred[str] = Deferred()
        self.timer: IDelayedCall | None = None
        self.asked_at = 0.0

    def answered(self) -> None:
        """Record that the ticket was shown: there is no second time."""
        self.is_answered = True
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
        return size <= wire_limits.MANIFEST_BYTES if self.size is None else size == self.size


class Tickets:
    """
    Ask holders, and recognize what they send.

    :param new_ticket: makes random tickets that cannot be guessed.
    :param limiter: of what is received.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        network: DownloadNetwork,
        new_ticket: Callable[[], MessageId],
        limiter: Limiter,
    ) -> None:
        self._clock = clock
        self._network = network
        self._new_ticket = new_ticket
        self._limiter = limiter
        self._open: dict[MessageId, PendingWant] = {}
        self._trust = Trust()

    def may_ask(self, hit: Hit) -> bool:
        """Return whether a holder is worth asking: not this peer, and not one to distrust."""
        is_another = hit.peer != self._network.address().name
        return is_another and self._trust.may_ask(hit, self._clock.seconds())

    def led_to_nobody(self, hit: Hit) -> bool:
        """Return whether the neighbor by which a holder is reached has led to nobody of late."""
        return self._trust.led_to_nobody(hit, self._clock.seconds())

    def silent(self) -> set[PeerName]:
        """Return the holders that were asked more than a second ago, and have not answered."""
        late = self._clock.seconds() - limits.ANSWER_WITHIN_SECONDS
        asked = self._open.values()
        return {want.holder for want in asked if not want.is_answered and want.asked_at <= late}

    async def ask(self, hit: Hit, file_id: FileId, size: int | None, open_file: OpenFile) -> str:
        """
        Let a holder deliver what it can of one file.

        :param size: of the content in bytes; ``None`` for any that a manifest may have.
        :param open_file: is called with the content once its digests are proven.
        :returns: why the delivery ended; what is missing decides what comes next.
        :raises DiskFault: when what came could not be kept.
        """

        def receive(connection: Connection, push: Push, want: PendingWant) -> PushReceiver:
            return ChunkReceiver(connection, push, want, open_file)

        return await self._ask(
            hit, PendingWant(hit.peer, file_id, size, receive, open_file=open_file)
        )

    async def ask_for_many(self, hit: Hit, file_id: FileId, files: SmallFilesInProgress) -> str:
        """
        Let a holder connect that delivers small files, as their picker chooses.

        :param file_id: of one of them.
        :returns: why the delivery ended.
        """

        def receive(connection: Connection, push: Push, want: PendingWant) -> PushReceiver:
            return SmallFileReceiver(connection, push, want, files)

        def gone() -> None:
            files.picker.refused(hit.peer, file_id)

        size = files.picker.size(file_id)
        return await self._ask(hit, PendingWant(hit.peer, file_id, size, receive, gone=gone))

    async def _ask(self, hit: Hit, pending: PendingWant) -> str:
        ticket = self._new_ticket()
        self._open[ticket] = pending
        pending.asked_at = self._clock.seconds()
        try:
            me = self._network.address()
            more = pending.open_file is None
            want = Want(ticket, pending.file_id, me.name, me.host, me.port, hit.route, more=more)
            if not self._network.send_want(want):
                return "not reachable any more"
            pending.timer = self._clock.callLater(
                limits.PUSH_WITHIN_SECONDS, pending.ended, "did not deliver in time"
            )
            reason = await pending.done
            has_come = pending.session is not None or pending.from_link is not None
            self._trust.led(hit, has_come, self._clock.seconds())
            return reason
        finally:
            del self._open[ticket]
            pending.answered()
            if pending.verdict is not None:
                self._trust.judge(hit, pending.file_id, pending.verdict, self._clock.seconds())
            if pending.session is not None and not pending.session.is_done:
                pending.session.abort()
            if pending.from_link is not None:
                pending.from_link.cancel()

    def session_for_push(self, connection: Connection, push: Push) -> Session:
        """Make the session of a connection that began with a push; close unwanted ones."""
        pending = self._open.get(push.ticket)
        if pending is None or not pending.fits(push.file, push.size):
            self.log.debug("a push that was not asked for, from {host}", host=connection.host)
            connection.abort()
            return Unwanted()
        self.log.debug("{holder} pushes {file}", holder=pending.holder, file=push.file)
        connection.input.pace(self._limiter.pace())
        pending.answered()
        pending.session = pending.receive(connection, push, pending)
        return pending.session

    def refused(self, refuse: Refuse) -> None:
        """Handle that a holder cannot serve: the next one is asked."""
        pending = self._open.get(refuse.ticket)
        if pending is not None and not pending.is_answered:
            if refuse.gone and pending.gone is not None:
                pending.gone()
            pending.ended(refuse.reason)

    def file_arrives(self, connection: Connection, file: File) -> None:
        """
        Accept a small file from a link; one that was not asked for is read and dropped.

        Called while the message is received: its bytes follow.
        """
        pending = self._open.get(file.ticket)
        open_file = pending.open_file if pending is not None else None
        if pending is None or open_file is None or not pending.fits(pending.file_id, file.size):
            connection.input.skip_raw(file.size)
            return
        pending.answered()
        pending.timer = self._clock.callLater(
            wire_limits.STALL_SECONDS, pending.ended, "the connection was lost"
        )
        whole = bytearray()

        def take(piece: bytes) -> None:
            whole.extend(piece)
            if len(whole) == file.size:
                turn = self._limiter.turn(file.size)
                accepting = Deferred.fromCoroutine(_accept(pending, open_file, bytes(whole), turn))
                pending.from_link = accepting.addCallbacks(pending.ended, pending.broke)
                background(self.log, "accepting a small file", accepting)

        connection.input.expect_raw(file.size, take)
        if not file.size:
            take(b"")


async def _accept(
    pending: PendingWant, open_file: OpenFile, whole: bytes, turn: "Deferred[None]"
) -> str:
    """
    Let a file that arrived at once go the way of all content: digests, then chunks.

    :param turn: nothing more is asked for before.
    :returns: why the delivery ended.
    """
    await turn
    file = await open_file(Content.of_whole(pending.file_id, whole))
    if not file.picker.is_complete:
        file.moved(pending.holder, len(whole))
        file.accept(pending.holder, 0, memoryview(whole))
    return "complete"
