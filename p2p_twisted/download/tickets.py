"""Ask holders to deliver, and let in only what answers: a ticket is good for one push."""

from collections.abc import Callable
from functools import partial
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.download import limits
from p2p_twisted.download.barriers import Barriers, Refusals
from p2p_twisted.download.download_network import DownloadNetwork
from p2p_twisted.download.fetching import FetchRequest, HolderDialer, Unreachable
from p2p_twisted.download.link_file import receive_file
from p2p_twisted.download.pending_want import PendingWant, push_times
from p2p_twisted.download.push_receiver import PushReceiver
from p2p_twisted.download.receiver import ChunkReceiver, OpenFile, Unwanted
from p2p_twisted.download.relays import ONE_AT_A_TIME, Relays
from p2p_twisted.download.small_in_progress import SmallFilesInProgress
from p2p_twisted.download.small_receiver import SmallFileReceiver
from p2p_twisted.download.trust import Trust
from p2p_twisted.runtime.background import background
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.firewall import cut_off, relays_full
from p2p_twisted.wire.messages import Fetch, File, Hit, Meeting, Push, Refuse, Want
from p2p_twisted.wire.names import FileId, MessageId, PeerAddress, PeerName
from p2p_twisted.wire.reaching import DIRECT, REVERSED
from p2p_twisted.wire.session import Session

_FITS_NOTHING: Final = -1
_GONE: Final = "not reachable any more"
_CUT_OFF: Final = "neither side reaches the other"


