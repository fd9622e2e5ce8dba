"""Build a peer: the one place where its parts are made and given to each other."""

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from attrs import field, frozen

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.context import (
    DownloadBandwidth,
    DownloadContext,
    DownloadDisk,
    DownloadPeers,
    LocalSources,
)
from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.library.cache import HashCache
from p2p_twisted.library.download_index import DownloadIndex
from p2p_twisted.library.library import Library
from p2p_twisted.library.watcher import WatcherMaker
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.inbound import InboundDispatcher
from p2p_twisted.peer.kept_rates import KeptRates
from p2p_twisted.peer.kept_waits import KeptWaits
from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.local_content import LocalContent
from p2p_twisted.peer.lookups import Lookups
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.overlay_events import OverlayEvents
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer.paced_work import Pacer
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer.saved_book import BookSaver, load_book
from p2p_twisted.peer.searches import Searches
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.peer.sharing import Sharing
from p2p_twisted.peer.shutdown import Shutdown
from p2p_twisted.peer.state import StateDirectory
from p2p_twisted.peer.unreached import UnreachedRequesters
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.runtime.disk_thread import DiskThreads
from p2p_twisted.runtime.file_limit import open_files_limit
from p2p_twisted.runtime.flush import flush_all
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.journal import Journal
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.listener import Bounds, Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello, Join
from p2p_twisted.wire.names import PeerAddress
from p2p_twisted.wire.session import Session


