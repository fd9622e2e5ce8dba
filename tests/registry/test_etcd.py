"""The store in etcd, over one in memory."""

import json
from base64 import b64decode, b64encode
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

    def test_earlier_version(self) -> None:
        """A record of a version that did not keep who is closed is read."""
        store = self.make()
        self.successResultOf(store.apply([Put(registration("s1", is_closed=True))]))
        kept = self.cluster.keys[b"net/v1/peers/s1"]
        record = json.loads(b64decode(kept["value"]))
        self.assertTrue(record.pop("is_closed"))
        kept["value"] = b64encode(json.dumps(record).encode()).decode()
        self.assertEqual([held.is_closed for held in self.kept(store)], [False])

    def test_lost_answer(self) -> None:
        """What was kept although its answer was lost is no conflict with itself."""
        store = self.make()
        self.cluster.members[0].loses_answers = 1
        self.successResultOf(store.apply([Put(registration("s1"))]))
        self.cluster.members[0].loses_answers = 1
        self.successResultOf(store.apply([Put(registration("s1", 9001))]))
        self.assertEqual([held.address.port for held in self.kept(store)], [9001])