class Tickets:
    """
    Ask holders, and recognize what they send.

    :param new_ticket: makes random tickets that cannot be guessed.
    :param limiter: of what is received.
    :param dialer: dials holders that could not dial this peer.
    :param relays: have those push that neither side reaches.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        network: DownloadNetwork,
        new_ticket: Callable[[], MessageId],
        limiter: Limiter,
        dialer: HolderDialer,
        *,
        relays: Relays,
    ) -> None:
        self._clock = clock
        self._network = network
        self._new_ticket = new_ticket
        self._limiter = limiter
        self._dialer = dialer
        self._relays = relays
        self._barriers = Barriers()
        self._refusals = Refusals()
        self._open: dict[MessageId, PendingWant] = {}
        self._trust = Trust()

    def may_ask(self, hit: Hit) -> bool:
        """Return whether a holder is worth asking: not this peer, and not one to distrust."""
        is_another = hit.peer != self._network.address().name
        return is_another and self._trust.may_ask(hit, self._clock.seconds())

    def may_ask_now(self, hit: Hit) -> bool:
        """Return whether a holder is worth asking, and not to be tried again only later."""
        return self.may_ask(hit) and self._barriers.may_ask(hit, self._clock.seconds())

    def linked(self, peer: PeerName) -> None:
        """Record that a peer is a neighbor now, and so can be reached, or reach this one."""
        self._barriers.linked(peer)
        self._relays.linked(peer)

    def relay_came(self, peer: PeerName) -> None:
        """Have holders tried again that were not reached: a peer is there now that may relay."""
        self._relays.came(peer, self._barriers.hurry(self._clock.seconds()))

    def unreachable(self, hit: Hit) -> PeerAddress | None:
        """Return where a holder listens that cannot be reached, nor reach this peer."""
        return self._barriers.between(hit)

    def refusal(self, hit: Hit) -> str | None:
        """Return what a holder has said of late that it does not serve; a sentence for people."""
        return self._refusals.of(hit, self._clock.seconds())

    def is_doubtful(self, hit: Hit) -> bool:
        """
        Return whether others are to be asked before a holder.

        Probably neither reaches the other, or the neighbor that leads to it has led to nobody.
        """
        is_barred = hit.closed and self._network.is_closed()
        return is_barred or self._trust.led_to_nobody(hit, self._clock.seconds())

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

        return await self._ask(hit, PendingWant(hit, file_id, size, receive, open_file=open_file))

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
        return await self._ask(hit, PendingWant(hit, file_id, size, receive, gone=gone))

    async def is_gone(self, hit: Hit, file_id: FileId | None = None) -> bool:
        """
        Ask a holder whether it does not share something any more.

        :param file_id: of what; that of the hit by default.
        :returns: false also where it does not answer; what it delivers instead is declined.
        """
        wanted = file_id or hit.file
        assert wanted is not None
        pending = PendingWant(hit, wanted, _FITS_NOTHING, _decline)
        await self._ask(hit, pending)
        if pending.is_gone:
            self._trust.admitted(hit, wanted)
        return pending.is_gone

    async def _ask(self, hit: Hit, pending: PendingWant) -> str:
        pending.asked_at = self._clock.seconds()
        self._barriers.asked(hit, pending.asked_at)
        try:
            want, detour = self._want(pending), self._relays.detour(hit)
            if detour is not None:
                background(self.log, "meeting a holder", self._meet(pending, detour, _CUT_OFF))
            elif not self._network.send_want(want):
                return _GONE
            self._wait_for_push(pending)
            reason = await pending.done
            has_come = pending.session is not None or pending.from_link is not None
            self._trust.led(hit, has_come, self._clock.seconds())
            return reason
        finally:
            for ticket in pending.tickets:
                del self._open[ticket]
            pending.over()
            self._judge_reach(pending)
            if (verdict := self._relays.judge(pending)) is not None:
                self._trust.judge(hit, pending.file_id, verdict, self._clock.seconds())
            pending.drop()

    def _want(self, pending: PendingWant, meeting: Meeting | None = None) -> Want:
        """Draw a ticket, and write the request that names it."""
        ticket, hit = self._new_ticket(), pending.hit
        self._open[ticket] = pending
        pending.tickets.append(ticket)
        # A holder that is closed, too, or that was not reached before, is to try as well.
        is_open = not hit.closed and self._barriers.between(hit) is None and meeting is None
        closed = is_open and self._network.is_closed()
        return pending.want(ticket, self._network.address(), closed, meeting)

    def session_for_push(self, connection: Connection, push: Push, how: str = DIRECT) -> Session:
        """
        Make the session of a connection on which a push begins; close unwanted ones.

        :param how: the holder and this peer reach each other.
        """
        pending = self._open.get(push.ticket)
        if pending is None or not pending.fits(push.file, push.size):
            self.log.debug("a push that was not asked for, from {host}", host=connection.host)
            connection.abort()
            return Unwanted()
        self.log.debug("{holder} pushes {file}", holder=pending.holder, file=push.file)
        pace = self._limiter.pace()
        connection.input.pace(pace)
        pending.answered()
        pending.how = how
        pending.times = push_times(pending, connection, pace, self._clock.seconds)
        pending.session = pending.receive(connection, push, pending)
        return pending.session

    def refused(self, refuse: Refuse) -> None:
        """Handle that a holder cannot serve: the next one is asked, or it is dialed itself."""
        pending = self._open.get(refuse.ticket)
        if pending is None or pending.is_answered or refuse.ticket != pending.tickets[-1]:
            return
        if pending.leg is None and pending.dialed is not None:
            return
        if refuse.gone:
            pending.denied()
        if refuse.dial is not None and pending.leg is not None:
            pending.leg.failed(refuse.reason)
        elif refuse.dial is not None and refuse.dial.name == pending.holder:
            background(self.log, "dialing a holder", self._fetch(pending, refuse, refuse.dial))
        else:
            self._refusals.put(pending.hit, refuse.reason, self._clock.seconds())
            pending.ended(refuse.reason)

    async def _fetch(self, pending: PendingWant, refuse: Refuse, holder: PeerAddress) -> None:
        """Dial a holder that could not dial this peer; tell it when that is in vain, too."""
        self._wait_for_push(pending)
        pending.dialed = connection = Connection(
            self._clock,
            lambda made: FetchRequest(
                made,
                Fetch(refuse.ticket),
                partial(self._dialer.is_holder, holder),
                partial(self.session_for_push, how=REVERSED),
                pending.ended,
            ),
        )
        try:
            await self._dialer.dial(holder, connection)
        except Unreachable as error:
            await self._meet(pending, holder, str(error))

    async def _meet(self, pending: PendingWant, holder: PeerAddress, why: str) -> None:
        """Have a holder push through a relay; tell it when that is in vain, too."""

        def want(meeting: Meeting) -> None:
            self._wait_for_push(pending)
            if not self._network.send_want(self._want(pending, meeting)):
                pending.ended(_GONE)

        if await self._relays.reach(pending, holder, want, self.session_for_push):
            return
        if self._relays.is_busy_with(holder):
            self._refusals.put(pending.hit, ONE_AT_A_TIME, self._clock.seconds())
            pending.ended(ONE_AT_A_TIME)
        else:
            pending.unreachable = holder
            refusal = Refuse(pending.tickets[-1], why, pending.hit.route)
            self._network.send_refusal(refusal)
            pending.ended(why)

    def _wait_for_push(self, pending: PendingWant) -> None:
        pending.wait_no_more()
        late = partial(pending.ended, "did not deliver in time")
        pending.timer = self._clock.callLater(limits.PUSH_WITHIN_SECONDS, late)

    def _judge_reach(self, pending: PendingWant) -> None:
        """Remember a holder that cannot be reached, nor reach this peer."""
        hit = pending.hit
        if pending.session is not None or pending.from_link is not None:
            self._barriers.passed(hit)
            self._refusals.drop(hit)
        elif pending.unreachable is not None:
            there, here = pending.unreachable, self._network.address()
            cut = relays_full() if pending.relays_were_full else cut_off(there, here)
            self._barriers.found(hit, there, pending.asked_at, cut)

    def file_arrives(self, connection: Connection, file: File) -> None:
        """
        Accept a small file from a link; one that was not asked for is read and dropped.

        Called while the message is received: its bytes follow.
        """
        pending = self._open.get(file.ticket)
        if receive_file(connection, file.size, pending, self._limiter) and pending is not None:
            pending.timer = self._clock.callLater(
                wire_limits.STALL_SECONDS, pending.ended, "the connection was lost"
            )


def _decline(_connection: Connection, _push: Push, _want: PendingWant) -> PushReceiver:
    raise AssertionError("no push fits")
