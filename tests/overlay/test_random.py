"""Neighbors that say anything at all, as long as it is well formed."""

from collections.abc import Callable
from itertools import count
from random import Random
from typing import TypeVar

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import (
    Answer,
    Close,
    Consult,
    Dial,
    Effect,
    LocalAnswer,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.events import (
    Asked,
    ConnectionLost,
    Consulted,
    Event,
    LinkAccepted,
    LinkAsked,
    MessageReceived,
    RoundTripMeasured,
    TimeCame,
)
from p2p_twisted.overlay.overlay import Overlay, make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import (
    Ask,
    Bye,
    Gossip,
    Graft,
    Hit,
    IHave,
    Link,
    Linked,
    Message,
    PeerRecord,
    Prune,
    Refuse,
    Told,
    Want,
)
from p2p_twisted.wire.names import PeerAddress
from tests.overlay.builders import an_address, an_id

T = TypeVar("T")

_NAMES = ["me", "n1", "n2", "n3", "a", "x" * limits.PEER_NAME_CHARACTERS]
_FILES = ["0" * 64, "f" * 64]
_MOMENT = 5e-324


class Chaos:
    """
    One machine, and neighbors that say what a dice tells them to.

    :ivar answers: to the machine's own questions.
    """

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        passive = PassiveView(an_address("me", 9_000), Book(b"secret"), rng)
        self.overlay: Overlay = make_overlay(passive, count(1), rng)
        self.now = 0.0
        self.answers = 0
        self._links: list[int] = []
        self._strangers = count(1_000_000)
        self._ids = count(1)
        self._recent = [an_id(0)]
        self._asked = 0

    def know(self, ask: Ask) -> LocalAnswer:
        """Answer with anything."""
        return LocalAnswer(self.some(self.record, 3), self.some(self.hit, 20))

    def step(self) -> None:
        """Let something happen, and see that all that is to be sent can be sent."""
        self.now += self.rng.choice([0.0, 0.001, 0.1, 1.0])
        act = self.rng.random()
        if act < 0.05 or not self._links:
            link = Link(self.rng.choice(["join", "need", "mix"]), self.name(), 9_001, True)
            event: Event = LinkAsked(next(self._strangers), link, "127.0.0.1")
        elif act < 0.07:
            bye = self.rng.choice([None, Bye("evicted", self.some(self.address, 8))])
            event = ConnectionLost(self.rng.choice(self._links), bye)
        elif act < 0.10:
            self._asked += 1
            self._recent.append(an_id(next(self._ids)))
            event = Asked(Ask(self._recent[-1], "topo", wait=1.0))
        else:
            link_id = self.rng.choice(self._links)
            event = MessageReceived(link_id, self.message(link_id))
        self.feed(event)
        while self.overlay.wake_at <= self.now:
            self.feed(TimeCame())

    def feed(self, event: Event) -> None:
        """Have the machine handle an event, and do what matters here of what it asks for."""
        effects: list[Effect] = self.overlay.handle(event, self.now)
        for effect in effects:
            match effect:
                case Send(_, message):
                    encode(message)
                case Close(_, bye) if bye is not None:
                    encode(bye)
                case Consult(ask):
                    effects += self.overlay.handle(Consulted(ask.id, self.know(ask)), self.now)
                case NeighborUp(link):
                    self._links.append(link)
                    effects += self.overlay.handle(RoundTripMeasured(link, 0.1), self.now)
                case NeighborDown(link):
                    self._links.remove(link)
                case Answer():
                    self.answers += 1
                case Dial(link) if self.rng.random() < 0.5:
                    linked = Linked(self.some(self.address, 8))
                    self.feed(LinkAccepted(link, linked))
                case Dial(link):
                    self.feed(ConnectionLost(link))

    def finish(self) -> int:
        """Let all questions end; returns how many have not been answered."""
        while self.overlay.queries.wake_at < self.now + 20.0:
            self.now = max(self.now, self.overlay.wake_at)
            self.feed(TimeCame())
        return self._asked - self.answers

    def message(self, link: int) -> Message:
        """Make up a message, with values at their bounds more often than not."""
        rng = self.rng
        neighbor = self.overlay.membership.links[link].address.name
        makers: list[Callable[[], Message]] = [
            lambda: Told(
                self.id(),
                self.some(self.record, rng.choice([1, 700])),
                self.some(self.hit, 30),
                rng.random() < 0.5,
                rng.choice([0, 1, 1_000_000]),
                self.some(lambda: f"s{rng.randrange(10_000)}", 256),
                rng.random() < 0.5,
                rng.choice([0, (1 << 48) - 1]),
            ),
            lambda: Ask(
                self.id(),
                rng.choice(["topo", "name", "text", "id", "ls"]),
                rng.choice(["", "x" * limits.SEARCH_CHARACTERS]),
                rng.choice([None, self.name()]),
                rng.choice([0.0, 0.1, limits.ASK_SECONDS]),
                rng.choice([0, 1, limits.ASK_HOPS]),
                rng.choice([_MOMENT, 0.1, limits.ASK_SECONDS]),
                rng.choice([1, limits.HITS_PER_FILE]),
                rng.choice([0, 1, limits.ASK_HOPS]),
                rng.choice([1, limits.HITS_PER_PEER]),
                rng.random() < 0.5,
            ),
            lambda: Gossip(
                self.id(),
                "x",
                self.name(),
                rng.choice([0.0, _MOMENT, limits.GOSSIP_LIFE_SECONDS]),
                rng.choice([0.0, limits.GOSSIP_LIFE_SECONDS]),
                rng.choice([0, limits.GOSSIP_HOPS]),
                rng.random() < 0.5,
                rng.choice(["", "\U0010ffff" * 2_048]),
            ),
            lambda: Want(
                self.id(),
                rng.choice(_FILES),
                self.name(),
                "127.0.0.1",
                9_999,
                self.some(self.name, limits.ROUTE_HOPS),
                (*self.some(self.name, limits.ROUTE_HOPS - 1), neighbor),
            ),
            lambda: Refuse(self.id(), "x" * 400, self.some(self.name, limits.ROUTE_HOPS)),
            lambda: IHave(self.some(self.id, limits.IDS_PER_LINE)),
            lambda: Graft(self.some(self.id, limits.IDS_PER_LINE)),
            Prune,
        ]
        return rng.choice(makers)()

    def some(self, make: Callable[[], T], most: int) -> tuple[T, ...]:
        """Make none, one, or as many as there may be."""
        return tuple(make() for _ in range(self.rng.choice([0, 1, most])))

    def id(self) -> str:
        """Take a new id or one of the last ones, which may be of the machine's own questions."""
        if self.rng.random() < 0.3:
            self._recent.append(an_id(next(self._ids)))
        return self.rng.choice(self._recent[-6:])

    def name(self) -> str:
        """Take one of a few names."""
        return self.rng.choice(_NAMES)

    def address(self) -> PeerAddress:
        """Take one of a few addresses."""
        return an_address(self.name(), self.rng.randrange(9_000, 9_010))

    def record(self) -> PeerRecord:
        """Make up a peer."""
        return PeerRecord(self.name(), self.some(self.name, limits.LINKS_IN_RECORD))

    def hit(self) -> Hit:
        """Make up a hit."""
        name = self.rng.choice(["f", "\U0001f468" * 50, '"' * 200])
        size = self.rng.choice([0, limits.FILE_BYTES])
        route = self.some(self.name, limits.ROUTE_HOPS)
        return Hit(self.name(), name, size, file=self.rng.choice([*_FILES, None]), route=route)


class RandomTests(SynchronousTestCase):
    """Whatever neighbors say, what comes of it can be sent, and our questions are answered."""

    def test_anything(self) -> None:
        """Nothing is raised, and nothing stays open."""
        for seed in range(12):
            chaos = Chaos(seed)
            for _ in range(400):
                chaos.step()
            self.assertEqual(chaos.finish(), 0)
