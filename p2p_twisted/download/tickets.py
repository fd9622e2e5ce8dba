"""What was asked of holders: only what a ticket of ours answers is let in."""

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.download import limits
from p2p_twisted.download.receiver import ChunkReceiver, Unwanted
from p2p_twisted.download.small_receiver import SmallFileReceiver, SmallFileTaker
from p2p_twisted.download.taking import Taker
from p2p_twisted.download.trust import Trust, Verdict
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import File, Hit, Push, Refuse, Want
from p2p_twisted.wire.names import FileId, MessageId, PeerAddress, PeerName
from p2p_twisted.wire.session import Session

Receive = Callable[[Connection, Push, "PendingWant"], "ChunkReceiver | SmallFileReceiver"]


class DownloadNetwork(Protocol):
    """What downloads need of the network."""

    def send_want(self, want: Want) -> bool:
        """Send a request to the first peer of its route; tell whether that is a neighbor."""

    def find(self, file: FileId, again: bool = False) -> "Deferred[tuple[Hit, ...]]":
        """
        Ask who has some content; it fires in bounded time, and never fails.

        :param again: whether that was asked of late, and will be once more if need be: then
            it costs less, and may miss some.
        """

    def address(self) -> PeerAddress:
        """Tell where this peer listens."""


class PendingWant:
    """
    One holder's chance to deliver.

    :param receive: makes the session of its push.
    :param gone: is called when the holder does not share the file any more.
    :param taker: takes the file where it comes on a link; without one it may not.
    """

    def __init__(
        self,
        holder: PeerName,
        file: FileId,
        size: int | None,
        receive: "Receive",
        gone: Callable[[], None],
        taker: Taker | None = None,
    ) -> None:
        self.holder = holder
        self.file = file
        self.size = size
        self.receive = receive
        self.gone = gone
        self.taker = taker
        self.session: ChunkReceiver | SmallFileReceiver | None = None
        self.is_answered = False
        self.verdict: Verdict | None = None
        self.done: Deferred[str] = Deferred()
        self.timer: IDelayedCall | None = None

    def answered(self) -> None:
        """Take note that the ticket was shown: there is no second time."""
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

    def failed(self, fault: Exception) -> None:
        """End it, with a fault that is ours."""
        if not self.done.called:
            self.done.errback(fault)

    def fits(self, file: FileId, size: int) -> bool:
        """Tell whether something is what was asked for, as far as one can tell yet."""
        if self.is_answered or file != self.file:
            return False
        return size <= wire_limits.MANIFEST_BYTES if self.size is None else size == self.size


class Tickets:
    """
    Ask holders, and recognize what they send.

    :param new_ticket: makes random tickets that nobody can guess.
    :param pacer: of what comes on links.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        network: DownloadNetwork,
        new_ticket: Callable[[], MessageId],
        pacer: Limiter,
    ) -> None:
        self._clock = clock
        self._network = network
        self._new_ticket = new_ticket
        self._pacer = pacer
        self._open: dict[MessageId, PendingWant] = {}
        self._trust = Trust()

    def may_ask(self, hit: Hit) -> bool:
        """Tell whether a holder is worth asking: not ourselves, and nobody to distrust."""
        is_another = hit.peer != self._network.address().name
        return is_another and self._trust.may_ask(hit, self._clock.seconds())

    async def ask(self, hit: Hit, file: FileId, size: int | None, taker: Taker) -> str:
        """
        Let a holder deliver what it can; the taker takes it.

        :param size: of the content; ``None`` for any that a manifest may have.
        :returns: why the delivery ended: the taker knows whether it is complete.
        :raises DiskFault: when what came could not be kept.
        """

        def receive(connection: Connection, push: Push, request: PendingWant) -> ChunkReceiver:
            return ChunkReceiver(connection, push, request, taker)

        return await self._ask(hit, PendingWant(hit.peer, file, size, receive, _ignore, taker))

    async def ask_for_many(self, hit: Hit, file: FileId, size: int, taker: SmallFileTaker) -> str:
        """
        Let a holder connect that delivers small files, as the taker chooses.

        :param file: one of them, of ``size`` bytes.
        :returns: why the delivery ended.
        """

        def receive(connection: Connection, push: Push, request: PendingWant) -> SmallFileReceiver:
            return SmallFileReceiver(connection, push, request, taker)

        def gone() -> None:
            taker.refused(hit.peer, file)

        return await self._ask(hit, PendingWant(hit.peer, file, size, receive, gone))

    async def _ask(self, hit: Hit, request: PendingWant) -> str:
        ticket = self._new_ticket()
        self._open[ticket] = request
        try:
            me = self._network.address()
            more = request.taker is None
            want = Want(ticket, request.file, me.name, me.host, me.port, hit.route, more=more)
            if not self._network.send_want(want):
                return "not reachable any more"
            request.timer = self._clock.callLater(
                limits.PUSH_WITHIN_SECONDS, request.ended, "did not deliver in time"
            )
            return await request.done
        finally:
            del self._open[ticket]
            request.answered()
            if request.verdict is not None:
                self._trust.judge(hit, request.file, request.verdict, self._clock.seconds())
            if request.session is not None and not request.session.is_done:
                request.session.abort()

    def session_for_push(self, connection: Connection, push: Push) -> Session:
        """Make the session of a connection that began with a push; unwanted ones are closed."""
        request = self._open.get(push.ticket)
        if request is None or not request.fits(push.file, push.size):
            self.log.debug("a push that nobody asked for, from {host}", host=connection.host)
            connection.abort()
            return Unwanted()
        self.log.debug("{holder} pushes {file}", holder=request.holder, file=push.file)
        request.answered()
        request.session = request.receive(connection, push, request)
        return request.session

    def refused(self, refuse: Refuse) -> None:
        """Take note that a holder cannot serve: the next one is asked."""
        request = self._open.get(refuse.ticket)
        if request is not None and not request.is_answered:
            if refuse.gone:
                request.gone()
            request.ended(refuse.reason)

    def file_arrives(self, connection: Connection, file: File) -> None:
        """
        Take a small file from a link; what nobody waits for is read and dropped.

        Called while the message is received: its bytes follow.
        """
        request = self._open.get(file.ticket)
        taker = request.taker if request is not None else None
        if request is None or taker is None or not request.fits(request.file, file.size):
            connection.input.skip_raw(file.size)
            return
        request.answered()
        request.timer = self._clock.callLater(
            wire_limits.STALL_SECONDS, request.ended, "the connection was lost"
        )
        content = bytearray()

        def take(piece: bytes) -> None:
            content.extend(piece)
            if len(content) == file.size:
                taking = _take_whole(request, taker, bytes(content), self._pacer.turn(file.size))
                background(self.log, "taking a small file", taking)

        connection.input.expect_raw(file.size, take)
        if not file.size:
            take(b"")


async def _take_whole(
    request: PendingWant, taker: Taker, content: bytes, turn: "Deferred[None]"
) -> None:
    """
    Let a file that arrived at once go the way of all content: digests, then chunks.

    :param turn: nothing more is asked for before.
    """
    await turn
    try:
        known = Content.of_whole(request.file, content)
        plan = await taker.begin(request.holder, known)
        if not plan.is_complete:
            taker.moved(request.holder, len(content))
            taker.take(request.holder, 0, memoryview(content))
    except WrongContent as lie:
        request.lied(str(lie))
    except DiskFault as fault:
        request.failed(fault)
    else:
        request.ended("complete")


def _ignore() -> None:
    """Take no interest."""
