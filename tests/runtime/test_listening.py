"""Listening on TCP."""

import errno
from unittest import mock

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.exit_code import CannotStart
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.listening import ListeningService, listen


class ListeningServiceTests(SynchronousTestCase):
    """A service that listens, or says why it cannot."""

    def test_listens_with_privileges(self) -> None:
        """It listens before the daemon drops its privileges."""
        reactor = MemoryReactorClock()
        service = ListeningService(reactor, "tcp:9011:interface=127.0.0.1", Factory())
        service.privilegedStartService()
        service.startService()
        [(port, _factory, backlog, interface)] = reactor.tcpServers
        self.assertEqual((port, interface), (9011, "127.0.0.1"))
        self.assertGreaterEqual(backlog, 1_000)
        self.assertEqual(service.address[1], 9011)

    def test_listens_without_a_privileged_start(self) -> None:
        """It listens under twist, which has only one start."""
        reactor = MemoryReactorClock()
        ListeningService(reactor, "tcp:9011", Factory()).startService()
        self.assertEqual(len(reactor.tcpServers), 1)

    def test_chosen_backlog(self) -> None:
        """What the user chose is left alone."""
        reactor = MemoryReactorClock()
        ListeningService(reactor, "tcp:9011:backlog=7", Factory()).startService()
        [(_port, _factory, backlog, _interface)] = reactor.tcpServers
        self.assertEqual(backlog, 7)

    def test_busy_port(self) -> None:
        """A port that cannot be had is said in one sentence."""
        reactor = MemoryReactorClock()
        error = CannotListenError("127.0.0.1", 9011, OSError(98, "Address already in use"))
        service = ListeningService(reactor, "tcp:9011", Factory())
        with mock.patch.object(reactor, "listenTCP", side_effect=error):
            refused = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertEqual(
            str(refused),
            "cannot listen on tcp:9011: another program listens there; is it a daemon of yours?"
            " See p2p ready; --listen names another port",
        )
        self.assertEqual(refused.exit, Exit.CONFLICT)

    def test_address_of_another_machine(self) -> None:
        """An address that this machine does not have is named as that."""
        reactor = MemoryReactorClock()
        error = CannotListenError("192.0.2.99", 9011, OSError(99, "Cannot assign"))
        service = ListeningService(reactor, "tcp:9011:interface=192.0.2.99", Factory())
        with mock.patch.object(reactor, "listenTCP", side_effect=error):
            refused = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertIn("192.0.2.99 is not an address of this machine", str(refused))

    def test_address_of_one_cable(self) -> None:
        """Nor does one do that others could not dial without naming a cable, too."""
        reactor = MemoryReactorClock()
        error = CannotListenError("fe80::1", 9011, OSError(errno.EINVAL, "Invalid argument"))
        service = ListeningService(reactor, r"tcp6:9011:interface=fe80\:\:1", Factory())
        with mock.patch.object(reactor, "listenTCP", side_effect=error):
            refused = self.assertRaises(CannotStart, service.privilegedStartService)
        self.assertIn("of use on one cable alone; name another one", str(refused))

    def test_listen_later(self) -> None:
        """A port that was assigned later is listened on with room for a crowd."""
        reactor = MemoryReactorClock()
        listen(reactor, "127.0.0.1", 9000, Factory())
        [(port, _factory, backlog, interface)] = reactor.tcpServers
        self.assertEqual((port, interface), (9000, "127.0.0.1"))
        self.assertGreaterEqual(backlog, 1_000)
