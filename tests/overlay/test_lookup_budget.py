"""What neighbors have a peer look up is charged to them, and to nobody else."""

from itertools import count
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import Arrived, Consult, Effect, LocalAnswer, Send
from p2p_twisted.overlay.events import (
    ConnectionLost,
    Consulted,
    LinkAsked,
    MessageReceived,
    TimeSpent,
)
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire.messages import Ask, Hit, Link, Refuse, Told, Want
from tests.overlay.builders import an_address, an_id, of_kind

EVIL, HONEST = 1, 2


class LookupTests(SynchronousTestCase):
    """Two neighbors ask a peer for what takes it long to find."""

    def setUp(self) -> None:
        rng = Random(1)
        self.overlay = make_overlay(
            PassiveView(an_address("me"), Book(b"secret"), rng), count(1_000), rng
        )
        for link, name in ((EVIL, "evil"), (HONEST, "honest")):
            asking = Link("join", name, 9_100 + link, alone=True)
            self.overlay.handle(LinkAsked(link, asking, "127.0.0.1"), 0.0)
        self.ids = count(1)

    def ask(self, link: int, now: float = 0.0, **fields: object) -> list[Effect]:
        """Have a neighbor ask, and return what comes of it here."""
        what = {"what": "text", "text": "x", "hops": 0, **fields}
        ask = Ask(an_id(next(self.ids)), **what)  # type: ignore[arg-type]
        return self.overlay.handle(MessageReceived(link, ask), now)

    def answer(self, effects: list[Effect], seconds: float) -> list[Effect]:
        """Answer the one lookup that there is, which took so long."""
        [consult] = of_kind(effects, Consult)
        answer = LocalAnswer(hits=(Hit("me", "x", 1),), seconds=seconds)
        return self.overlay.handle(Consulted(consult.ask.id, answer), 0.0)

    def told(self, effects: list[Effect]) -> list[bool]:
        """Say of each answer that was sent whether it was cut."""
        messages = [send.message for send in of_kind(effects, Send)]
        return [each.cut for each in messages if isinstance(each, Told) and not each.more]

    def test_used_up(self) -> None:
        """Once its share is used up a neighbor gets nothing looked up; the other one does."""
        effects = self.answer(self.ask(EVIL), limits.LOOKUP_BURST_SECONDS)
        self.assertEqual(self.told(effects), [False])
        effects = self.ask(EVIL)
        self.assertEqual((of_kind(effects, Consult), self.told(effects)), ([], [True]))
        self.assertEqual(self.told(self.answer(self.ask(HONEST), 0.1)), [False])
        self.assertEqual(of_kind(self.ask(EVIL, what="topo"), Consult) == [], False)
        self.assertEqual(of_kind(self.ask(EVIL, what="ls", peer="other"), Consult) == [], False)
        self.assertEqual(of_kind(self.ask(EVIL, what="id", text=an_id()), Consult) == [], False)

    def test_comes_back(self) -> None:
        """Its share comes back with time, and a debt is paid first."""
        self.answer(self.ask(EVIL), limits.LOOKUP_BURST_SECONDS + 0.5)
        early = 0.5 / limits.LOOKUP_SECONDS_PER_SECOND
        self.assertEqual(self.told(self.ask(EVIL, early - 0.1)), [True])
        self.assertEqual(len(of_kind(self.ask(EVIL, early + 0.1), Consult)), 1)

    def test_one_at_a_time(self) -> None:
        """Lookups of one neighbor wait for each other, not those of another; few wait."""
        first = self.ask(EVIL)
        waiting = [self.ask(EVIL) for _ in range(limits.LOOKUPS_WAITING)]
        self.assertEqual(waiting, [[]] * limits.LOOKUPS_WAITING)
        self.assertEqual(self.told(self.ask(EVIL)), [True])
        self.assertEqual(self.told(self.answer(self.ask(HONEST), 0.1)), [False])
        following = self.answer(first, 0.1)
        self.assertEqual(self.told(following), [False])
        self.assertEqual(len(of_kind(following, Consult)), 1)
        rest = self.answer(following, limits.LOOKUP_BURST_SECONDS)
        self.assertEqual(self.told(rest), [False] + [True] * (limits.LOOKUPS_WAITING - 1))
        self.assertEqual(of_kind(rest, Consult), [])

    def test_wants(self) -> None:
        """What a neighbor wants is charged, too; and then refused, which costs little."""
        want = Want(an_id(), "f" * 64, "evil", "127.0.0.1", 9_101, via=("evil",))
        self.assertEqual(len(of_kind(self.want(EVIL, want), Arrived)), 1)
        self.overlay.handle(TimeSpent(EVIL, limits.LOOKUP_BURST_SECONDS), 0.0)
        [refusal] = of_kind(self.want(EVIL, want), Send)
        self.assertEqual(refusal.message, Refuse(want.ticket, "busy"))

    def want(self, link: int, want: Want) -> list[Effect]:
        """Have a neighbor want something."""
        return self.overlay.handle(MessageReceived(link, want), 0.0)

    def test_gone(self) -> None:
        """What a neighbor that is gone had looked up is charged to nobody."""
        effects = self.ask(EVIL)
        self.ask(EVIL)
        self.overlay.handle(ConnectionLost(EVIL), 0.0)
        self.assertEqual(self.answer(effects, 9.0), [])
        self.overlay.handle(TimeSpent(EVIL, 9.0), 0.0)
        self.assertEqual(self.told(self.answer(self.ask(HONEST), 0.1)), [False])
