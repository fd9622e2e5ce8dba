"""Run a registry as a process of a virtual network."""

from collections.abc import Callable
from random import Random

from attrs import frozen
from twisted.application.service import MultiService

from p2p_twisted.registry.liveness import Checker
from p2p_twisted.registry.private_registry import PrivateParts
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Policy
from p2p_twisted.registry.service import RegistryService
from p2p_twisted.registry.store import IRegistryStore
from p2p_twisted.testing.virtual_reactor import VirtualReactor
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.names import NetworkName


@frozen
class RegistryProcess:
    """
    What all registries of a network have in common.

    :ivar ports: what they give to peers.
    :ivar date: reads the time of day, in seconds since 1970.
    """

    network: NetworkName
    ports: range
    date: Callable[[], float]

    def add_to(
        self,
        daemon: MultiService,
        reactor: VirtualReactor,
        port: int,
        store: IRegistryStore,
        private: PrivateParts | None = None,
        *,
        rng: Random,
    ) -> Registry:
        """Make one that listens on a port; it starts with the daemon."""
        security = private.security if private else None
        registry = Registry(
            reactor,
            store,
            Checker(BoundDialer(reactor, "", security), self.network),
            policy=Policy(self.ports),
            rng=rng,
            date=self.date,
        )
        RegistryService(
            reactor,
            registry,
            self.network,
            f"tcp:{port}:interface={reactor.network.host_of(reactor.name).address}",
            allows_lan=True,
            security=security,
            enrollment=private.enrollment if private else None,
        ).setServiceParent(daemon)
        return registry
