"""Run the registry as a service: its listener and its timer."""

from typing import Final

import attrs
from twisted.application.internet import TimerService
from twisted.application.service import MultiService
from twisted.internet.defer import maybeDeferred
from twisted.logger import Logger
from typing_extensions import override

from p2p_twisted.registry import limits
from p2p_twisted.registry.enrollment import Enrollment
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.session import RegistrySession
from p2p_twisted.registry.store import StoreFault, cannot_use
from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.file_limit import open_files_limit
from p2p_twisted.runtime.listening import ListeningService
from p2p_twisted.runtime.reactor import Reactor
from p2p_twisted.runtime.service_manager import notify
from p2p_twisted.wire.listener import Bounds, Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello
from p2p_twisted.wire.names import NetworkName, is_loopback
from p2p_twisted.wire.securing import Security

_EXPIRE_SECONDS: Final = 1.0
# A thousand peers may be started by one command; each needs its connection for a moment only.
_BOUNDS: Final = Bounds(limits.REGISTRY_CONNECTIONS, limits.REGISTRY_CONNECTIONS_BEFORE_FIRST_LINE)
# As a peer's: each that has begun a handshake takes 46 KB.
_PRIVATE_BOUNDS: Final = Bounds()


class RegistryService(MultiService):
    """
    Serves a registry.

    :param endpoint: where to listen.
    :param allows_lan: whether that may be beyond loopback.
    :param security: encrypts all connections of a private network.
    :param enrollment: lets newcomers into it.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Reactor,
        registry: Registry,
        network: NetworkName,
        endpoint: str,
        allows_lan: bool = False,
        *,
        security: Security | None = None,
        enrollment: Enrollment | None = None,
    ) -> None:
        super().__init__()
        self._reactor = reactor
        self._registry = registry
        self._network = network
        self._is_private = security is not None
        if enrollment is not None:
            enrollment.revoked.watch(registry.forget)
        self._allows_lan = allows_lan or self._is_private
        self._listener = Listener(
            reactor,
            Hello(PROTOCOL, "registry", "registry", network),
            lambda connection: RegistrySession(connection, registry, enrollment),
            (_BOUNDS if security is None else _PRIVATE_BOUNDS).within(open_files_limit()),
            security=security,
        )
        self._listening = ListeningService(reactor, endpoint, self._listener)
        self._listening.setServiceParent(self)
        timer = TimerService(_EXPIRE_SECONDS, registry.expire)
        timer.clock = reactor
        timer.setServiceParent(self)

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that it listens on, once it does."""
        return self._listening.address

    @override
    def startService(self) -> None:
        """
        Begin to answer.

        :raises CannotStart: when others could reach it unasked, or its store cannot be used.
        """
        super().startService()
        host, port = self._listening.address
        is_open = not is_loopback(host)
        if is_open and not self._allows_lan:
            raise CannotStart(
                f"listening on {host} lets other machines in, without any encryption or keys:"
                " add interface=127.0.0.1 to --listen, or say --insecure-lan",
                Exit.USAGE,
            )
        was = self._registry.policy
        policy = attrs.evolve(was, is_open=is_open, is_private=self._is_private)
        if self._is_private:
            # A handshake costs more than all that is decided then.
            policy = attrs.evolve(policy, renewals_per_second=limits.PRIVATE_RENEWALS_PER_SECOND)
        self._registry.policy = policy
        try:
            self._registry.start()
        except StoreFault as fault:
            raise cannot_use(fault) from fault
        self._reactor.callWhenRunning(self._started, host, port)

    @override
    async def stopService(self) -> None:
        notify("STOPPING=1")
        await maybeDeferred(super().stopService)
        self._listener.close_all()
        await self._registry.stop()

    def _started(self, host: str, port: int) -> None:
        place = show_location(host, port)
        if self._registry.policy.is_open and not self._is_private:
            self.log.warn("insecure: everybody who reaches this registry can read it and join")
        self.log.info(
            "registry of network {network}, listening on {place}",
            network=self._network,
            place=place,
        )
        notify(f"READY=1\nSTATUS=listening on {place}")
