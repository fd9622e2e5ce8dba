"""Requests that come while an earlier one is being kept."""

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.store import MemoryStore
from p2p_twisted.wire.messages import Bye, Error, Join, Leave, Message, Renew, Welcome
from tests.registry.builders import LOOPBACK, crowd, token
from tests.registry.registry_case import Verdicts
from tests.registry.running import make_registry
from tests.registry.stores import Contested, Faulty, Slow


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

    def test_conflict(self) -> None:
        """Who is in conflict with what the store has is told so, and nobody else."""
        store = Contested("s4")
        registry = make_registry(Clock(), store)
        registry.start()
        names = [f"s{number}" for number in range(10)]
        asked = [Deferred.fromCoroutine(registry.answer(Join(n), LOOPBACK)) for n in names]
        while store.go_on():
            pass
        answers = dict(zip(names, map(self.successResultOf, asked), strict=True))
        refused: Any = answers.pop("s4")
        self.assertEqual((refused.code, "another peer" in refused.reason), ("later", True))
        self.assertEqual({type(answer) for answer in answers.values()}, {Welcome})
        self.assertEqual(len(self.successResultOf(store.load())), 9)

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
