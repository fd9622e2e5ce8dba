"""Several registries on one etcd, in virtual time."""

from random import Random
from typing import Final

from attrs import define, field
from typing_extensions import override

from p2p_twisted.registry.etcd import EtcdStore
from p2p_twisted.registry.etcd_client import EtcdClient
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.store import IRegistryStore
from p2p_twisted.testing.daemons import NETWORK, REGISTRY, VirtualDaemons
from p2p_twisted.testing.virtual_etcd import VirtualEtcd
from p2p_twisted.testing.virtual_reactor import VirtualReactor

_ID_BITS: Final = 64


@define(eq=False)
class SeveralDaemons(VirtualDaemons):
    """
    Runs ``registry``, ``registry2`` and so on, and ``etcd1``, ``etcd2``, ... in which they store.

    :ivar registries: how many there are.
    :ivar keys: what is where in etcd.
    """

    registries: int = 3
    etcd: VirtualEtcd = field(init=False)
    keys: Keyspace = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.etcd = VirtualEtcd(self.network)
        self.keys = Keyspace.of("p2p_twisted", NETWORK)

    @property
    @override
    def registry_names(self) -> list[str]:
        return [REGISTRY, *(f"{REGISTRY}{number}" for number in range(2, self.registries + 1))]

    def start_registries(self) -> None:
        """Start all of them."""
        for name in self.registry_names:
            self.start_registry(name)

    @override
    def _port_of(self, name: str) -> int:
        return REGISTRY_PORT + self.registry_names.index(name)

    @override
    def _store_of(self, reactor: VirtualReactor, rng: Random) -> IRegistryStore:
        client = EtcdClient(reactor, self.etcd.places)
        own = f"{rng.getrandbits(_ID_BITS):016x}"
        store: IRegistryStore = EtcdStore(reactor, client, self.keys, own)
        return store

    @override
    def _forget(self) -> None:
        super()._forget()
        self.etcd.clear()
