"""The registry at work."""

from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.limits import REACH_CHECKS_AT_ONCE
from p2p_twisted.registry.roster import Put
from p2p_twisted.registry.store import MemoryStore
from p2p_twisted.wire.messages import Bye, Error, Join, Leave, Message, Renew, Report, Welcome
from p2p_twisted.wire.names import PeerAddress
from tests.registry.builders import FAR, LOOPBACK, POLICY, crowd, token
from tests.registry.running import make_registry
from tests.registry.stores import Faulty, Slow


class Verdicts:
    """A checker that is told who lives, or asked later."""

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.dialed: list[str] = []
        self.pending: list[Deferred[bool]] | None = None

    def is_alive(self, address: PeerAddress) -> "Deferred[bool]":
        """Say whether somebody lives."""
        self.dialed.append(address.name)
        if self.pending is None:
            return succeed(address.name not in self.dead)
        answer: Deferred[bool] = Deferred()
        self.pending.append(answer)
        return answer


class RegistryTests(SynchronousTestCase):
    """Requests, one at a time."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.verdicts = Verdicts()
        self.store = Faulty()
        self.successResultOf(self.store.apply([Put(held) for held in crowd(10)]))
        self.registry = make_registry(self.clock, self.store, self.verdicts)
        self.registry.start()

    def answer(self, question: Any) -> Message:
        """Ask, and get the answer."""
        message: Message = self.successResultOf(self.registry.answer(question, LOOPBACK))
        return message

    def kept(self) -> set[str]:
        """List the names that the store keeps."""
        return {held.name for held in self.successResultOf(self.store.load())}

    def test_restart(self) -> None:
        """Who was known before is referred to, may renew, and has one lease to do so."""
        self.assertIsInstance(self.answer(Renew("s3", token("s3"))), Welcome)
        self.clock.advance(59)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(len(self.kept()), 10)
        self.answer(Renew("s4", token("s4")))
        self.clock.advance(1)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(self.kept(), {"s4"})

    def test_full(self) -> None:
        """A full pool whose peers all live stays full."""
        answer = self.answer(Join("s10"))
        assert isinstance(answer, Error)
        self.assertEqual(answer.code, "full")
        self.assertEqual(len(self.verdicts.dialed), 10)

    def test_room_of_the_dead(self) -> None:
        """A dead peer's port is given to the next one at once."""
        self.verdicts.dead = {"s6"}
        answer = self.answer(Join("s10"))
        assert isinstance(answer, Welcome)
        self.assertEqual(answer.port, 9006)
        self.assertNotIn("s6", self.kept())

    def test_name_of_the_dead(self) -> None:
        """A dead peer's name can be taken at once."""
        self.verdicts.dead = {"s6"}
        self.assertIsInstance(self.answer(Join("s6")), Welcome)
        self.assertEqual(self.verdicts.dialed, ["s6"])

    def test_report(self) -> None:
        """Who was reported and is dead is forgotten; who lives is not."""
        self.verdicts.dead = {"s6"}
        for name in ("s6", "s7"):
            report = Report(PeerAddress(name, LOOPBACK, 9000 + int(name[1:])))
            self.assertEqual(self.answer(report), Bye("noted"))
        self.assertEqual(self.kept(), {f"s{n}" for n in range(10)} - {"s6"})

    def test_a_sign_of_life_in_time(self) -> None:
        """Who renews while being dialed is not forgotten."""
        self.verdicts.pending = []
        asked = Deferred.fromCoroutine(self.registry.answer(Join("s6"), LOOPBACK))
        self.clock.advance(1)
        self.answer(Renew("s6", token("s6")))
        self.verdicts.pending[0].callback(False)
        self.assertIsInstance(self.successResultOf(asked), Error)
        self.assertIn("s6", self.kept())

    def test_dialing_holds_up_nobody(self) -> None:
        """While somebody is dialed, others are answered."""
        self.verdicts.pending = []
        asked = Deferred.fromCoroutine(self.registry.answer(Join("s6"), LOOPBACK))
        self.assertIsInstance(self.answer(Renew("s7", token("s7"))), Welcome)
        self.assertNoResult(asked)

    def test_two_for_one_dead_name(self) -> None:
        """Of two who want the name of a dead peer, one gets it."""
        self.verdicts.pending = []
        asked = [
            Deferred.fromCoroutine(self.registry.answer(Join("s6"), LOOPBACK)) for _ in range(2)
        ]
        for answer in list(self.verdicts.pending):
            answer.callback(False)
        kinds = [type(self.successResultOf(each)) for each in asked]
        self.assertEqual(kinds, [Welcome, Error])

    def test_reach(self) -> None:
        """A peer that asks is dialed where it is, and told; one that does not ask is not."""
        for name, reachable in (("s6", False), ("s7", True)):
            self.verdicts.dead = {"s6"}
            answer = self.answer(Renew(name, token(name)))
            self.assertIsNone(getattr(answer, "reachable", "?"))
            answer = self.answer(Renew(name, token(name), dial=True))
            self.assertIs(getattr(answer, "reachable", "?"), reachable)
        self.assertEqual(self.verdicts.dialed, ["s6", "s7"])
        self.assertIn("s6", self.kept())

    def test_behind_a_firewall(self) -> None:
        """A peer that renews keeps its name for its lease, though no dial has ever reached it."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.dead = {"n1"}
        joined = self.asked(Join("n1"), FAR)
        self.assertFalse(self.asked(Renew("n1", joined.token, dial=True), FAR).reachable)
        copy = self.asked(Join("n1", token=joined.token), "192.0.2.8")
        self.assertIn("is this directory a copy?", copy.reason)
        self.assertIn("taken", self.asked(Join("n1"), "192.0.2.8").reason)
        self.answer(Report(PeerAddress("n1", FAR, joined.port)))
        self.assertIsInstance(self.asked(Renew("n1", joined.token), FAR), Welcome)
        self.clock.advance(61)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertIsInstance(self.asked(Join("n1"), "192.0.2.8"), Welcome)

    def test_no_firewall_any_more(self) -> None:
        """A peer that could be reached at last is dead when it is not reached."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        joined = self.asked(Join("n1"), FAR)
        for self.verdicts.dead in ({"n1"}, set[str]()):
            self.asked(Renew("n1", joined.token, dial=True), FAR)
        self.verdicts.dead = {"n1"}
        self.assertIsInstance(self.asked(Join("n1"), "192.0.2.8"), Welcome)

    def test_no_firewall_on_loopback(self) -> None:
        """There, a place is not kept by saying that one lives, and listening nowhere."""
        self.verdicts.dead = {"s6"}
        self.answer(Renew("s6", token("s6"), dial=True))
        self.assertIsInstance(self.answer(Join("s10")), Welcome)

    def test_reach_is_no_scan(self) -> None:
        """Only the host that asks is dialed, once at a time, and few hosts at once."""
        self.registry.policy = attrs.evolve(POLICY, is_open=True)
        self.verdicts.pending = []
        answer = self.asked(Renew("s6", token("s6"), dial=True), FAR)
        self.assertIsNone(getattr(answer, "reachable", "?"))
        refused = Renew("s6", token("s7"), dial=True)
        self.assertIsInstance(self.answer(refused), Error)
        self.assertEqual(self.verdicts.dialed, [])
        hosts = [f"192.0.2.{number}" for number in range(1, REACH_CHECKS_AT_ONCE + 2)]
        asked = []
        for number, host in enumerate([*hosts, hosts[0]]):
            joined: Any = self.asked(Join(f"n{number}"), host)
            asked.append(self.asking(Renew(f"n{number}", joined.token, dial=True), host))
        self.assertEqual(len(self.verdicts.dialed), REACH_CHECKS_AT_ONCE)
        for late in asked[-2:]:
            self.assertIsNone(getattr(self.successResultOf(late), "reachable", "?"))
        for answered in list(self.verdicts.pending):
            answered.callback(True)
        for each in asked[:-2]:
            self.assertIs(getattr(self.successResultOf(each), "reachable", "?"), True)
        joined = self.asked(Join("last"), hosts[0])
        self.verdicts.pending = None
        self.assertTrue(self.asked(Renew("last", joined.token, dial=True), hosts[0]).reachable)

    def asking(self, question: Any, host: str) -> "Deferred[Message]":
        """Ask from a host."""
        return Deferred.fromCoroutine(self.registry.answer(question, host))

    def asked(self, question: Any, host: str) -> Any:
        """Ask from a host, and get the answer."""
        return self.successResultOf(self.asking(question, host))

    def test_expiry_survives_a_broken_store(self) -> None:
        """What could not be forgotten now is forgotten later."""
        self.clock.advance(100)
        self.store.is_broken = True
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(len(self.kept()), 10)
        self.store.is_broken = False
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(self.kept(), set())

    def test_log(self) -> None:
        """The log tells who comes and goes; reservations, which are for the asking, it does not."""
        with capturedLogs() as events:
            for number in range(5):
                self.answer(Join(f"n{number}", port=9_100 + number))
            self.clock.advance(11)
            self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(events, [])
        with capturedLogs() as events:
            mine: Any = self.answer(Join("mine", port=9_200))
            self.answer(Renew("mine", mine.token))
            self.answer(Leave("mine", mine.token))
        shown = [formatEvent(event).partition("@")[0] for event in events]
        self.assertEqual(shown, ["mine", "mine is forgotten: it left"])

    def test_expiry_survives_mistakes(self) -> None:
        """Even a mistake of ours does not end it."""
        self.patch(self.store, "apply", lambda _changes: 1 / 0)
        self.clock.advance(100)
        self.successResultOf(Deferred.fromCoroutine(self.registry.expire()))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class ConcurrencyTests(SynchronousTestCase):
    """Requests that come while an earlier one is being kept."""

    def test_no_port_twice(self) -> None:
        """Who comes at the same time gets another port, or a refusal."""
        store = Slow()
        registry = make_registry(Clock(), store)
        registry.start()
        names = [f"s{number}" for number in range(12)]
        asked = [Deferred.fromCoroutine(registry.answer(Join(n), LOOPBACK)) for n in names]
        self.assertEqual(len(store.waiting), 1)
        # Who gets nothing need not wait for the others.
        self.assertEqual([each.called for each in asked], [False] * 10 + [True] * 2)
        store.go()
        answers = [self.successResultOf(each) for each in asked]
        ports = [answer.port for answer in answers if isinstance(answer, Welcome)]
        self.assertEqual(ports, list(range(9000, 9010)))

    def test_a_crowd(self) -> None:
        """A thousand requests that came while the store was busy are answered, and later ones."""
        store = Slow()
        registry = make_registry(Clock(), store)
        registry.start()
        first = Deferred.fromCoroutine(registry.answer(Join("s0"), LOOPBACK))
        unknown = [
            Deferred.fromCoroutine(registry.answer(Renew(f"n{each}", token("n")), LOOPBACK))
            for each in range(1_000)
        ]
        store.go()
        self.assertIsInstance(self.successResultOf(first), Welcome)
        for each in unknown:
            self.assertIsInstance(self.successResultOf(each), Error)
        later = Deferred.fromCoroutine(registry.answer(Join("s1"), LOOPBACK))
        self.assertIsInstance(self.successResultOf(later), Welcome)

    def test_nothing_is_confirmed_before_it_is_stored(self) -> None:
        """Neither that a peer has left, nor that it is there again."""
        store = Slow()
        registry = make_registry(Clock(), store)
        registry.start()

        def ask(question: Any) -> "Deferred[Message]":
            return Deferred.fromCoroutine(registry.answer(question, LOOPBACK))

        joining = ask(Join("s1"))
        store.go()
        mine: Any = self.successResultOf(joining)
        store.pause()
        renewing, again = ask(Renew("s1", mine.token)), ask(Join("s1", token=mine.token))
        leaving, gone = ask(Leave("s1", mine.token)), ask(Leave("s1", mine.token))
        unkept = [renewing, again, leaving, gone]
        for each in unkept:
            self.assertNoResult(each)
        store.go()
        kinds = [type(self.successResultOf(each)) for each in unkept]
        self.assertEqual(kinds, [Welcome, Welcome, Bye, Bye])

    def test_fault(self) -> None:
        """What the store does not take is told, and free for the next one who asks."""
        store = Faulty()
        registry = make_registry(Clock(), store)
        registry.start()
        store.is_broken = True
        refused: Any = self.successResultOf(
            Deferred.fromCoroutine(registry.answer(Join("s1"), LOOPBACK))
        )
        self.assertEqual(refused.code, "later")
        store.is_broken = False
        answer: Any = self.successResultOf(
            Deferred.fromCoroutine(registry.answer(Join("s1"), LOOPBACK))
        )
        self.assertEqual(answer.port, 9000)

    def test_stop(self) -> None:
        """The store is closed after what was begun has been kept."""
        store = Slow()
        closed: list[set[str]] = []

        def close() -> "Deferred[None]":
            closed.append({held.name for held in self.successResultOf(store.load())})
            return succeed(None)

        self.patch(store, "close", close)
        registry = make_registry(Clock(), store)
        registry.start()
        asked = Deferred.fromCoroutine(registry.answer(Join("s1"), LOOPBACK))
        stopping = Deferred.fromCoroutine(registry.stop())
        self.assertEqual(closed, [])
        store.go()
        self.successResultOf(asked)
        self.successResultOf(stopping)
        self.assertEqual(closed, [{"s1"}])

    def test_requests_wait_for_the_store(self) -> None:
        """Nobody is answered before it is known who was there before."""
        store = MemoryStore()
        loaded: Deferred[Any] = Deferred()
        self.patch(store, "load", lambda: loaded)
        registry = make_registry(Clock(), store, Verdicts())
        registry.start()
        asked = Deferred.fromCoroutine(registry.answer(Join("s0"), LOOPBACK))
        self.assertNoResult(asked)
        loaded.callback(tuple(crowd(1)))
        self.assertIsInstance(self.successResultOf(asked), Error)
