"""All uploads of a peer: decide which requests it serves, and dial the requesters."""

from collections.abc import Callable

import attrs
from twisted.internet.error import ConnectError
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.relay.meeting import meet
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.upload.awaited import AwaitedFetches
from p2p_twisted.upload.pushes import Pushes, ToPush
from p2p_twisted.upload.readers import Refusal
from p2p_twisted.upload.small_sender import read_whole
from p2p_twisted.upload.spent_tickets import SpentTickets
from p2p_twisted.upload.upload import Upload
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.messages import Error, Fetch, File, Hello, Meet, Want
from p2p_twisted.wire.names import MessageId, NetworkName, PeerAddress, PeerName
from p2p_twisted.wire.reaching import DIRECT, REVERSED, through
from p2p_twisted.wire.source import Source, SourceChanged


class Uploads:
    """
    Serves requests for this peer's content.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param name: of this peer.
    :param network: the name of the network, with which requesters must greet.
    :param pushes: send what is too large for a link.
    :param reading: calls what reads from a disk: see :class:`DiskThread`.
    :param may_dial: returns whether this peer may dial a host at all.
    :param bandwidth: limits what is sent.
    :param dials: limits those that fail.
    :param unreached: is told of a request whose requester could not be dialed, nor dial this peer.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Dialer,
        *,
        name: PeerName,
        network: NetworkName,
        pushes: Pushes,
        reading: Offload,
        may_dial: Callable[[str], bool],
        bandwidth: Bandwidth,
        unreached: Callable[[Want], None],
        dials: DialLimit,
    ) -> None:
        self._reactor = reactor
        self._name = name
        self._may_dial = may_dial
        self._network = network
        self._pushes = pushes
        self._reading = reading
        self._bandwidth = bandwidth
        self._dials = dials
        self._unreached = unreached
        self._awaited = AwaitedFetches()
        self._tickets = SpentTickets()

    def serve(self, want: Want, link: Connection | None, refuse: Refusal) -> None:
        """
        Deliver what is wanted: on the link if it is small, otherwise by a push.

        :param link: to the requester itself, if it is a neighbor.
        :param refuse: is called with the reason if it is not delivered.
        """
        if not self._tickets.spend(want.ticket):
            return
        pushes = self._pushes
        reason, _ = pushes.why_not(want)
        if reason is not None and (pushes.is_stopping or link is None or want.more):
            # Before anything is opened: to refuse must cost little.
            refuse(reason)
        elif pushes.is_busy_for(want):
            refuse("busy")
        else:
            background(self.log, "serving what is wanted", self._serve(want, link, refuse))

    async def _serve(self, want: Want, link: Connection | None, refuse: Refusal) -> None:
        pushes = self._pushes
        found = await pushes.find(want, link)
        if isinstance(found, ToPush):
            await self._deliver(want, link, found, refuse)
        elif pushes.is_to_show(want, link):
            self._have_it_fetched(want, f"{want.name} is to show its groups", refuse)
        else:
            # A peer that has just been started may not have looked at all of its files yet.
            refuse(*pushes.why_missing(want, found))

    async def _deliver(
        self, want: Want, link: Connection | None, found: ToPush, refuse: Refusal
    ) -> None:
        source = found.source
        is_sent = link is not None and await self._is_sent_on(link, want, source, refuse)
        if is_sent or not self._may_push(want, refuse):
            source.close()
        else:
            await self._push(want, found, refuse)

    def _may_push(self, want: Want, refuse: Refusal) -> bool:
        """Return whether to dial a requester now; refuse it otherwise."""
        at = _dialed(want)
        # Again: to open it may have taken long.
        reason, _ = self._pushes.why_not(want)
        if reason is not None:
            refuse(reason)
        elif want.closed:
            self._have_it_fetched(want, f"{want.name} is to dial this peer", refuse)
        elif not self._may_dial(at.host):
            refuse(f"{at.host} may not be dialed from here")
        elif not self._dials.take(at.host, at.port, self._reactor.seconds()):
            reason = f"{at.host} was dialed several times, and has not answered"
            self._have_it_fetched(want, reason, refuse)
        else:
            return True
        return False

    def fetched(self, connection: Connection, fetch: Fetch) -> None:
        """Push what was wanted on a connection that its requester has dialed."""
        other_end = connection.gate.other_end
        shown = None if other_end is None else other_end.name
        want = self._awaited.take(fetch.ticket, self._reactor.seconds(), shown)
        if want is None:
            connection.refuse(Error("nothing waits to be fetched by that ticket", "refused"))
        else:
            self.push_on(connection, want, REVERSED)

    def wanted(self, connection: Connection, want: Want) -> None:
        """Push what is wanted on the very connection on which a member wants it."""
        shown = connection.gate.other_end
        if shown is None or shown.name != want.name or not self._tickets.spend(want.ticket):
            connection.refuse(Error("that is not wanted by who has connected", "refused"))
        else:
            want = attrs.evolve(want, host=connection.host, via=(want.name,))
            self.push_on(connection, want, REVERSED)

    def push_on(self, connection: Connection, want: Want, how: str) -> None:
        """
        Push on a connection at whose other end the requester waits.

        :param how: the two reach each other.
        """
        background(self.log, "pushing a file", self._pushes.push_on(connection, want, how))

    def not_fetched(self, ticket: MessageId) -> None:
        """Handle that a requester that was to dial this peer cannot reach it either."""
        want = self._awaited.take(ticket, self._reactor.seconds())
        if want is not None:
            self._unreached(want)

    async def stop(self) -> None:
        """Abort all pushes and begin no more; returns when their connections are gone."""
        self._awaited.clear()
        await self._pushes.stop()

    def all(self) -> tuple[UploadProgress, ...]:
        """Return the progress of each push."""
        return self._pushes.all()

    async def _is_sent_on(
        self, link: Connection, want: Want, source: Source, refuse: Refusal
    ) -> bool:
        """Send a small file on a link, if the rate allows it; return whether that was all."""
        is_small = not want.more and source.size <= wire_limits.LINK_FILE_BYTES
        if not (is_small and self._bandwidth.up.take(source.size)):
            return False
        try:
            content = await read_whole(source, self._reading)
        except SourceChanged as fault:
            refuse(fault.told)
            return True
        # In one piece, so that no other line comes in between. The link's bounded queue cuts off
        # a neighbor that asks and never reads.
        link.send_raw(encode(File(want.ticket, source.size)) + content)
        return True

    async def _push(self, want: Want, found: ToPush, refuse: Refusal) -> None:
        at, how = _dialed(want), DIRECT if want.relay is None else through(want.relay.at.name)

        def is_expected(hello: Hello) -> bool:
            if not hello.is_from("peer", want.name, self._network):
                refuse(f"somebody else answers at {at.host}")
                return False
            self._dials.succeeded(at.host, at.port, self._reactor.seconds())
            # Only who answers takes a place, and others may have answered first.
            reason, slowest = self._pushes.why_not(want)
            if reason is not None:
                refuse(reason)
                return False
            self._pushes.make_room(slowest)
            return True

        made: list[Upload] = []

        def start(connection: Connection) -> Upload:
            made.append(self._pushes.make(connection, want, found, is_expected, how))
            return made[0]

        connection = Connection(self._reactor, start)
        [upload] = made
        try:
            await self._dial(want, connection)
        except ConnectError as error:
            upload.unconnected()
            self._have_it_fetched(want, f"{at.host} cannot be reached: {error}", refuse)
        await self._pushes.until_gone(connection, upload)
        is_early = self._reactor.seconds() - upload.began < wire_limits.FIRST_LINE_SECONDS
        if upload.is_cut and is_early and not self._pushes.is_stopping:
            # Among very many strangers its listener may have dropped us before we could speak.
            self._have_it_fetched(want, f"{at.host} ends connections at once", refuse)

    async def _dial(self, want: Want, connection: Connection) -> None:
        """Connect with a requester, by way of the relay where it waits at one."""
        if want.relay is None:
            await dial(self._reactor, want.host, want.port, connection)
            return
        at, came = want.relay.at, Meet(self._name, want.relay.token)

        def is_relay(hello: Hello) -> bool:
            return hello.is_from("peer", at.name, self._network)

        await meet(self._reactor, want.relay, came, is_relay, connection)

    def _have_it_fetched(self, want: Want, reason: str, refuse: Refusal) -> None:
        """Refuse, but let the requester dial this peer instead, if there is room to remember it."""
        refuse(reason, fetch=self._awaited.add(want, self._reactor.seconds()))


def _dialed(want: Want) -> PeerAddress:
    """Return where to dial for a requester."""
    return PeerAddress(want.name, want.host, want.port) if want.relay is None else want.relay.at
