"""The store in etcd, over one in memory."""

from typing import Any

from twisted.internet.task import Clock
from typing_extensions import override

from p2p_twisted.registry.etcd import EtcdStore
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.roster import Put
from p2p_twisted.registry.store import IRegistryStore
from tests.registry import store_contract
from tests.registry.builders import registration
from tests.registry.fake_etcd import Cluster, settle


class EtcdStoreTests(store_contract.StoreContract):
    """One registry's store, which nobody else uses."""

    def make(self) -> IRegistryStore:
        self.clock = Clock()
        self.cluster = Cluster(self.clock)
        store: IRegistryStore = EtcdStore(
            self.clock, self.cluster.member(), Keyspace("net/v1/"), "a"
        )
        store.open()
        self.addCleanup(store.close)
        self.assertEqual(self.kept(store), set())
        return store

    @override
    def successResultOf(self, deferred: Any) -> Any:
        settle(self.clock, deferred)
        return super().successResultOf(deferred)

    @override
    def failureResultOf(self, deferred: Any, *kinds: Any) -> Any:
        settle(self.clock, deferred)
        return super().failureResultOf(deferred, *kinds)

    def test_lost_answer(self) -> None:
        """What was kept although its answer was lost is no conflict with itself."""
        store = self.make()
        self.cluster.members[0].loses_answers = 1
        self.successResultOf(store.apply([Put(registration("s1"))]))
        self.cluster.members[0].loses_answers = 1
        self.successResultOf(store.apply([Put(registration("s1", 9001))]))
        self.assertEqual([held.address.port for held in self.kept(store)], [9001])
