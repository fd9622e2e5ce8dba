"""A peer's place in the network: its port, its registration and its links."""

from collections.abc import Callable
from random import Random
from typing import Any, Final, Literal

from twisted.internet import defer
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.peer.interface import PeerError
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.saved_book import BookSaver
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.state import StateDirectory
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.twistd import listen
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import Bye, Join
from p2p_twisted.wire.names import PeerAddress, is_loopback

_GOODBYE_SECONDS: Final = 1.0
_JOIN_SECONDS: Final = 10.0
_LINK_SECONDS: Final = 3.0
_PAUSE_SECONDS: Final = 0.05

StartOverlay = Callable[[PeerAddress], tuple[OverlayDriver, BookSaver]]
"""Starts a peer's part of the overlay once its address is known."""


class NetworkSession:
    """
    What makes a peer part of a network.

    :param listener: accepts others' connections, as soon as there is a port for it.
    :param start_overlay: is called once, in the same turn of the reactor in which it listens.
    :param announce: is told what a person should know.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Reactor,
        rng: Random,
        settings: Settings,
        *,
        state: StateDirectory,
        listener: Listener,
        start_overlay: StartOverlay,
        announce: Callable[[str], None],
    ) -> None:
        self._reactor = reactor
        self._settings = settings
        self._listener = listener
        self._start_overlay = start_overlay
        self._port: IListeningPort | None = None
        client = RegistryClient(reactor, *settings.registry, settings.network)
        join = Join(settings.name, advertise=settings.advertise)
        self._registration = RegistrationKeeper(
            reactor, rng, client, state, join, self._introduce, self._is_alone, announce
        )
        self._overlay: tuple[OverlayDriver, BookSaver] | None = None

    @property
    def is_registered(self) -> bool:
        """Whether the registry knew this peer when it was last asked."""
        return self._registration.is_registered

    @property
    def driver(self) -> OverlayDriver:
        """
        The overlay's driver, which is made when this peer joins.

        :raises PeerError: before it has joined.
        """
        if self._overlay is None:
            host, port = self._settings.registry
            raise PeerError(f"not in a network yet: no registry answers at {host}:{port}")
        return self._overlay[0]

    @property
    def address(self) -> PeerAddress | None:
        """Where this peer listens; ``None`` until it has joined."""
        return self.driver.me if self._has_joined() else None

    @property
    def neighbors(self) -> tuple[PeerAddress, ...]:
        """The peers that this one is linked with, sorted by name."""
        return self.driver.neighbors if self._has_joined() else ()

    async def join(self) -> PeerAddress:
        """
        Become part of the network; the overlay then seeks links by itself.

        :returns: where this peer listens.
        :raises RegistryRefused: when the registry refuses this peer for good.
        """
        me, referrals = await self._registration.begin(self._listen)
        self._overlay = driver, _saver = self._start_overlay(me)
        driver.introduce(referrals)
        background(self.log, "keeping the registration", self._registration.keep())
        return me

    async def connected(self) -> OverlayDriver:
        """
        Wait until others can be asked: for 10 s to join, and for 3 s until there is a link.

        :raises PeerError: when this peer has not joined by then.
        """
        await self._comes_true(self._has_joined, _JOIN_SECONDS)
        driver = self.driver
        await self._comes_true(lambda: not driver.is_linking, _LINK_SECONDS)
        return driver

    def may_dial(self, host: str) -> bool:
        """
        Return whether others may have this peer dial a host.

        Nobody sends it from loopback to elsewhere, or from elsewhere to loopback.
        """
        return is_loopback(host) == is_loopback(self.driver.me.host)

    def neighbor_gone(self, address: PeerAddress, has_died: bool) -> None:
        """Report a death to the registry; ask it for others if this was the last neighbor."""
        if has_died:
            background(self.log, "reporting a death", self._registration.report(address))
        if self._is_alone():
            self._registration.hurry()

    async def leave(self, why: Literal["leaving", "stopping"]) -> None:
        """Say goodbye to neighbors and registry, for a second at most, and close the port."""
        goodbyes: list[Deferred[Any]] = [Deferred.fromCoroutine(self._registration.end())]
        if self._port is not None:
            closed: Deferred[Any] = maybeDeferred(self._port.stopListening)
            goodbyes.append(closed)
        if self._overlay is not None:
            driver, saver = self._overlay
            goodbyes += [saver.stop(), driver.leave(Bye(why))]
        self._listener.close_all()
        await DeferredList([self._in_time(goodbye) for goodbye in goodbyes])

    async def _comes_true(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition, but not for ever."""
        waited = 0.0
        while not condition() and waited < seconds:
            await deferLater(self._reactor, _PAUSE_SECONDS)
            waited += _PAUSE_SECONDS

    def _in_time(self, goodbye: "Deferred[Any]") -> "Deferred[Any]":
        def forgive(failure: Failure) -> None:
            if failure.check(defer.TimeoutError) is None:
                self.log.failure("while leaving", failure)

        return goodbye.addTimeout(_GOODBYE_SECONDS, self._reactor).addErrback(forgive)

    def _listen(self, port: int) -> None:
        self._port = listen(self._reactor, self._settings.interface, port, self._listener)

    def _introduce(self, referrals: tuple[PeerAddress, ...]) -> None:
        self.driver.introduce(referrals)

    def _has_joined(self) -> bool:
        return self._overlay is not None

    def _is_alone(self) -> bool:
        return not self.neighbors