@frozen(slots=False, kw_only=True)
class PeerBuilder:
    """
    Makes the parts of one peer, each once, when needed; the overlay once it has its port.

    :ivar rng: decides, and makes secrets: production gives it the system's.
    :ivar offload: calls what blocks; ``disks``, what is mostly too quick for that.
    :ivar watcher_for: makes what notices changes below a directory.
    :ivar announce: is told what a person should know.
    :ivar stopped: is called when another peer has stopped the network.
    :ivar limit: of all dials to other peers that fail.
    :ivar wall: reads wall time in seconds, to which files' times of change compare.
    :ivar processor: reads the processor time of this thread, in seconds.
    """

    settings: Settings
    reactor: Reactor
    rng: Random
    offload: Offload
    disks: DiskThreads
    watcher_for: Callable[[Path], WatcherMaker]
    announce: Callable[[str], None]
    stopped: Callable[[], None]
    wall: Callable[[], float] = time.time
    processor: Callable[[], float] = time.thread_time
    limit: DialLimit = field(init=False, factory=DialLimit)

    def build(self) -> Peer:
        """Make the peer; nothing is opened before it is told to."""
        return Peer(
            state=self.state,
            clock=self.reactor,
            settings=self.settings,
            shared=self.shared,
            local=self.local,
            registration=self.registration,
            network=self.network,
            searches=self.searches,
            lookups=Lookups(self.settings.name, self.searches, self.answers, self.shared),
            getting=self.getting,
            downloads=self.downloads,
            uploads=self.uploads,
            rates=KeptRates(self.bandwidth, self.state, self.settings.given_rates, self.announce),
            shutdown=self.shutdown,
            sharing=Sharing.of(self.settings, self.offload),
        )

    # What is here

    @cached_property
    def state(self) -> StateDirectory:
        """What is still known after a crash."""
        return StateDirectory(self.settings.state)

    @cached_property
    def shared(self) -> SharedLibraries:
        """What others may have."""
        return SharedLibraries.of(self.settings, self._library, self.announce)

    def _library(
        self, directory: Path, store: str, excluded: Sequence[Path], **names: Any
    ) -> Library:
        return Library(
            directory,
            excluded=(*excluded, self.settings.state, *self.settings.own_files),
            cache=HashCache(self.state.folder, f"{store}.db", self.wall),
            lists=self.state.folder.below(f"{store}.lists"),
            clock=self.reactor,
            offload=self.offload,
            opening=self.disks.opening,
            parallel_map=self.disks.parallel_map,
            make_watcher=self.watcher_for(directory),
            wall=self.wall,
            **names,
        )

    @cached_property
    def earlier(self) -> DownloadIndex:
        """An index of what was downloaded."""
        cache = HashCache(self.state.folder, "downloads.db", self.wall)
        return DownloadIndex(self.settings.downloads, cache)

    @cached_property
    def local(self) -> LocalContent:
        """Content that need not be downloaded."""
        return LocalContent(self.shared, self.earlier, self.offload)

    @cached_property
    def inbox(self) -> Inbox:
        """Where downloads land."""
        keep, known = self.earlier.keep, self.earlier.id_of
        folder, keeps_times = str(self.settings.downloads), self.settings.keeps_times
        return Inbox(folder, keep=keep, known=known, keeps_times=keeps_times, flush_all=flush_all)

    @cached_property
    def partials(self) -> PartialRegister:
        """Unfinished downloads that others may be served from."""
        return PartialRegister()

    # The way into the network

    @cached_property
    def dialer(self) -> BoundDialer:
        """What opens all connections to others."""
        return BoundDialer(self.reactor, self.settings.interface)

    @cached_property
    def network(self) -> NetworkSession:
        """The port and the links."""
        greeting = Hello(PROTOCOL, "peer", self.settings.name, self.settings.network)
        bounds = Bounds().within(open_files_limit())
        listener = Listener(self.reactor, greeting, self._accept, bounds, self.rng)
        parts = listener, self.dialer, self._start_overlay
        return NetworkSession(self.reactor, self.settings, *parts)

    def _accept(self, connection: Connection) -> Session:
        return InboundDispatcher(
            connection, self.network.driver, self.tickets.session_for_push, self.uploads.fetched
        )

    def _start_overlay(self, me: PeerAddress) -> tuple[OverlayDriver, BookSaver]:
        book = load_book(self.state, self.settings.name, self.rng)
        dialing = self.dialer, self.rng, me, self.settings.network
        driver = OverlayDriver(*dialing, book, self.events, self.limit)
        return driver, BookSaver(self.reactor, book, self.state, self.offload)

    @cached_property
    def registration(self) -> RegistrationKeeper:
        """The place in the registry."""
        settings = self.settings
        return RegistrationKeeper(
            name=settings.name,
            machine=LeaseMachine(Join(settings.name, advertise=settings.advertise), settings.host),
            clock=self.reactor,
            rng=self.rng,
            client=RegistryClient(self.dialer, *settings.registry, settings.network),
            state=self.state,
            network=self.network,
            announce=self.announce,
            watch=AddressWatch(settings, self.reactor, self.offload),
            wall=self.wall,
        )

    @cached_property
    def events(self) -> OverlayEvents:
        """What the overlay tells."""
        return OverlayEvents(
            network=self.network,
            registration=self.registration,
            answers=self.answers,
            tickets=self.tickets,
            partials=self.partials,
            uploads=self.uploads,
            shutdown=self.shutdown,
        )

    @cached_property
    def answers(self) -> QueryAnswers:
        """Answers to others' questions."""
        catalogs, pacer = self.shared.catalogs, Pacer(self.reactor, self.processor)
        return QueryAnswers(self.settings.name, catalogs, self.partials, self.network, pacer)

    @cached_property
    def shutdown(self) -> Shutdown:
        """The end of the whole network."""
        return Shutdown(self.reactor, self.network, self.announce, self.stopped)

    # What is fetched and sent

    @cached_property
    def searches(self) -> Searches:
        """Questions to others."""
        return Searches(self.network)

    @cached_property
    def getting(self) -> Getting:
        """What persons ask for."""
        shared, downloads, me = self.shared, self.downloads, self.settings.name
        own = OwnContent(shared.persons, shared.path_of, self.inbox, downloads, self.offload)
        resolver = Resolver(
            clock=self.reactor, me=me, searches=self.searches, own=own, offload=self.offload
        )
        waits = KeptWaits(self.state, self.offload)
        return Getting(clock=self.reactor, resolver=resolver, downloads=downloads, waits=waits)

    @cached_property
    def bandwidth(self) -> Bandwidth:
        """How much may be sent and received."""
        return Bandwidth(self.reactor, self.settings.rates, self.settings.at_once)

    @cached_property
    def downloads(self) -> Downloads:
        """What is wanted from others."""
        journal, disks = Journal(self.state.folder.below("wants")), self.disks
        context = DownloadContext(
            clock=self.reactor,
            rng=self.rng,
            disk=DownloadDisk(self.inbox, journal, self.offload, disks.writing, disks.parallel_map),
            peers=DownloadPeers(self.searches, self.tickets),
            bandwidth=DownloadBandwidth(self.bandwidth),
            local=LocalSources(self.local, self.partials),
        )
        return Downloads(context)

    @cached_property
    def tickets(self) -> Tickets:
        """What holders were asked for."""
        may_dial, draw = self.network.may_dial, lambda: self.rng.randbytes(16).hex()
        dialer = HolderDialer(self.dialer, self.settings.network, may_dial, self.limit)
        return Tickets(self.reactor, self.searches, draw, self.bandwidth.down, dialer)

    @cached_property
    def uploads(self) -> Uploads:
        """What others want."""
        unreached = UnreachedRequesters(self.reactor, self.network, self.shared, self.announce)
        return Uploads(
            self.dialer,
            network=self.settings.network,
            shared=self.shared,
            reading=self.disks.reading,
            may_dial=self.network.may_dial,
            bandwidth=self.bandwidth,
            partials=self.partials,
            rng=self.rng,
            unreached=unreached.tell,
            dials=self.limit,
        )
