"""Several registries on one store, to be asked."""

from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.etcd import EtcdStore
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Policy
from p2p_twisted.wire.messages import Join, Renew, Welcome
from tests.registry.builders import DATE, LOOPBACK
from tests.registry.fake_etcd import LATENCY, Cluster, settle
from tests.registry.registry_case import Verdicts

PORTS = range(9000, 9040)


class Several(SynchronousTestCase):
    """Registries ``a``, ``b``, ... and the cluster that they share."""

    count = 2

    def setUp(self) -> None:
        self.clock = Clock()
        self.cluster = Cluster(self.clock)
        self.verdicts = Verdicts()
        self.registries: list[Registry] = []
        for number in range(self.count):
            self.start(number)

    def start(self, number: int) -> Registry:
        """Start another registry."""
        store = EtcdStore(self.clock, self.cluster.member(), Keyspace("net/"), "abc"[number])
        checker: Any = self.verdicts
        policy = Policy(PORTS)
        date = DATE
        registry = Registry(
            self.clock, store, checker, policy=policy, rng=Random(number), date=lambda: date
        )
        # The timer may come first.
        self.successResultOf(Deferred.fromCoroutine(registry.expire()))
        registry.start()
        self.registries.append(registry)
        self.wait(1)
        self.assertEqual(self.cluster.members[number].watches, 1)
        return registry

    def wait(self, seconds: float) -> None:
        """Let time pass; each registry looks for leases that have run out once a second."""
        for second in range(max(1, round(seconds))):
            for registry in self.registries:
                Deferred.fromCoroutine(registry.expire())
            for _ in range(round(min(1, seconds - second) / LATENCY)):
                self.clock.advance(LATENCY)

    def asking(self, number: int, question: Any, host: str = LOOPBACK) -> "Deferred[Any]":
        """Ask one of the registries."""
        return Deferred.fromCoroutine(self.registries[number].answer(question, host))

    def ask(self, number: int, question: Any, host: str = LOOPBACK) -> Any:
        """Ask one of the registries, and get the answer."""
        asked = self.asking(number, question, host)
        settle(self.clock, asked)
        return self.successResultOf(asked)

    def joined(self, number: int, name: str) -> Welcome:
        """Have a peer join, and say that it listens."""
        welcome = self.ask(number, Join(name))
        assert isinstance(welcome, Welcome), welcome
        self.assertIsInstance(self.ask(number, Renew(name, welcome.token)), Welcome)
        return welcome

    def names(self, number: int) -> set[str]:
        """List whom a registry knows."""
        return {held.name for held in self.registries[number].members("", 1_000)}
