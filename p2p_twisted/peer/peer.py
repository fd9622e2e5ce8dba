"""The peer as one object: what it shares, what it fetches, and its place in the network."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.bandwidth.rates import BadRate, Rates
from p2p_twisted.download.context import (
    DownloadBandwidth,
    DownloadContext,
    DownloadDisk,
    DownloadPeers,
    LocalSources,
)
from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import Progress
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.library.library import Library
from p2p_twisted.library.watcher import WatcherMaker
from p2p_twisted.peer.errands import Errands
from p2p_twisted.peer.interface import Found, IPeer, PeerError, Selection, Status, Topology, Watch
from p2p_twisted.peer.local_content import LocalContent
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.overlay_events import OverlayEvents
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.peer.shutdown import Shutdown
from p2p_twisted.peer.state import STATE_DIRECTORY, StateDirectory
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.journal import Journal
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.upload import UploadProgress
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, MessageId, PeerAddress, PeerName, is_loopback


@implementer(IPeer)
class Peer:
    """
    One running peer.

    :param reactor: provides ``IReactorTCP`` and ``IReactorTime``.
    :param rng: decides, and makes secrets: production gives it the system's.
    :param offload: calls what blocks.
    :param watcher_for: makes what notices changes below a directory.
    :param announce: is told what a person should know.
    :param stopped: is called when another peer has stopped the network.
    :param wall: tells wall time in seconds, to which files' times of change compare.
    :ivar state: where it keeps what is its own.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Reactor,
        rng: Random,
        settings: Settings,
        offload: Offload,
        watcher_for: Callable[[Path], WatcherMaker],
        announce: Callable[[str], None],
        stopped: Callable[[], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._reactor = reactor
        self._rng = rng
        self._settings = settings
        self._offload = offload
        self.state = StateDirectory(settings.directory / STATE_DIRECTORY)

        def library(directory: Path, excluded: Path | None, cache: str) -> Library:
            watcher, remembered = watcher_for(directory), self.state.path / cache
            return Library(
                directory,
                excluded=excluded,
                cache=remembered,
                clock=reactor,
                offload=offload,
                make_watcher=watcher,
                wall=wall,
            )

        self._library = library(settings.directory, settings.downloads, "library.db")
        self._reshared = (
            library(settings.downloads, None, "downloads.db") if settings.reshares else None
        )
        self._holdings = SharedLibraries(*filter(None, (self._library, self._reshared)))
        remembered = HashCache(self.state.path / "downloads.db", wall)
        self._earlier = DownloadIndex(settings.downloads, remembered)
        self._traffic = Bandwidth(reactor, settings.rates, settings.at_once)
        self._presence = NetworkSession(reactor, rng, settings, self.state, offload, announce)
        self._inbox = Inbox(str(settings.downloads), keep=self._earlier.keep)
        self._partials = partials = PartialRegister()
        tickets = Tickets(reactor, self._presence, self._new_id, self._traffic.down)
        copies = LocalContent(self._holdings, self._earlier, offload)
        context = DownloadContext(
            reactor,
            rng,
            DownloadDisk(self._inbox, Journal(str(self.state.path / "wants")), offload),
            DownloadPeers(self._presence, tickets),
            DownloadBandwidth(self._traffic),
            LocalSources(copies, partials),
        )
        self._downloads = Downloads(context)
        self._pushes = Uploads(
            reactor,
            network=settings.network,
            open_source=self._holdings.open,
            may_dial=self._may_dial,
            bandwidth=self._traffic,
            partials=partials,
            rng=rng,
        )
        self._answers = QueryAnswers(
            settings.name, self._holdings.catalogs, partials, self._presence, reactor
        )
        self._errands = Errands(
            settings.name,
            self._presence,
            self._library.catalog,
            self._answers,
            self._downloads,
            self._inbox,
            offload,
            self._new_id,
        )
        self._started = reactor.seconds()
        self._stopping = Shutdown(
            reactor, self._presence, self._new_id, announce, self.leave, stopped
        )
        self._has_left = False
        self._leavers: list[Deferred[None]] = []

    # Its life

    def open(self) -> None:
        """
        Begin to share; nobody knows yet.

        :raises StateInUse: when another peer runs on the directory.
        :raises OSError: when the directory cannot be used.
        """
        self.state.open()
        self._holdings.start()
        background(self.log, "opening what was downloaded", self._offload(self._earlier.start))

    async def join(self) -> PeerAddress:
        """
        Become part of the network, and go on with unfinished downloads.

        :raises RegistryRefused: when the registry will not have us.
        """
        duties = OverlayEvents(
            self._presence,
            self._answers,
            self._downloads,
            self._partials,
            self._pushes,
            self._stopping.told,
        )
        node = await self._presence.join(duties, self._downloads.session_for_push)
        self._downloads.start()
        return node.me

    def settled(self) -> "Deferred[None]":
        """Fire once everything that was there at the start can be found by others."""
        return Deferred.fromCoroutine(self._holdings.settled())

    # For the faces: see IPeer

    def find(self, text: str) -> "Deferred[Found]":
        """Search all peers by name."""
        return Deferred.fromCoroutine(self._errands.find(text))

    def get(
        self, wanted: "str | Hit", watch: Watch, holder: PeerName | None = None
    ) -> "Deferred[Progress]":
        """Download a file or folder."""
        return Deferred.fromCoroutine(self._errands.get(wanted, watch, holder))

    def select(self, words: Sequence[str], holder: PeerName | None = None) -> "Deferred[Selection]":
        """Find what several names and patterns mean."""
        return Deferred.fromCoroutine(self._errands.select(words, holder))

    def get_selected(self, selection: Selection, watch: Watch) -> "Deferred[tuple[Progress, ...]]":
        """Download what was selected."""
        return Deferred.fromCoroutine(self._errands.get_selected(selection, watch))

    def topology(self) -> "Deferred[Topology]":
        """Collect the peers and links of the whole network."""
        return Deferred.fromCoroutine(self._errands.topology())

    def listing(self, holder: PeerName | None = None) -> "Deferred[Found]":
        """List what this peer, or another one, shares."""
        return Deferred.fromCoroutine(self._errands.listing(holder or self._settings.name))

    def transfers(self) -> tuple[Progress, ...]:
        """List the downloads of this run, oldest first."""
        return self._downloads.all()

    def uploads(self) -> tuple[tuple[str, UploadProgress], ...]:
        """List what is being sent to others, by its names here."""
        return tuple((self._name_of(each.file_id), each) for each in self._pushes.all())

    def cancel(self, number: int) -> Progress:
        """Give up a download."""
        try:
            return self._downloads.cancel(number)
        except KeyError:
            raise PeerError(f"there is no running download {number}") from None

    def pause(self, number: int | None = None) -> tuple[Progress, ...]:
        """Let a download rest, or all."""
        paused = self._downloads.pause(number)
        if number is not None and not paused:
            raise PeerError(f"there is no running download {number}")
        return paused

    def resume(self, number: int | None = None) -> tuple[Progress, ...]:
        """Go on with a download that rests or waits for space, or with all."""
        resumed = self._downloads.resume(number)
        if number is not None and not resumed:
            raise PeerError(f"there is no paused download {number}")
        return resumed

    def limit(self, rates: Rates) -> None:
        """Limit what is sent and received, running transfers included."""
        try:
            self._traffic.limit(rates)
        except BadRate as error:
            raise PeerError(str(error)) from None

    def status(self) -> Status:
        """Tell how this peer is."""
        settings, shared = self._settings, self._library.summary()
        host, port = settings.registry
        return Status(
            name=settings.name,
            address=None if self._presence.node is None else self._presence.node.me,
            network=settings.network,
            neighbors=self._presence.neighbors,
            registry=f"{host}:{port}",
            registered=self._presence.is_registered,
            directory=str(settings.directory),
            downloads=str(settings.downloads),
            files=shared.files,
            size=shared.size,
            hashing=shared.hashing,
            unshared=shared.unshared,
            uptime=self._reactor.seconds() - self._started,
            rates=self._traffic.rates,
            reshared=None if self._reshared is None else self._reshared.summary().files,
        )

    def leave(self) -> "Deferred[None]":
        """Leave the network in order; called again, it waits for the same end."""
        waiting: Deferred[None] = Deferred()
        if self._has_left:
            waiting.callback(None)
            return waiting
        self._leavers.append(waiting)
        if len(self._leavers) == 1:
            background(self.log, "leaving", self._leave())
        return waiting

    def stop_network(self) -> "Deferred[None]":
        """Stop every peer of the network, this one last."""
        return Deferred.fromCoroutine(self._stopping.stop_all())

    # How it works

    def _name_of(self, file: FileId) -> str:
        """Name some content as this peer has it; what is gone by now is named by its id."""
        running = (each.name for each in self._downloads.all() if each.file == file)
        return self._holdings.name_of(file) or next(running, file)

    def _new_id(self) -> MessageId:
        return self._rng.randbytes(16).hex()

    def _may_dial(self, host: str) -> bool:
        """Let nobody send us from loopback to elsewhere, or from elsewhere to loopback."""
        return is_loopback(host) == is_loopback(self._presence.address().host)

    async def _leave(self) -> None:
        try:
            await self._downloads.stop()
            await self._pushes.stop()
            await self._presence.leave("stopping" if self._stopping.has_begun else "leaving")
            await self._holdings.stop()
            await self._offload(self._earlier.stop)
        finally:
            self.state.close()
            self._has_left = True
            for waiting in self._leavers:
                waiting.callback(None)
