"""Build a peer's way into its network: its port, its links, and what it asks the registry."""

from collections.abc import Callable, Iterator
from functools import cached_property, partial

from attrs import field, frozen
from twisted.application.service import IService

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.driver_events import Events
from p2p_twisted.overlay.limits import LEAVES_MOST, LEAVES_MOST_FOR_ALL
from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.clock_faults import ClockFaults
from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.moved_registry import MovedRegistry
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.peer.registration import RegistrationKeeper, unheard
from p2p_twisted.peer.renewal import CertificateRenewal
from p2p_twisted.peer.revocation_exchange import RevocationExchange
from p2p_twisted.peer.saved_book import BookSaver, load_book
from p2p_twisted.peer.shutdown import Shutdown
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.lan_search import search_lan
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.runtime.addresses import addresses_of
from p2p_twisted.runtime.file_limit import open_files_limit
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.listener import Bounds, Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello, Join, Welcome
from p2p_twisted.wire.names import PeerAddress
from p2p_twisted.wire.session import Session


@frozen(slots=False, kw_only=True)
class NetworkParts:
    """
    Makes what a peer is in its network by, each part once; the overlay once there is a port.

    :ivar state: what is still known after a crash.
    :ivar accept: makes the session of a connection that another peer has opened.
    :ivar events: returns what the overlay tells.
    :ivar address_watch: notices that this machine has another address.
    :ivar dials: of all dials to other peers that fail.
    """

    context: PeerContext
    state: StateDirectory
    accept: Callable[[Connection], Session]
    events: Callable[[], Events]
    address_watch: AddressWatch
    dials: DialLimit = field(init=False, factory=DialLimit)

    @cached_property
    def dialer(self) -> BoundDialer:
        """What opens all connections to others."""
        context = self.context
        return BoundDialer(context.reactor, context.settings.interface, context.security)

    @cached_property
    def session(self) -> NetworkSession:
        """The port and the links."""
        context, settings = self.context, self.context.settings
        listener = Listener(
            context.reactor,
            Hello(PROTOCOL, "peer", settings.name, settings.network),
            self.accept,
            Bounds().within(open_files_limit()),
            context.rng,
            security=context.security,
        )
        return NetworkSession(
            context.reactor,
            settings,
            listener,
            self.dialer,
            self._start_overlay,
            clocks=self._clocks,
        )

    @cached_property
    def _clocks(self) -> ClockFaults | None:
        """What knows of members that a wrong clock keeps apart."""
        context = self.context
        if context.security is None:
            return None
        return ClockFaults(context.security, context.reactor, context.wall, context.announce)

    def _start_overlay(self, me: PeerAddress) -> tuple[OverlayDriver, BookSaver]:
        context, settings = self.context, self.context.settings
        book = load_book(self.state, settings.name, context.rng)
        driver = OverlayDriver(
            self.dialer,
            context.rng,
            me=me,
            network=settings.network,
            book=book,
            events=self.events(),
            dials=self.dials,
            leaves_most=LEAVES_MOST_FOR_ALL if settings.relays_for_all else LEAVES_MOST,
        )
        return driver, BookSaver(context.reactor, book, self.state, context.offload)

    @cached_property
    def client(self) -> RegistryClient:
        """What asks the registry."""
        context, settings = self.context, self.context.settings
        look_up = partial(context.offload, addresses_of, settings.interface)
        places = RegistryPlaces(settings.registries, context.rng, look_up)
        return RegistryClient(self.dialer, places, settings.network, security=context.security)

    @cached_property
    def registration(self) -> RegistrationKeeper:
        """The place in the registry."""
        context, settings = self.context, self.context.settings
        return RegistrationKeeper(
            name=settings.name,
            machine=LeaseMachine(Join(settings.name, advertise=settings.advertise), settings.host),
            clock=context.reactor,
            rng=context.rng,
            client=self.client,
            state=self.state,
            network=self.session,
            announce=context.announce,
            watch=self.address_watch,
            wall=context.wall,
            welcomed=unheard if context.private is None else self._welcomed,
        )

    def _welcomed(self, welcome: Welcome) -> None:
        if self.revocations is not None:
            self.revocations.welcomed(welcome)
        self.shutdown.welcomed(welcome)

    @cached_property
    def renewal(self) -> CertificateRenewal | None:
        """What keeps the certificate good."""
        context, private = self.context, self.context.private
        if private is None:
            return None
        return CertificateRenewal(
            context.reactor,
            private.member,
            private.security,
            client=self.client,
            state=context.settings.state,
            offload=context.offload,
            date=context.wall,
            announce=context.announce,
            rng=context.rng,
        )

    def member_services(self, looks_around: bool = False) -> Iterator[IService]:
        """
        Make what the daemon of a member of a private network runs, too.

        :param looks_around: whether to search for a registry that has moved.
        """
        context, private = self.context, self.context.private
        if private is None or self.renewal is None:
            return
        yield self.renewal
        if looks_around:
            interface = None if context.settings.is_guessed else context.settings.interface
            yield MovedRegistry(
                context.reactor,
                private.member,
                self.client.places,
                search=partial(search_lan, interface=interface),
                offload=context.offload,
                announce=context.announce,
                rng=context.rng,
            )

    @cached_property
    def revocations(self) -> RevocationExchange | None:
        """What this peer and others know of revocations."""
        statements = self.context.statements
        if statements is None:
            return None
        return RevocationExchange(statements, self.session, self.client)

    @cached_property
    def shutdown(self) -> Shutdown:
        """The end of the whole network."""
        context = self.context
        return Shutdown(
            context.reactor,
            self.session,
            context.announce,
            context.stopped,
            statements=context.statements,
            rule=context.settings.stop,
        )
