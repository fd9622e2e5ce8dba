"""Dialing, on a network in memory."""

import socket
from unittest import mock

from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.test.iosim import ConnectionCompleter, IOPump
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer, dial
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import Done
from tests.wire.talking import HELLO, Notes


class DialingTests(SynchronousTestCase):
    """A connection that we open."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.connection = Connection(self.reactor, self.make_notes)

    def make_notes(self, connection: Connection) -> Notes:
        """Make the dialer's session."""
        self.notes = Notes(connection)
        return self.notes

    def test_success(self) -> None:
        """The Deferred fires with the connection."""
        dialed = dial(self.reactor, "127.0.0.1", 9000, self.connection)
        ((host, port, _, timeout, _),) = self.reactor.tcpClients
        self.assertEqual((host, port, timeout), ("127.0.0.1", 9000, limits.DIAL_SECONDS))
        self.reactor.listenTCP(9000, Listener(self.reactor, HELLO, Notes))
        ConnectionCompleter(self.reactor).succeedOnce()
        self.reactor.advance(0)
        self.assertIs(self.successResultOf(dialed), self.connection)
        self.assertTrue(self.connection.is_open)

    def test_failure(self) -> None:
        """What cannot be reached is the Deferred's failure; the session hears nothing."""
        for fault in (error.ConnectionRefusedError, error.TimeoutError):
            dialed = dial(self.reactor, "127.0.0.1", 9000, self.connection)
            ConnectionCompleter(self.reactor).failOnce(Failure(fault()))
            self.reactor.advance(0)
            self.failureResultOf(dialed, fault)
        self.assertEqual(self.notes.losses, [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_not_taken(self) -> None:
        """An address that the system refuses at once cannot be reached, like others."""
        refused = mock.Mock(side_effect=socket.gaierror(-2, "Name or service not known"))
        self.patch(self.reactor, "connectTCP", refused)
        self.failureResultOf(
            dial(self.reactor, "::1%lo", 9000, self.connection), error.ConnectError
        )

    def test_given_up(self) -> None:
        """A dial can be canceled."""
        dialed = dial(self.reactor, "127.0.0.1", 9000, self.connection)
        dialed.cancel()
        self.failureResultOf(dialed, CancelledError)

    def test_conversation(self) -> None:
        """A dialer and a listener find each other."""
        heard: list[Notes] = []

        def make_session(connection: Connection) -> Notes:
            heard.append(Notes(connection))
            return heard[-1]

        self.reactor.listenTCP(9000, Listener(self.reactor, HELLO, make_session))
        dial(self.reactor, "127.0.0.1", 9000, self.connection)
        pump = ConnectionCompleter(self.reactor).succeedOnce()
        assert isinstance(pump, IOPump)
        pump.flush()
        self.assertEqual(self.notes.hellos, [HELLO])
        self.connection.send(Done())
        pump.flush()
        self.assertEqual(heard[0].messages, [Done()])
        self.connection.close()
        pump.flush()
        self.assertEqual((len(heard[0].losses), len(self.notes.losses)), (1, 1))
        self.reactor.advance(0)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class BoundDialerTests(SynchronousTestCase):
    """Dialing from one of several addresses."""

    def test_bound(self) -> None:
        """Connections come from the dialer's address, as it is at the moment."""
        reactor = MemoryReactorClock()
        dialer = BoundDialer(reactor, "10.8.0.2")
        dial(dialer, "10.8.0.9", 9000, Connection(dialer, Notes))
        dialer.host = "10.8.0.3"
        dial(dialer, "10.8.0.9", 9000, Connection(dialer, Notes))
        dial(dialer, "fd00::9", 9000, Connection(dialer, Notes))
        binds = [bind for *_, bind in reactor.tcpClients]
        self.assertEqual(binds, [("10.8.0.2", 0), ("10.8.0.3", 0), None])

    def test_time(self) -> None:
        """Time is the reactor's."""
        reactor = MemoryReactorClock()
        dialer = BoundDialer(reactor, "10.8.0.2")
        timer = dialer.callLater(1.0, lambda: None)
        reactor.advance(0.5)
        self.assertEqual((dialer.seconds(), dialer.getDelayedCalls()), (0.5, [timer]))
        timer.cancel()
