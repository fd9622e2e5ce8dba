"""Several registries on one store."""

from random import Random
from typing import Any

from attrs import evolve

from p2p_twisted.registry.etcd import EtcdStore
from p2p_twisted.registry.etcd_keys import Keyspace
from p2p_twisted.registry.limits import LEASE_SECONDS, NOTE_SECONDS, STORE_SILENT_SECONDS
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.rules import Policy
from p2p_twisted.wire.messages import Bye, Error, Join, Leave, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import DATE, FAR, LOOPBACK, token
from tests.registry.fake_etcd import LATENCY, settle
from tests.registry.several import PORTS, Several


class SeveralTests(Several):
    """Two of them, as long as all is well."""

    def test_each_knows_all(self) -> None:
        """Who joins at one is known at the other within a second, and referred to."""
        self.joined(0, "s1")
        self.wait(1)
        welcome = self.ask(1, Join("s2"))
        self.assertEqual(welcome.referrals, (PeerAddress("s1", LOOPBACK, 9000),))
        self.assertEqual(welcome.port, 9001)

    def test_nothing_twice(self) -> None:
        """Of those that want one name at one moment one gets it; no place is given twice."""
        asked = [self.asking(each % 2, Join(f"n{each // 4}")) for each in range(24)]
        for each in asked:
            settle(self.clock, each)
        answers = [self.successResultOf(each) for each in asked]
        welcomes = [each for each in answers if isinstance(each, Welcome)]
        self.assertEqual(sorted(each.name for each in welcomes), sorted(f"n{n}" for n in range(6)))
        self.assertEqual(len({each.port for each in welcomes}), 6)
        refused = {each.code for each in answers if isinstance(each, Error)}
        self.assertEqual(refused, {"reserved"})

    def test_renew_elsewhere(self) -> None:
        """A peer may ask any of them, also at once; nobody is unknown who has just joined."""
        self.cluster.members[1].is_deaf = True
        welcome = self.ask(0, Join("s1"))
        asked = self.asking(1, Renew("s1", welcome.token))
        self.clock.advance(LATENCY)
        self.cluster.members[1].end_watch()
        settle(self.clock, asked)
        self.assertIsInstance(self.successResultOf(asked), Welcome)
        self.assertIsInstance(self.ask(0, Leave("s1", welcome.token)), Bye)
        self.wait(1)
        self.assertEqual(self.ask(1, Renew("s1", welcome.token)).code, "unknown")
        self.assertEqual(self.ask(1, Join("s2")).port, 9000)

    def test_lost_answer(self) -> None:
        """Who did not hear that it was let in is let in by another one that it shows its token."""
        join = Join("s1", token=token("s1"))
        self.ask(0, join)
        welcome = self.ask(1, join)
        self.assertEqual((welcome.port, welcome.token), (9000, token("s1")))
        self.assertEqual(self.ask(1, Join("s1", token=token("s2"))).code, "reserved")

    def test_closed(self) -> None:
        """Whom one could not dial, the others do not take for dead; nor one that starts later."""
        for registry in self.registries:
            registry.policy = evolve(registry.policy, is_open=True)
        self.verdicts.dead = {"n1"}
        token = self.ask(0, Join("n1"), FAR).token
        self.assertFalse(self.ask(0, Renew("n1", token, dial=True), FAR).reachable)
        self.wait(1)
        later = self.start(2)
        later.policy = evolve(later.policy, is_open=True)
        for number in (1, 2):
            self.assertEqual(self.ask(number, Join("n1"), "192.0.2.8").code, "later")
        self.verdicts.dead = set()
        self.assertTrue(self.ask(1, Renew("n1", token, dial=True), FAR).reachable)
        self.wait(1)
        self.assertEqual(self.ask(0, Join("n1"), "192.0.2.8").code, "taken")

    def test_leases(self) -> None:
        """Renewals at either count for both; who does not renew is forgotten by the first."""
        tokens = {name: self.joined(0, name).token for name in ("s1", "s2")}
        for _ in range(4):
            self.wait(LEASE_SECONDS / 2)
            self.assertIsInstance(self.ask(1, Renew("s1", tokens["s1"])), Welcome)
        self.wait(NOTE_SECONDS)
        self.assertEqual([self.names(each) for each in (0, 1)], [{"s1"}, {"s1"}])

    def test_first_is_gone(self) -> None:
        """Another one forgets whose leases ran out once nothing is heard of the first."""
        self.joined(0, "s1")
        self.cluster.members[0].is_away = True
        del self.registries[0]
        self.assertEqual(self.notes(), {b"net/registries/a", b"net/registries/b"})
        self.wait(LEASE_SECONDS + STORE_SILENT_SECONDS + 2 * NOTE_SECONDS)
        self.assertEqual(self.names(0), set())
        self.assertEqual(self.notes(), {b"net/registries/b"})

    def notes(self) -> set[bytes]:
        """List the keys of notes."""
        return {key for key in self.cluster.keys if b"/registries/" in key}


