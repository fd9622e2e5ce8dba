"""All uploads of a peer: decide which requests it serves, and dial the requesters."""

from collections.abc import Callable
from random import Random

import attrs
from twisted.internet.defer import DeferredList
from twisted.internet.error import ConnectError
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.audience import Audience, Audiences
from p2p_twisted.upload.awaited import AwaitedFetches
from p2p_twisted.upload.places import NoPlace, UploadPlaces
from p2p_twisted.upload.readers import Readers, Refusal
from p2p_twisted.upload.small_sender import SharedContent, SmallFileSender, missing, read_whole
from p2p_twisted.upload.spent_tickets import SpentTickets
from p2p_twisted.upload.upload import Upload, UploadProgress
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.messages import Error, Fetch, File, Hello, Want
from p2p_twisted.wire.names import FileId, MessageId, NetworkName
from p2p_twisted.wire.source import Source, SourceChanged

_Found = tuple[SharedContent, Source, Audience]
"""What the requester may read, what of it is pushed, and who is sent that, too."""


class Uploads:
    """
    Serves requests for this peer's content.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param network: the name of the network, with which requesters must greet.
    :param readers: decides what of what this peer shares each may have.
    :param reading: calls what reads from a disk: see :class:`DiskThread`.
    :param may_dial: returns whether this peer may dial a host at all.
    :param bandwidth: limits what is sent.
    :param partials: running downloads, which can be served, too.
    :param rng: decides which chunks are revealed first.
    :param dials: limits those that fail.
    :param unreached: is told of a request whose requester could not be dialed, nor dial this peer.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Dialer,
        *,
        network: NetworkName,
        readers: Readers,
        reading: Offload,
        may_dial: Callable[[str], bool],
        bandwidth: Bandwidth,
        partials: PartialRegister,
        rng: Random,
        unreached: Callable[[Want], None],
        dials: DialLimit,
    ) -> None:
        self._reactor = reactor
        self._network = network
        self._readers = readers
        self._reading = reading
        self._may_dial = may_dial
        self._partials = partials
        self._bandwidth = bandwidth
        self._audiences = Audiences(reactor, bandwidth, rng)
        self._dials = dials
        self._unreached = unreached
        self._awaited = AwaitedFetches()
        self._places = UploadPlaces()
        self._open: dict[Connection, Upload] = {}
        self._tickets = SpentTickets()
        self._is_stopping = False
        self._opening = 0

    def serve(self, want: Want, link: Connection | None, refuse: Refusal) -> None:
        """
        Deliver what is wanted: on the link if it is small, otherwise by a push.

        :param link: to the requester itself, if it is a neighbor.
        :param refuse: is called with the reason if it is not delivered.
        """
        if not self._tickets.spend(want.ticket):
            return
        reason, _ = self._why_not(want)
        if reason is not None and (self._is_stopping or link is None or want.more):
            # Before anything is opened: to refuse must cost little.
            refuse(reason)
        elif max(self._opening, self._dialed_for(want)) >= self._bandwidth.slots.up:
            refuse("busy")
        else:
            background(self.log, "serving what is wanted", self._serve(want, link, refuse))

    async def _serve(self, want: Want, link: Connection | None, refuse: Refusal) -> None:
        shared = self._readers.content_for(want.name, link)
        source, audience = await self._find(want.file, shared)
        # Again: to open it may have taken long.
        reason, _ = self._why_not(want)
        if source is None:
            # A peer that has just been started may not have looked at all of its files yet.
            refuse(*missing(shared))
        elif link is not None and await self._is_sent_on(link, want, source, refuse):
            source.close()
        elif reason is not None:
            source.close()
            refuse(reason)
        elif not self._dials.take(want.host, want.port, self._reactor.seconds()):
            source.close()
            reason = f"{want.host} was dialed several times, and has not answered"
            self._have_it_fetched(want, reason, refuse)
        else:
            audience = audience or self._audiences.of(want.host, source)
            await self._push(want, (shared, source, audience), refuse)

    def fetched(self, connection: Connection, fetch: Fetch) -> None:
        """Push what was wanted on a connection that its requester has dialed."""
        want = self._awaited.take(fetch.ticket, self._reactor.seconds())
        if want is None:
            connection.refuse(Error("nothing waits to be fetched by that ticket", "refused"))
        else:
            background(self.log, "pushing a file", self._push_on(connection, want))

    def wanted(self, connection: Connection, want: Want) -> None:
        """Push what is wanted on the very connection on which a member wants it."""
        shown = connection.gate.other_end
        if shown is None or shown.name != want.name or not self._tickets.spend(want.ticket):
            connection.refuse(Error("that is not wanted by who has connected", "refused"))
        else:
            want = attrs.evolve(want, host=connection.host, via=(want.name,))
            background(self.log, "pushing a file", self._push_on(connection, want))

    async def _push_on(self, connection: Connection, want: Want) -> None:
        shared = self._readers.content_for(want.name, connection)
        source, audience = await self._find(want.file, shared)
        if source is None:
            connection.refuse(Error(missing(shared)[0], "refused"))
            return
        reason, slowest = self._why_not(want)
        if reason is not None or not connection.is_open:
            source.close()
            connection.refuse(Error(reason or "it is late", "refused"))
        else:
            self._make_room(slowest)
            found = shared, source, audience or self._audiences.of(want.host, source)
            upload = self._make(connection, want, found, lambda _hello: False)
            connection.hand_over(upload)
            upload.begin()
            await self._until_gone(connection, upload)

    def not_fetched(self, ticket: MessageId) -> None:
        """Handle that a requester that was to dial this peer cannot reach it either."""
        want = self._awaited.take(ticket, self._reactor.seconds())
        if want is not None:
            self._unreached(want)

    async def stop(self) -> None:
        """Abort all pushes and begin no more; returns when their connections are gone."""
        self._is_stopping = True
        self._awaited.clear()
        gone = [upload.gone for upload in self._open.values()]
        for connection in list(self._open):
            connection.abort()
        await DeferredList(gone)

    def all(self) -> tuple[UploadProgress, ...]:
        """Return the progress of each push."""
        now = self._reactor.seconds()
        return tuple(upload.progress(now) for upload in self._open.values())

    async def _find(
        self, file_id: FileId, shared: SharedContent
    ) -> tuple[Source | None, Audience | None]:
        """Open what this peer shares or is downloading, and name those who are sent that, too."""
        self._opening += 1
        try:
            source = await shared.open(file_id)
        finally:
            self._opening -= 1
        return (source, None) if source is not None else self._partials.open(file_id)

    def _why_not(self, want: Want) -> tuple[str | None, Upload | None]:
        """Say why a request is not served; otherwise, which upload makes room, if one has to."""
        if self._is_stopping:
            return "it is stopping", None
        if not self._may_dial(want.host):
            return f"{want.host} may not be dialed from here", None
        running = [upload for upload in self._open.values() if upload.is_running]
        places, now = self._bandwidth.slots.up, self._reactor.seconds()
        try:
            return None, self._places.room_for(want, running, places, now)
        except NoPlace:
            return "busy", None

    def _dialed_for(self, want: Want) -> int:
        """Count the requesters that have not answered yet, of those that the same peer led to."""
        waiting = [upload.want for upload in self._open.values() if not upload.has_begun]
        return sum(other.via[-1:] == want.via[-1:] for other in waiting)

    def _make_room(self, slowest: Upload | None) -> None:
        if slowest is not None:
            self.log.info("an upload to {peer} makes room", peer=slowest.want.name)
            slowest.give_up()
            self._places.made_room(self._reactor.seconds())

    async def _is_sent_on(
        self, link: Connection, want: Want, source: Source, refuse: Refusal
    ) -> bool:
        """Send a small file on a link, if the rate allows it; return whether that was all."""
        is_small = not want.more and source.size <= wire_limits.LINK_FILE_BYTES
        if not (is_small and self._bandwidth.up.take(source.size)):
            return False
        try:
            content = await read_whole(source, self._reading)
        except SourceChanged:
            refuse("the file was changed")
            return True
        # In one piece, so that no other line comes in between. The link's bounded queue cuts off
        # a neighbor that asks and never reads.
        link.send_raw(encode(File(want.ticket, source.size)) + content)
        return True

    async def _push(self, want: Want, found: _Found, refuse: Refusal) -> None:
        def is_expected(hello: Hello) -> bool:
            if not hello.is_from("peer", want.name, self._network):
                refuse(f"somebody else answers at {want.host}")
                return False
            self._dials.succeeded(want.host, want.port, self._reactor.seconds())
            # Only who answers takes a place, and others may have answered first.
            reason, slowest = self._why_not(want)
            if reason is not None:
                refuse(reason)
                return False
            self._make_room(slowest)
            return True

        def start(connection: Connection) -> Upload:
            return self._make(connection, want, found, is_expected)

        connection = Connection(self._reactor, start)
        upload = self._open[connection]
        try:
            await dial(self._reactor, want.host, want.port, connection)
        except ConnectError as error:
            upload.unconnected()
            self._have_it_fetched(want, f"{want.host} cannot be reached: {error}", refuse)
        await self._until_gone(connection, upload)
        is_early = self._reactor.seconds() - upload.began < wire_limits.FIRST_LINE_SECONDS
        if upload.is_cut and is_early and not self._is_stopping:
            # Among very many strangers its listener may have dropped us before we could speak.
            self._have_it_fetched(want, f"{want.host} ends connections at once", refuse)

    def _make(
        self,
        connection: Connection,
        want: Want,
        found: _Found,
        is_expected: Callable[[Hello], bool],
    ) -> Upload:
        shared, source, audience = found
        self._open[connection] = upload = Upload(
            self._reactor,
            connection,
            source=source,
            audience=audience,
            small_files=SmallFileSender(self._reactor, shared, self._reading),
            want=want,
            is_expected=is_expected,
            pace=self._bandwidth.up.pace(),
            reading=self._reading,
        )
        return upload

    async def _until_gone(self, connection: Connection, upload: Upload) -> None:
        try:
            await upload.gone
        finally:
            upload.source.close()
            del self._open[connection]
            file_id = upload.want.file
            if all(other.want.file != file_id for other in self._open.values()):
                self._audiences.forget(file_id)

    def _have_it_fetched(self, want: Want, reason: str, refuse: Refusal) -> None:
        """Refuse, but let the requester dial this peer instead, if there is room to remember it."""
        refuse(reason, fetch=self._awaited.add(want, self._reactor.seconds()))
