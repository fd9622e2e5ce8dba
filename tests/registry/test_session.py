"""Conversations with the registry, byte by byte."""

from unittest import mock

from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry import limits
from p2p_twisted.registry.session import RegistrySession
from p2p_twisted.registry.store import IRegistryStore
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import Error, Join, Message, Welcome
from tests.registry.builders import HELLO, LOOPBACK, registration
from tests.registry.running import make_registry
from tests.registry.stores import Faulty, Slow


class Line:
    """One connection to a registry."""

    def __init__(self, store: IRegistryStore | None = None) -> None:
        self.clock = MemoryReactorClock()
        self.registry = make_registry(self.clock, store)
        self.registry.start()
        listener = Listener(self.clock, HELLO, lambda c: RegistrySession(c, self.registry))
        address = IPv4Address("TCP", LOOPBACK, 40_000)
        connection = listener.buildProtocol(address)
        assert isinstance(connection, Connection)
        self.connection: Connection = connection
        self.transport = StringTransport(peerAddress=address)
        self.connection.makeConnection(self.transport)
        self.greeting = self.heard()

    def say(self, text: bytes) -> list[Message]:
        """Send bytes; returns the messages that came back."""
        self.connection.dataReceived(text)
        return self.heard()

    def heard(self) -> list[Message]:
        """Take the messages that came back."""
        lines = self.transport.value().splitlines()
        self.transport.clear()
        return [decode(line) for line in lines]

    @property
    def is_closed(self) -> bool:
        """Whether the registry has closed it."""
        return self.transport.disconnecting


class RegistrySessionTests(SynchronousTestCase):
    """One request, one answer, and the end."""

    def test_greeting(self) -> None:
        """The registry speaks first."""
        self.assertEqual(Line().greeting, [HELLO])

    def test_join(self) -> None:
        """A flag in any case, with any line ending, is answered, and the connection closed."""
        for flag in (b'p2p {"name": "S99"}\n', b'P2P {"name":"s99"}\r\n', b'P2p {"name":"s99"}\n'):
            line = Line()
            [answer] = line.say(flag)
            assert isinstance(answer, Welcome)
            self.assertEqual((answer.name, answer.port), ("s99", 9000))
            self.assertTrue(line.is_closed)

    def test_wrong_flag(self) -> None:
        """A wrong flag is answered with the valid one, and may be tried again."""
        line = Line()
        self.assertEqual(line.say(b"XYZ\n"), [Error("send a valid flag: P2P", "flag")])
        self.assertFalse(line.is_closed)
        [answer] = line.say(b'p2p {"name": "s1"}\n')
        self.assertIsInstance(answer, Welcome)

    def test_three_wrong_flags(self) -> None:
        """The third try is the last one."""
        line = Line()
        self.assertEqual(len(line.say(b"A\nB#1\nc\n")), 3)
        self.assertTrue(line.is_closed)

    def test_a_wrong_flag_buys_time(self) -> None:
        """Whoever tries again has another 5 s, and no more."""
        line = Line()
        line.clock.advance(wire_limits.FIRST_LINE_SECONDS - 1)
        line.say(b"XYZ\n")
        line.clock.advance(wire_limits.FIRST_LINE_SECONDS - 1)
        self.assertFalse(line.is_closed)
        line.clock.advance(1)
        self.assertTrue(line.is_closed)

    def test_silence(self) -> None:
        """Whoever says nothing is closed after 5 s."""
        line = Line()
        line.clock.advance(wire_limits.FIRST_LINE_SECONDS)
        self.assertTrue(line.is_closed)

    def test_bare_flag(self) -> None:
        """A flag without a name is told how to give one."""
        [answer] = Line().say(b"p2p\n")
        assert isinstance(answer, Error)
        self.assertIn('p2p {"name": "s1"}', answer.reason)

    def test_malformed(self) -> None:
        """Anything else wrong with a line is one clear error, and the end."""
        for text in (b"p2p {\n", b'p2p {"name": 1}\n', b'p2p {"name": "\xff"}\n', b"p2p []\n"):
            line = Line()
            [answer] = line.say(text)
            self.assertIsInstance(answer, Error)
            self.assertTrue(line.is_closed)

    def test_a_peer_s_verb(self) -> None:
        """Who takes the registry for a peer is told so."""
        line = Line()
        [answer] = line.say(b'LINK {"why": "join", "name": "s1", "port": 9000}\n')
        assert isinstance(answer, Error)
        self.assertIn("LINK is for peers", answer.reason)
        self.assertTrue(line.is_closed)

    def test_error(self) -> None:
        """An error is not answered with another one."""
        line = Line()
        self.assertEqual(line.say(encode(Error("no"))), [])
        self.assertTrue(line.is_closed)

    def test_one_request(self) -> None:
        """A second request on the same connection is passed over."""
        line = Line()
        with mock.patch.object(line.registry, "answer", wraps=line.registry.answer) as answer:
            line.say(encode(Join("s1")) + encode(Join("s2")))
        answer.assert_called_once_with(Join("s1"), LOOPBACK)

    def test_half_closed(self) -> None:
        """Who finished sending gets the answer still."""
        store = Slow()
        line = Line(store)
        line.say(encode(Join("s1")))
        line.connection.readConnectionLost()
        self.assertFalse(line.is_closed)
        store.go()
        [answer] = line.heard()
        self.assertIsInstance(answer, Welcome)
        self.assertTrue(line.is_closed)

    def test_port_probe(self) -> None:
        """Who finished sending without a request is closed at once."""
        line = Line()
        line.connection.readConnectionLost()
        self.assertTrue(line.is_closed)

    def test_gone_before_the_answer(self) -> None:
        """A join whose asker has gone uses up nothing."""
        store = Slow()
        line = Line(store)
        line.say(encode(Join("s1")))
        line.connection.connectionLost()
        store.go()
        self.assertEqual(self.successResultOf(store.load()), ())

    def test_gone_before_it_is_back(self) -> None:
        """Who asks for the place that it has loses nothing with the answer."""
        store = Slow()
        store.go()
        line = Line(store)
        welcome = self.successResultOf(line.registry.answer(Join("s1"), LOOPBACK))
        store.pause()
        line.say(encode(Join("s1", welcome.port, welcome.token)))
        line.connection.connectionLost()
        store.go()
        self.assertEqual([kept.address.name for kept in self.successResultOf(store.load())], ["s1"])

    def test_a_store_that_hangs(self) -> None:
        """Nobody waits longer than 10 s."""
        line = Line(Slow())
        line.say(encode(Join("s1")))
        line.clock.advance(limits.REQUEST_SECONDS)
        self.assertTrue(line.is_closed)

    def test_full_disk(self) -> None:
        """What cannot be kept is refused, and not given to the next one either."""
        store = Faulty()
        line = Line(store)
        store.is_broken = True
        [answer] = line.say(encode(Join("s1")))
        assert isinstance(answer, Error)
        self.assertEqual(answer.code, "later")
        self.assertIn("store", answer.reason)
        store.is_broken = False
        welcome = self.successResultOf(line.registry.answer(Join("s2"), LOOPBACK))
        self.assertEqual(welcome.port, registration("s2", 9000).address.port)
