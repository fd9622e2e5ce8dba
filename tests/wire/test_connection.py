"""A connection and its transport: what one asks of the other, and how both end."""

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.test.iosim import FakeTransport
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override
from zope.interface.verify import verifyObject

from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Done
from tests.wire.talking import HELLO_LINE, Notes, Talk, listening, talking


class TransportTests(SynchronousTestCase):
    """What passes between a connection and its transport."""

    def test_interfaces(self) -> None:
        """Twisted asks for half closes by interface."""
        verifyObject(IHalfCloseableProtocol, listening().connection)

    def test_host_on_a_dual_socket(self) -> None:
        """An IPv4 address is one whatever the socket's family."""
        self.assertEqual(listening("::ffff:10.0.0.7").connection.host, "10.0.0.7")
        self.assertEqual(listening("::1").connection.host, "::1")

    def test_lines_are_not_held_back(self) -> None:
        """A TCP transport is told to send short lines at once; others have no such thing."""
        delays: list[bool] = []

        class Tcp(FakeTransport):
            @override
            def setTcpNoDelay(self, enabled: bool) -> None:
                delays.append(enabled)

        connection = Connection(Clock(), Notes)
        connection.makeConnection(Tcp(connection, False))
        self.assertEqual(delays, [True])


class EndTests(SynchronousTestCase):
    """How it ends."""

    def test_lost_once(self) -> None:
        """The listener hears of the loss, then the session, once."""
        told: list[int] = []
        talk = Talk(ended=lambda connection: told.append(len(talk.notes.losses))).begin()
        talk.connection.abort()
        talk.connection.abort()
        talk.lose()
        self.assertEqual(told, [0])
        self.assertEqual(len(talk.notes.losses), 1)
        self.assertEqual(talk.pipe.aborts, 2)
        talk.connection.abort()
        self.assertEqual(talk.pipe.aborts, 2)

    def test_nothing_is_heard_after_the_end(self) -> None:
        """Bytes that were on their way are dropped."""
        for end in (Connection.abort, Connection.close):
            talk = talking()
            end(talk.connection)
            talk.hear(b"DONE\nXYZ\n")
            self.assertEqual(talk.notes.messages, [])
            self.assertEqual(talk.pipe.value(), b"")

    def test_aborted_while_dialing(self) -> None:
        """Who gave up a dial does not begin to talk when it succeeds after all."""
        for end in (Connection.abort, Connection.close):
            talk = Talk(None)
            end(talk.connection)
            self.assertFalse(talk.connection.is_open)
            talk.begin()
            talk.hear(HELLO_LINE)
            self.assertEqual((talk.pipe.aborts, talk.notes.hellos), (1, []))
            talk.lose()
            self.assertEqual(talk.clock.getDelayedCalls(), [])

    def test_last_line_without_its_ending(self) -> None:
        """A line that only the end of the input ends is a line."""
        talk = talking()
        talk.hear(b"DONE")
        self.assertNotIn(Done(), talk.notes.messages)
        talk.connection.readConnectionLost()
        self.assertIn(Done(), talk.notes.messages)

    def test_half_close(self) -> None:
        """Who has finished sending is closed, unless an answer is due."""
        talk = talking()
        talk.connection.readConnectionLost()
        self.assertTrue(talk.pipe.is_ended)
        talk = talking()
        talk.notes.keeps_half_open = True
        talk.connection.readConnectionLost()
        self.assertFalse(talk.pipe.is_ended)
        self.assertTrue(talk.connection.send(Done()))
