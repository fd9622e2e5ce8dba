"""The store in etcd, over one in memory."""

import json
from base64 import b64decode, b64encode
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.registry.etcd import EtcdStore
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.roster import Change, Forget, Put
from p2p_twisted.registry.store import IRegistryStore, StoreFault
from tests.registry import store_contract
from tests.registry.builders import registration
from tests.registry.fake_etcd import LATENCY, Cluster, settle


class RestoredTests(SynchronousTestCase):
    """Two registries, whose etcd is restored from a backup."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cluster = Cluster(self.clock)
        keys = Keyspace("net/v1/")
        self.stores = [EtcdStore(self.clock, self.cluster.member(), keys, own) for own in "ab"]
        self.heard: list[Change] = []
        for store in self.stores:
            self.addCleanup(store.close)
            self.done(store.load())

    def done(self, deferred: Any) -> Any:
        settle(self.clock, deferred)
        return self.successResultOf(deferred)

    def hear(self, change: Change) -> bool:
        self.heard.append(change)
        return True

    def forgotten(self) -> list[Change]:
        return [each for each in self.heard if isinstance(each, Forget)]

    def test_lost(self) -> None:
        """What it has lost is forgotten, what it has again is told, and both registries go on."""
        one, other = self.stores
        for store in self.stores:
            store.follow(self.hear)
        self.done(one.apply([Put(registration("s1"))]))
        self.cluster.back_up()
        self.done(one.apply([Put(registration("s2", 9001)), Put(registration("s1", 9002))]))
        self.done(other.catch_up())
        self.clock.pump([0.1] * 100)
        self.cluster.restore()
        self.heard.clear()
        self.clock.pump([0.1] * 50)
        self.assertEqual([store.fault for store in self.stores], [None, None])
        self.assertEqual(self.forgotten(), [Forget("s2")] * 2)
        again = [each for each in self.heard if isinstance(each, Put)]
        self.assertEqual(again, [Put(registration("s1", expires=0.0))] * 2)
        self.heard.clear()
        self.done(other.apply([Put(registration("s3", 9001))]))
        self.done(one.catch_up())
        self.assertIn(Put(registration("s3", 9001, expires=0.0)), self.heard)
        self.done(one.apply([Put(registration("s3", 9003)), Put(registration("s1", 9001))]))

    def lose_little(self) -> None:
        """Have etcd lose the last that one of two has stored, and have others write more."""
        for store in self.stores:
            store.follow(self.hear)
        self.clock.pump([0.1] * 10)
        self.cluster.back_up()
        self.done(self.stores[0].apply([Put(registration("s2", 9001))]))
        self.clock.pump([LATENCY] * 5)
        self.assertIn(Put(registration("s2", 9001, expires=0.0)), self.heard)
        self.heard.clear()
        self.cluster.restore()
        self.cluster.revision += 100

    def test_little_lost(self) -> None:
        """Each finds that out, also if the one that stored it has gone on before the other asks."""
        self.lose_little()
        self.cluster.members[1].is_away = True
        self.clock.pump([0.1] * 50)
        self.assertEqual(self.forgotten(), [Forget("s2")])
        self.assertIsNone(self.stores[0].fault)
        self.cluster.members[1].is_away = False
        self.clock.pump([0.1] * 50)
        self.assertEqual(self.forgotten(), [Forget("s2")] * 2)
        self.assertEqual([store.fault for store in self.stores], [None, None])
        self.clock.pump([0.1] * 1_000)
        self.assertEqual(len(self.cluster.keys), 2)

    def test_writer_is_gone(self) -> None:
        """It is found out by another registry than the one that had stored it, and has ended."""
        self.lose_little()
        self.cluster.members[0].is_away = True
        self.clock.pump([0.1] * 50)
        self.assertEqual(self.forgotten(), [Forget("s2")])

    def test_asked_first(self) -> None:
        """What is to be stored next finds it out, too, and is not kept."""
        self.lose_little()
        kept = self.stores[0].apply([Put(registration("s3", 9003))])
        settle(self.clock, kept)
        self.assertIn("restored", str(self.failureResultOf(kept, StoreFault)))
        self.assertNotIn(b"net/v1/peers/s3", self.cluster.keys)

    def test_same_revision(self) -> None:
        """What another registry stores at the revision of an own change that is lost is heard."""
        one, other = self.stores
        one.follow(self.hear)
        self.cluster.back_up()
        for port in range(9000, 9009):
            self.done(other.apply([Put(registration(f"s{port}", port))]))
        self.cluster.members[0].is_deaf = True
        self.done(one.apply([Put(registration("s2", 9100))]))
        lost = self.cluster.revision
        self.cluster.restore()
        self.clock.pump([0.1] * 50)
        self.cluster.revision = lost - 1
        another = EtcdStore(self.clock, self.cluster.member(), Keyspace("net/v1/"), "c")
        self.addCleanup(another.close)
        self.done(another.load())
        self.done(another.apply([Put(registration("s3", 9101))]))
        self.done(one.catch_up())
        self.assertIn(Put(registration("s3", 9101, expires=0.0)), self.heard)

    def test_refused_meanwhile(self) -> None:
        """Until all is read again, nobody is told that a registry knows what others have stored."""
        one, other = self.stores
        one.follow(self.hear)
        self.done(one.catch_up())
        self.cluster.back_up()
        for port in range(9000, 9009):
            self.done(other.apply([Put(registration(f"s{port}", port))]))
        self.done(one.catch_up())
        self.cluster.restore()
        caught_up = one.catch_up()
        settle(self.clock, caught_up)
        self.assertIn(
            "restored from an older copy", str(self.failureResultOf(caught_up, StoreFault))
        )
        self.clock.pump([0.1] * 20)
        self.done(one.catch_up())


class FleetsTests(SynchronousTestCase):
    """Three networks of one name, below one prefix: an open one, and two with a root each."""

    def test_apart(self) -> None:
        """Each has an anna at one place, is the first registry, and hears nothing of the others."""
        clock = Clock()
        cluster = Cluster(clock)
        heard: list[Change] = []

        def hear(change: Change) -> bool:
            heard.append(change)
            return True

        for number, root in enumerate(("", "6b1f", "d204")):
            keys = Keyspace.of("p2p_twisted", "default", root)
            store = EtcdStore(clock, cluster.member(), keys, f"{number}")
            self.addCleanup(store.close)
            settle(clock, loading := store.load())
            self.assertEqual(self.successResultOf(loading), ())
            settle(clock, kept := store.apply([Put(registration("anna"))]))
            self.successResultOf(kept)
            store.follow(hear)
            clock.pump([0.1] * 50)
            self.assertTrue(store.is_first)
        self.assertEqual(heard, [])


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
