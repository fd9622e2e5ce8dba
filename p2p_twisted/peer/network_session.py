"""A peer's place in the network: its port and its links."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal

from twisted.internet import defer
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.events import ReachFound, Referred
from p2p_twisted.peer.clock_faults import ClockFaults
from p2p_twisted.peer.saved_book import BookSaver
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.sights import Sights
from p2p_twisted.peer_errors import NoNetwork
from p2p_twisted.registry.location import show_locations
from p2p_twisted.runtime.listening import listen
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.firewall import cut_off, place
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import Bye
from p2p_twisted.wire.names import PeerAddress, PeerName, is_loopback

_JOIN_SECONDS: Final = 10.0
_LINK_SECONDS: Final = 3.0

OverlayStarter = Callable[[PeerAddress], tuple[OverlayDriver, BookSaver]]
"""Makes a peer's part of the overlay once its address is known."""


class NetworkSession:
    """
    A peer's port, and its part of the overlay.

    :param listener: accepts others' connections, as soon as there is a port for it.
    :param dialer: dials from the address that this peer listens on.
    :param start: is called once, in the same turn of the reactor in which it listens.
    :param clocks: knows where a wrong clock keeps members of a private network apart.
    :ivar sights: tells those who watch what happens.
    :ivar is_closed: whether the registry has found that others cannot dial this peer.
    :ivar refusal: why the registry takes this peer for none of the network's, if it does.
    """

    def __init__(
        self,
        reactor: Reactor,
        settings: Settings,
        listener: Listener,
        dialer: BoundDialer,
        start: OverlayStarter,
        *,
        clocks: ClockFaults | None = None,
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._listener = listener
        self._dialer = dialer
        self._start = start
        self._clocks = clocks
        self.sights = Sights()
        self._port: IListeningPort | None = None
        self._fault: str | None = None
        self.refusal: str | None = None
        self.is_closed = False
        self._is_moving = False
        self._overlay: tuple[OverlayDriver, BookSaver] | None = None
        # Those that the registry has named last, and none of which has become a neighbor.
        self._referred: tuple[PeerAddress, ...] = ()
        self._waiting: list[Deferred[None]] = []

    @property
    def driver(self) -> OverlayDriver:
        """
        The overlay's driver, which is made when this peer joins.

        :raises PeerError: before it has joined.
        """
        if self._overlay is None:
            where = show_locations(self._settings.registries)
            raise NoNetwork(f"not in a network yet: no registry answers at {where}")
        return self._overlay[0]

    @property
    def address(self) -> PeerAddress | None:
        """Where this peer listens; ``None`` until it has joined."""
        return None if self._overlay is None else self.driver.me

    @property
    def near(self) -> str | None:
        """Where this peer listens inside of the NAT that it is behind; ``None`` behind none."""
        if self._overlay is None or self.driver.me.host in (self._dialer.host, self._settings.host):
            return None
        return self._dialer.host

    def is_near(self, host: str) -> bool:
        """Return whether others that are known by a host are behind the same NAT as this peer."""
        return self.near is not None and host == self.driver.me.host

    @property
    def neighbors(self) -> tuple[PeerAddress, ...]:
        """The peers that this one is linked with, sorted by name."""
        return () if self._overlay is None else self.driver.neighbors

    def clock_fault(self, name: PeerName | None = None) -> str | None:
        """Return why there is no connection with a peer, or any, if a wrong clock is why."""
        if self._clocks is None:
            return None
        return self._clocks.latest() if name is None else self._clocks.of(name)

    def alone(self) -> str:
        """
        Say why there is no neighbor; nothing where there is one.

        Those that the registry names are there; but one that lives on this machine, too, is not
        behind a firewall.
        """
        if self.neighbors:
            return ""
        if (wrong := self.clock_fault()) is not None:
            return wrong
        if not self._referred or is_loopback(self._referred[0].host):
            return "there is no other peer at the moment"
        first, *others = self._referred
        more = f" and {len(others):,} more are" if others else " is"
        return f"{place(first)}{more} there but {cut_off(first, self.driver.me)}"

    async def connected(self) -> OverlayDriver:
        """
        Wait until others can be asked: for 10 s to join, and for 3 s until there is a link.

        :raises PeerError: when this peer has not joined by then, or has no address any more.
        """
        if self._fault is not None:
            raise NoNetwork(self._fault)
        if self._overlay is None or self._is_moving:
            joined: Deferred[None] = Deferred()
            self._waiting.append(joined)
            await self._at_most(_JOIN_SECONDS, joined)
            self._is_moving = False
        await self._at_most(_LINK_SECONDS, self.driver.linked())
        if self.refusal is not None and not self.neighbors:
            raise NoNetwork(f"not in the network any more: {self.refusal}")
        return self.driver

    def may_dial(self, host: str) -> bool:
        """
        Return whether others may have this peer dial a host.

        Nobody sends it from loopback to elsewhere, or from elsewhere to loopback.
        """
        return is_loopback(host) == is_loopback(self.driver.me.host)

    # For the registration

    def listen(self, port: int) -> None:
        """
        Listen on a port.

        :raises CannotListenError: when it cannot be had.
        """
        self._port = listen(self._reactor, self._dialer.host, port, self._listener)

    def move(self, host: str) -> None:
        """
        Listen on another address of this machine, on the same port, and dial from it.

        :raises CannotListenError: when that port cannot be had there.
        """
        self._dialer.host, self._fault = host, None
        if self._port is not None:
            self._is_moving = True
            self._port.stopListening()
            self._listener.close_all()
            self.listen(self.driver.me.port)
            self.driver.move(self._settings.advertise or host)

    def seen_as(self, host: str) -> None:
        """Go on under another address, as which others see this machine."""
        self._is_moving = True
        self.driver.move(host)

    def lost_address(self, fault: str | None) -> None:
        """Refuse what needs the others, with the reason; ``None`` when it has passed."""
        self._fault = fault

    def start_overlay(self, me: PeerAddress) -> None:
        """Begin to seek links, listening at that address."""
        self._overlay = self._start(me)

    def reach_found(self, is_closed: bool) -> None:
        """Hear whether the registry has found that others cannot dial this peer."""
        if is_closed is not self.is_closed:
            self.is_closed = is_closed
            self.driver.feed(ReachFound(is_closed))

    def registry_told(self, ahead: float) -> None:
        """Hear by how many seconds the registry's clock is ahead of the monotonic one here."""
        if self._clocks is not None:
            self._clocks.registry_told(ahead)

    def introduce(self, referrals: tuple[PeerAddress, ...]) -> None:
        """Hear of other peers."""
        self._referred = () if self.neighbors else referrals
        self.driver.feed(Referred(referrals))
        if not self._is_moving:
            self._go_on()

    def neighbor_up(self) -> None:
        """Go on with what has waited since this peer moved: others find it again."""
        self._is_moving = False
        self._referred = ()
        self._go_on()

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        for joined in waiting:
            joined.callback(None)

    # The end

    def leave(self, why: Literal["leaving", "stopping"]) -> "list[Deferred[Any]]":
        """
        Say goodbye to all neighbors, close the port and save the book.

        :returns: each fires when one of them is done.
        """
        goodbyes: list[Deferred[Any]] = []
        if self._port is not None:
            closed: Deferred[Any] = maybeDeferred(self._port.stopListening)
            goodbyes.append(closed)
        if self._overlay is not None:
            driver, saver = self._overlay
            goodbyes += [saver.stop(), driver.leave(Bye(why))]
        self._listener.close_all()
        return goodbyes

    async def _at_most(self, seconds: float, event: "Deferred[None]") -> None:
        """Wait for an event, but not for ever."""
        with suppress(defer.TimeoutError):
            await event.addTimeout(seconds, self._reactor)
