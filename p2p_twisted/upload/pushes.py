"""The pushes of a peer that run, whoever has dialed the connections that they are on."""

from collections.abc import Callable
from random import Random

from attrs import frozen
from twisted.internet.defer import DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.audience import Audience, Audiences
from p2p_twisted.upload.places import NoPlace, UploadPlaces
from p2p_twisted.upload.readers import Readers
from p2p_twisted.upload.self_report import Uplink
from p2p_twisted.upload.small_sender import SharedContent, SmallFileSender
from p2p_twisted.upload.turns import Turns
from p2p_twisted.upload.upload import Upload
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Error, Hello, Want
from p2p_twisted.wire.source import Source


@frozen
class ToPush:
    """
    What a requester is to be pushed.

    :ivar shared: what it may read.
    :ivar source: what of that is pushed first; whoever pushes it closes it.
    :ivar audience: those who are sent that, too.
    """

    shared: SharedContent
    source: Source
    audience: Audience | None


class Pushes:
    """
    Pushes what is wanted, on connections that others open.

    :param readers: decides what of what this peer shares each may have.
    :param reading: calls what reads from a disk: see :class:`DiskThread`.
    :param may_dial: returns whether this peer may dial a host at all.
    :param bandwidth: limits what is sent.
    :param partials: running downloads, which can be served, too.
    :param rng: decides which chunks are revealed first.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        *,
        readers: Readers,
        reading: Offload,
        may_dial: Callable[[str], bool],
        bandwidth: Bandwidth,
        partials: PartialRegister,
        rng: Random,
    ) -> None:
        self._clock = clock
        self._readers = readers
        self._reading = reading
        self._may_dial = may_dial
        self._bandwidth = bandwidth
        self._partials = partials
        self._audiences = Audiences(clock, bandwidth, rng)
        self._places = UploadPlaces()
        self._turns = Turns(clock)
        # How many files are being opened.
        self._opening = 0
        self._open: dict[Connection, Upload] = {}
        self._is_stopping = False

    @property
    def is_stopping(self) -> bool:
        """Whether no more are begun."""
        return self._is_stopping

    def all(self) -> tuple[UploadProgress, ...]:
        """Return the progress of each push."""
        now = self._clock.seconds()
        return tuple(upload.progress(now) for upload in self._open.values())

    def why_not(self, want: Want) -> tuple[str | None, Upload | None]:
        """Say why a request is not served; otherwise, which upload makes room, if one has to."""
        if self._is_stopping:
            return "it is stopping", None
        if not self._may_dial(want.host):
            return f"{want.host} may not be dialed from here", None
        running = [upload for upload in self._open.values() if upload.is_running]
        places, now = self._bandwidth.slots.up, self._clock.seconds()
        try:
            return None, self._places.room_for(want, running, places, now)
        except NoPlace:
            return "busy", None

    def is_busy_for(self, want: Want) -> bool:
        """Return whether enough is being opened, or dialed for the neighbor it came by."""
        waiting = [upload.want for upload in self._open.values() if not upload.has_begun]
        dialed = sum(other.via[-1:] == want.via[-1:] for other in waiting)
        return max(self._opening, dialed) >= self._bandwidth.slots.up

    def make_room(self, slowest: Upload | None) -> None:
        """End an upload, where one makes room."""
        if slowest is not None:
            self.log.info("an upload to {peer} makes room", peer=slowest.want.name)
            slowest.give_up()
            self._places.made_room(self._clock.seconds())

    async def find(self, want: Want, connection: Connection | None) -> ToPush | SharedContent:
        """
        Open what this peer shares, or is downloading.

        :param connection: on which the requester itself has asked, if it has.
        :returns: what the requester may read, where that is not among it.
        """
        shared = self._readers.content_for(want.name, connection)
        self._opening += 1
        try:
            source = await shared.open(want.file)
        finally:
            self._opening -= 1
        if source is not None:
            return ToPush(shared, source, None)
        partial, audience = self._partials.open(want.file)
        return shared if partial is None else ToPush(shared, partial, audience)

    def why_missing(self, want: Want, shared: SharedContent) -> tuple[str, bool]:
        """Say why a requester does not find what it wants, and whether that is for good."""
        return self._readers.why_not(want.file, shared)

    def is_to_show(self, want: Want, connection: Connection | None) -> bool:
        """Return whether a requester may have it once it has shown its groups, by dialing."""
        return self._readers.is_to_show(want.file, connection)

    async def push_on(self, connection: Connection, want: Want, how: str) -> None:
        """
        Push on a connection at whose other end the requester waits; otherwise say why not there.

        :param how: the two reach each other.
        :returns: when the connection is gone, or is being closed.
        """
        found = await self.find(want, connection)
        if not isinstance(found, ToPush):
            connection.refuse(Error(self.why_missing(want, found)[0], "refused"))
            return
        reason, slowest = self.why_not(want)
        if reason is not None or not connection.is_open:
            found.source.close()
            connection.refuse(Error(reason or "it is late", "refused"))
            return
        self.make_room(slowest)
        upload = self.make(connection, want, found, lambda _hello: False, how)
        connection.hand_over(upload)
        upload.begin()
        await self.until_gone(connection, upload)

    def make(
        self,
        connection: Connection,
        want: Want,
        found: ToPush,
        is_expected: Callable[[Hello], bool],
        how: str,
    ) -> Upload:
        """Make the session of a push; :meth:`until_gone` must follow."""
        self._open[connection] = upload = Upload(
            self._clock,
            connection,
            source=found.source,
            audience=found.audience or self._audiences.of(want.host, found.source),
            small_files=SmallFileSender(self._clock, found.shared, self._reading),
            want=want,
            is_expected=is_expected,
            how=how,
            pace=self._bandwidth.up.pace(),
            reading=self._reading,
            uplink=self._uplink,
            turns=None if self._audiences.is_local(want.host) else self._turns,
        )
        return upload

    def _uplink(self) -> Uplink:
        running = sum(upload.is_running for upload in self._open.values())
        return Uplink(self._bandwidth.up.rate, max(1, running))

    async def until_gone(self, connection: Connection, upload: Upload) -> None:
        """Wait until a push has ended, and clean up."""
        try:
            await upload.gone
        finally:
            upload.source.close()
            del self._open[connection]
            file_id = upload.want.file
            if all(other.want.file != file_id for other in self._open.values()):
                self._audiences.forget(file_id)

    async def stop(self) -> None:
        """Abort all pushes and begin no more; returns when their connections are gone."""
        self._is_stopping = True
        gone = [upload.gone for upload in self._open.values()]
        for connection in list(self._open):
            connection.abort()
        await DeferredList(gone)
