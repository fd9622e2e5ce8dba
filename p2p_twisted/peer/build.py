"""Build a peer: the one place where its parts are made and given to each other."""

import time
from collections.abc import Callable
from functools import cached_property

from attrs import field, frozen

from p2p_twisted.download.context import (
    DownloadContext,
    DownloadDisk,
    DownloadPeers,
    LocalSources,
)
from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.peer.admin import Admin
from p2p_twisted.peer.build_offers import OfferParts
from p2p_twisted.peer.build_relay import RelayParts
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.group_sharing import GroupSharing
from p2p_twisted.peer.group_visits import GroupVisits
from p2p_twisted.peer.inbound import InboundDispatcher
from p2p_twisted.peer.kept_rates import KeptRates
from p2p_twisted.peer.kept_waits import KeptWaits
from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.lookups import Lookups
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.overlay_events import OverlayEvents
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer.paced_work import Pacer
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.registration import RegistrationKeeper, unheard
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer.revocation_exchange import RevocationExchange
from p2p_twisted.peer.saved_book import BookSaver, load_book
from p2p_twisted.peer.searches import Searches
from p2p_twisted.peer.sharing import Sharing
from p2p_twisted.peer.shutdown import Shutdown
from p2p_twisted.peer.unreached import UnreachedRequesters
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.runtime.file_limit import open_files_limit
from p2p_twisted.storage.journal import Journal
from p2p_twisted.upload.readers import Readers
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.listener import Bounds, Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello, Join, Welcome
from p2p_twisted.wire.names import PeerAddress
from p2p_twisted.wire.session import Session