class TroubledTests(Several):
    """Two of them, and etcd or one of them is in trouble."""

    def test_cut_off(self) -> None:
        """One that does not hear of the others refuses all, and says why; then it goes on."""
        welcome = self.joined(0, "s1")
        self.cluster.members[0].is_away = True
        self.cluster.members[0].end_watch()
        self.wait(STORE_SILENT_SECONDS + 2 * NOTE_SECONDS)
        for question in (Renew("s1", welcome.token), Join("s2"), Leave("s1", welcome.token)):
            refused = self.ask(0, question)
            self.assertEqual((refused.code, "etcd is away" in refused.reason), ("later", True))
        self.assertIsInstance(self.ask(1, Renew("s1", welcome.token)), Welcome)
        self.assertIsInstance(self.ask(1, Join("s2")), Welcome)
        self.cluster.members[0].is_away = False
        self.wait(2 * NOTE_SECONDS)
        self.assertIsInstance(self.ask(0, Renew("s1", welcome.token)), Welcome)
        self.assertEqual(self.ask(0, Join("s2")).code, "reserved")

    def test_told_at_once(self) -> None:
        """One that could not store something refuses the next at once, until etcd answers again."""
        welcome = self.joined(0, "s1")
        self.cluster.members[0].is_away = True
        refused = self.ask(0, Join("s2"))
        self.assertEqual((refused.code, "etcd is away" in refused.reason), ("later", True))
        again = self.successResultOf(self.asking(0, Renew("s1", welcome.token)))
        self.assertEqual((again.code, "etcd is away" in again.reason), ("later", True))
        self.cluster.members[0].is_away = False
        self.wait(1)
        self.assertIsInstance(self.ask(0, Renew("s1", welcome.token)), Welcome)

    def test_all_are_cut_off(self) -> None:
        """Who could not renew anywhere is not forgotten for that."""
        welcome = self.joined(0, "s1")
        for member in self.cluster.members:
            member.is_away = True
            member.end_watch()
        self.wait(2 * LEASE_SECONDS)
        for member in self.cluster.members:
            member.is_away = False
        self.wait(LEASE_SECONDS / 2)
        self.assertEqual(self.names(1), {"s1"})
        self.assertIsInstance(self.ask(1, Renew("s1", welcome.token)), Welcome)

    def test_deaf(self) -> None:
        """A watch on which own notes do not come back is opened again, from where it was."""
        self.cluster.members[1].is_deaf = True
        self.joined(0, "s1")
        self.wait(STORE_SILENT_SECONDS)
        self.assertEqual(self.cluster.members[1].watches, 2)
        self.assertEqual(self.names(1), {"s1"})

    def test_compacted(self) -> None:
        """Where history is gone, what there is is read."""
        tokens = {name: self.joined(0, name).token for name in ("s1", "s2")}
        self.wait(1)
        self.cluster.members[1].is_away = True
        self.cluster.members[1].end_watch()
        self.assertIsInstance(self.ask(0, Leave("s1", tokens["s1"])), Bye)
        self.joined(0, "s3")
        self.cluster.compact()
        self.cluster.members[1].is_away = False
        self.wait(1)
        self.assertEqual(self.names(1), {"s2", "s3"})
        self.assertEqual([self.ask(1, Join(name)).port for name in ("s4", "s5")], [9002, 9003])

    def test_away_at_the_start(self) -> None:
        """A registry that cannot read the store says so, and reads it once, as soon as it can."""
        self.joined(0, "s1")
        store = EtcdStore(self.clock, away := self.cluster.member(), Keyspace("net/"), "z")
        away.is_away = True
        checker: Any = self.verdicts
        registry = Registry(
            self.clock, store, checker, policy=Policy(PORTS), rng=Random(9), date=lambda: DATE
        )
        registry.start()
        self.registries.append(registry)
        self.wait(1)
        self.assertEqual(self.ask(2, Join("s2")).code, "later")
        self.assertEqual(len(self.flushLoggedErrors()), 0)
        away.is_away = False
        self.wait(2)
        self.assertEqual(self.names(2), {"s1"})
        self.assertEqual(away.watches, 1)

    def test_heard_while_it_is_stored(self) -> None:
        """What is undone here undoes nothing of what another one has stored meanwhile."""
        self.cluster.members[1].is_deaf = True
        theirs = self.ask(0, Join("s1", port=9007))
        self.cluster.members[1].end_watch()
        asked = [self.asking(1, Join("s1", port=9007)), self.asking(1, Join("s9", port=9007))]
        for each in asked:
            settle(self.clock, each)
        self.assertEqual({self.successResultOf(each).code for each in asked}, {"reserved"})
        held = self.registries[1].members("", 9)
        self.assertEqual([(each.name, each.token) for each in held], [("s1", theirs.token)])
