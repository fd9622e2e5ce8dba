"""What the driver does, and in which order, because of what the machines decide."""

from collections.abc import Callable
from random import Random
from typing import Any, cast

from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.basic import LineReceiver
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.driver_events import Events
from p2p_twisted.overlay.events import ConnectionLost
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.input import Input
from p2p_twisted.wire.intake import Intake
from p2p_twisted.wire.messages import Ask, Bye, Gossip, Link, Message
from p2p_twisted.wire.names import PeerAddress
from tests.overlay.builders import a_gossip, an_address, an_id

Said = list[tuple[str, Message]]


class FakeKeepAlive:
    """Knows what it is given."""

    round_trip: float | None = None
    is_overdue = False

    def start(self) -> None: ...


class FakeConnection:
    """A connection that notes what is sent on it."""

    host = "127.0.0.1"

    def __init__(self, name: str, said: Said) -> None:
        self.keep_alive = FakeKeepAlive()
        clock = Clock()
        self.intake = Intake(clock, LineReceiver(), Input(clock, lambda _count, _behind: None))
        self._name = name
        self._said = said

    def send(self, message: Message, sheddable: bool = False) -> None:
        self._said.append((self._name, message))

    def hand_over(self, session: object) -> None: ...

    def clear_deadline(self) -> None: ...

    def close(self) -> None: ...


class FakePeer:
    """A peer that does one thing whenever it loses a neighbor."""

    def __init__(self) -> None:
        self.lost: Callable[[], object] = lambda: None
        self.neighbors: set[str] = set()

    def neighbor_up(self, address: PeerAddress, link: Connection, offers: bool) -> None:
        self.neighbors.add(address.name)

    def neighbor_down(self, address: PeerAddress, has_died: bool) -> None:
        self.neighbors.remove(address.name)
        self.lost()


class DriverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.said: Said = []
        self.peer = FakePeer()
        self.reactor: Any = MemoryReactorClock()
        me, book, events = an_address("me", 9_000), Book(b"secret"), cast(Events, self.peer)
        self.driver = OverlayDriver(
            self.reactor, Random(1), me=me, network="default", book=book, events=events
        )
        for number in range(limits.LINKS_MOST):
            self.link(f"n{number}")
        del self.said[:]

    def link(self, name: str) -> None:
        """Have a peer that has no other link become a neighbor."""
        connection: Any = FakeConnection(name, self.said)
        self.driver.link_asked(connection, Link("join", name, 9_001, alone=True))

    def test_order(self) -> None:
        """What one effect leads to comes after all that was decided before it."""
        self.peer.lost = lambda: self.driver.publish(a_gossip())
        self.link("late")
        kinds = [type(message) for _, message in self.said]
        [bye] = [place for place, kind in enumerate(kinds) if kind is Bye]
        self.assertLess(bye, kinds.index(Gossip))
        self.assertIn("late", [name for name, message in self.said if type(message) is Gossip])

    def test_question_after_answer(self) -> None:
        """Whoever asks again as soon as an answer has come gets that answer, too."""
        answers: list[str] = []

        def again(_answer: object) -> None:
            answers.append("first")
            self.driver.ask(Ask(an_id(2), "topo", hops=0)).addCallback(
                lambda _: answers.append("second")
            )
            answers.append("asked")

        self.driver.ask(Ask(an_id(1), "topo", wait=1.0)).addCallback(again)
        self.reactor.advance(1.0)
        self.assertEqual(answers, ["first", "asked", "second"])

    def test_effect_that_fails(self) -> None:
        """Where one effect fails, all others are performed, and the machines are woken again."""

        def fail() -> None:
            raise ZeroDivisionError

        self.peer.lost = fail
        self.assertRaises(ZeroDivisionError, self.link, "late")
        self.assertIn("late", self.peer.neighbors)
        self.assertIn(Bye, [type(message) for _, message in self.said])
        self.assertTrue(self.reactor.getDelayedCalls())

    def test_round_trips(self) -> None:
        """The machines know how long a connection takes as soon as it does, and forget it."""
        for link, connection in self.driver._connections.items():
            made: Any = connection
            made.keep_alive.round_trip = 0.5 * link
        self.driver.publish(a_gossip())
        round_trips = self.driver._overlay._round_trips
        self.assertEqual(round_trips.one_way(3), 0.75)
        self.driver.feed(ConnectionLost(3))
        self.assertEqual(round_trips.usual([3]), round_trips.usual([]))

    def test_silent(self) -> None:
        """
        One that does not answer a ping is not asked, until it does; but after a moment alone.

        When this process has stood still, answers may be there that it has not read yet.
        """
        made: Any = self.driver._connections[1]
        looks = ((True, True), (False, True), (True, True), (True, False), (False, True))
        for number, (is_overdue, is_asked) in enumerate(looks):
            made.keep_alive.is_overdue = is_overdue
            del self.said[:]
            self.driver.ask(Ask(an_id(number), "topo"))
            asked = {name for name, message in self.said if isinstance(message, Ask)}
            self.assertEqual(made._name in asked, is_asked)
            self.assertGreater(len(asked), 1)
            self.reactor.advance(0.1)