@frozen(slots=False, kw_only=True)
class PeerBuilder(RelayParts):
    """
    Makes the parts of one peer, each once, when needed; the overlay once it has its port.

    :ivar stopped: is called when another peer has stopped the network.
    :ivar processor: reads the processor time of this thread, in seconds.
    :ivar limit: of all dials to other peers that fail.
    """

    stopped: Callable[[], None]
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
            questions=self.questions,
            uploads=self.uploads,
            relaying=self.relaying,
            rates=KeptRates(self.bandwidth, self.state, self.settings.given_rates, self.announce),
            shutdown=self.shutdown,
            admin=Admin(self.revocations, self.client),
            renewal=self.renewal,
            sharing=self.sharing,
            offers=self.offering.offers,
        )

    # The way into the network

    @cached_property
    def network(self) -> NetworkSession:
        """The port and the links."""
        greeting = Hello(PROTOCOL, "peer", self.settings.name, self.settings.network)
        bounds = Bounds().within(open_files_limit())
        accepting = self.reactor, greeting, self._accept, bounds, self.rng
        listener = Listener(*accepting, security=self.security)
        parts = listener, self.dialer, self._start_overlay
        return NetworkSession(self.reactor, self.settings, *parts, clocks=self.clocks)

    def _accept(self, connection: Connection) -> Session:
        return InboundDispatcher(
            connection,
            self.network.driver,
            self.tickets.session_for_push,
            self.uploads.fetched,
            self.relaying,
            None if self.private is None else self.group_sharing.asked,
        )

    def _start_overlay(self, me: PeerAddress) -> tuple[OverlayDriver, BookSaver]:
        book = load_book(self.state, self.settings.name, self.rng)
        dialing = self.dialer, self.rng, me, self.settings.network
        driver = OverlayDriver(*dialing, book, self.events, self.limit, self.leaves_most)
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
            client=self.client,
            state=self.state,
            network=self.network,
            announce=self.announce,
            watch=self.address_watch,
            wall=self.wall,
            welcomed=unheard if self.private is None else self._welcomed,
        )

    def _welcomed(self, welcome: Welcome) -> None:
        if self.revocations is not None:
            self.revocations.welcomed(welcome)
        self.shutdown.welcomed(welcome)

    @cached_property
    def revocations(self) -> RevocationExchange | None:
        """What this peer and others know of revocations."""
        if self.statements is None:
            return None
        return RevocationExchange(self.statements, self.network, self.client)

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
            offers=self.offering.exchange,
            revocations=self.revocations,
            relays_for_all=self.relays_for_all,
        )

    @cached_property
    def answers(self) -> QueryAnswers:
        """Answers to others' questions."""
        shared, pacer = self.shared, Pacer(self.reactor, self.processor)
        parts = self.partials, self.network, pacer, shared.group_catalogs, self.relays_for_all
        of_offer = self.offering.taking.tell_others
        seeds = self.seeding.hit
        return QueryAnswers(self.settings.name, shared.catalogs, *parts, of_offer, seeds)

    @cached_property
    def offering(self) -> OfferParts:
        """What is pushed to others, and by them."""
        return OfferParts(
            local=self,
            rng=self.rng,
            security=self.security,
            network=self.network,
            registration=self.registration,
            searches=self.searches,
            downloads=self.downloads,
        )

    @cached_property
    def shutdown(self) -> Shutdown:
        """The end of the whole network."""
        parts = self.reactor, self.network, self.announce, self.stopped
        return Shutdown(*parts, statements=self.statements, rule=self.settings.stop)

    # What only members of groups read

    @cached_property
    def group_sharing(self) -> GroupSharing:
        """Answers to members of groups."""
        return GroupSharing(self.answers, self.uploads)

    @cached_property
    def visits(self) -> GroupVisits | None:
        """Questions to those who share with groups."""
        if not self.groups:
            return None
        return GroupVisits(
            clock=self.reactor,
            dialer=self.holder_dialer,
            groups=self.groups,
            take_push=lambda *pushed: self.tickets.session_for_push(*pushed),
            refused=lambda refuse: self.tickets.refused(refuse),
        )

    # What is fetched and sent

    @cached_property
    def searches(self) -> Searches:
        """Questions to others."""
        return Searches(self.network, self.questions, self.visits)

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
    def sharing(self) -> Sharing:
        """What puts files into what is shared."""
        return Sharing.of(self.settings, self.offload)

    @cached_property
    def reading(self) -> ContentReading:
        """What programs read while it is downloaded."""
        parts = self.searches, self.answers, self.local, self.downloads
        return ContentReading(self.settings.name, *parts, self.disks.reading)

    @cached_property
    def relaying(self) -> Relaying:
        """What others send each other by way of this peer."""
        return self.relaying_in(self.network)

    @cached_property
    def downloads(self) -> Downloads:
        """What is wanted from others."""
        journal, disks = Journal(self.state.folder.below("wants")), self.disks
        context = DownloadContext(
            clock=self.reactor,
            rng=self.rng,
            disk=DownloadDisk(self.inbox, journal, self.offload, disks.writing, disks.parallel_map),
            peers=DownloadPeers(self.searches, self.tickets),
            bandwidth=self.bandwidth,
            local=LocalSources(self.local, self.partials, self.seeding),
            processor=self.core_wanted,
            has_next_run=self.settings.has_next_run,
        )
        return Downloads(context)

    @cached_property
    def holder_dialer(self) -> HolderDialer:
        """What opens connections to those that push."""
        may_dial = self.network.may_dial
        return HolderDialer(self.dialer, self.settings.network, may_dial, self.limit)

    @cached_property
    def tickets(self) -> Tickets:
        """What holders were asked for."""
        asking = self.reactor, self.searches, self.draw, self.bandwidth.down, self.holder_dialer
        return Tickets(*asking, relays=self.relays_by(self.searches, self.holder_dialer))

    @cached_property
    def uploads(self) -> Uploads:
        """What others want."""
        unreached = UnreachedRequesters(self.reactor, self.network, self.shared, self.announce)
        return Uploads(
            self.dialer,
            name=self.settings.name,
            network=self.settings.network,
            readers=Readers(self.shared, self.shared.readable_by, self.seeding),
            reading=self.disks.reading,
            may_dial=self.network.may_dial,
            bandwidth=self.bandwidth,
            partials=self.partials,
            rng=self.rng,
            unreached=unreached.tell,
            dials=self.limit,
        )
