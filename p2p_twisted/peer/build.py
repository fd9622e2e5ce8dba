"""Build a peer: the one place where its parts are made and given to each other."""

from collections.abc import Callable
from functools import cached_property

from attrs import frozen

from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.admin import Admin
from p2p_twisted.peer.build_local import LocalParts
from p2p_twisted.peer.build_network import NetworkParts
from p2p_twisted.peer.build_offers import OfferParts
from p2p_twisted.peer.build_transfers import TransferParts
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.peer.getting import Getting
from p2p_twisted.peer.group_sharing import GroupSharing
from p2p_twisted.peer.inbound import InboundDispatcher
from p2p_twisted.peer.kept_rates import KeptRates
from p2p_twisted.peer.kept_waits import KeptWaits
from p2p_twisted.peer.lookups import Lookups
from p2p_twisted.peer.overlay_events import OverlayEvents
from p2p_twisted.peer.own_content import OwnContent
from p2p_twisted.peer.paced_work import Pacer
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer.sharing import Sharing
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.session import Session


@frozen(slots=False)
class PeerBuilder:
    """
    Makes the parts of one peer, each once, when needed.

    It consists of what it has of its own (``local``), its way into the network (``network``), what
    it finds, fetches and sends (``transfers``), and what is pushed (``offering``). Each is made of
    those before it; here is what needs all of them.

    :ivar watch_address: makes what notices that this machine has another address.
    :ivar make_events: makes what the overlay tells.
    """

    context: PeerContext
    watch_address: Callable[..., AddressWatch] = AddressWatch
    make_events: Callable[..., OverlayEvents] = OverlayEvents

    @cached_property
    def local(self) -> LocalParts:
        """Its files, what it shares, and where downloads land."""
        return LocalParts(self.context)

    @cached_property
    def network(self) -> NetworkParts:
        """Its port, its links, and what it asks the registry."""
        context = self.context
        return NetworkParts(
            context=context,
            state=self.local.state,
            accept=self._accept,
            events=lambda: self._events,
            address_watch=self.watch_address(context.settings, context.reactor, context.offload),
        )

    @cached_property
    def transfers(self) -> TransferParts:
        """Its searches, and transfers in both directions."""
        return TransferParts(self.context, self.local, self.network)

    @cached_property
    def offering(self) -> OfferParts:
        """What is pushed to others, and by them."""
        return OfferParts(self.context, self.local, self.network, self.transfers)

    def build(self) -> Peer:
        """Make the peer; nothing is opened before it is told to."""
        context, settings = self.context, self.context.settings
        local, network, transfers = self.local, self.network, self.transfers
        return Peer(
            state=local.state,
            clock=context.reactor,
            settings=settings,
            shared=local.shared,
            local=local.content,
            registration=network.registration,
            network=network.session,
            searches=transfers.searches,
            lookups=Lookups(settings.name, transfers.searches, self._answers, local.shared),
            getting=self._getting,
            downloads=transfers.downloads,
            questions=local.questions,
            uploads=transfers.uploads,
            relaying=transfers.relaying,
            rates=KeptRates(
                transfers.bandwidth, local.state, settings.given_rates, context.announce
            ),
            shutdown=network.shutdown,
            admin=Admin(network.revocations, network.client),
            renewal=network.renewal,
            sharing=self.sharing,
            offers=self.offering.offers,
        )

    # What others ask and tell this peer

    def _accept(self, connection: Connection) -> Session:
        return InboundDispatcher(
            connection,
            driver=self.network.session.driver,
            take_push=self.transfers.tickets.session_for_push,
            take_fetch=self.transfers.uploads.fetched,
            relaying=self.transfers.relaying,
            take_member=None if self.context.private is None else self._group_sharing.asked,
        )

    @cached_property
    def _group_sharing(self) -> GroupSharing:
        """Answers to members of groups."""
        return GroupSharing(self._answers, self.transfers.uploads)

    @cached_property
    def _events(self) -> OverlayEvents:
        """What the overlay tells."""
        network, transfers = self.network, self.transfers
        return self.make_events(
            network=network.session,
            registration=network.registration,
            answers=self._answers,
            tickets=transfers.tickets,
            partials=self.local.partials,
            uploads=transfers.uploads,
            shutdown=network.shutdown,
            offers=self.offering.exchange,
            revocations=network.revocations,
            relays_for_all=self.context.settings.relays_for_all,
        )

    @cached_property
    def _answers(self) -> QueryAnswers:
        """Answers to others' questions."""
        context, local = self.context, self.local
        return QueryAnswers(
            context.settings.name,
            local.shared.catalogs,
            partials=local.partials,
            network=self.network.session,
            pacer=Pacer(context.reactor, context.processor),
            groups=local.shared.group_catalogs,
            relays_for_all=context.settings.relays_for_all,
            of_offer=self.offering.taking.tell_others,
            seeds=local.seeding.hit,
        )

    # What persons and programs ask of it

    @cached_property
    def _getting(self) -> Getting:
        """What persons ask for."""
        context, local, transfers = self.context, self.local, self.transfers
        clock, offload, downloads = context.reactor, context.offload, transfers.downloads
        shared = local.shared
        own = OwnContent(shared.persons, shared.path_of, local.inbox, downloads, offload)
        resolver = Resolver(
            clock=clock,
            me=context.settings.name,
            searches=transfers.searches,
            own=own,
            offload=offload,
        )
        return Getting(
            clock=clock,
            resolver=resolver,
            downloads=downloads,
            waits=KeptWaits(local.state, offload),
            joined=transfers.joined,
        )

    @cached_property
    def sharing(self) -> Sharing:
        """What puts files into what is shared."""
        return Sharing.of(self.context.settings, self.context.offload)

    @cached_property
    def reading(self) -> ContentReading:
        """What programs read while it is downloaded."""
        context, transfers = self.context, self.transfers
        return ContentReading(
            me=context.settings.name,
            searches=transfers.searches,
            answers=self._answers,
            local=self.local.content,
            downloads=transfers.downloads,
            offload=context.disks.reading,
        )
