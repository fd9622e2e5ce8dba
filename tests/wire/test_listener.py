"""A listener's bounds: there is always room for honest strangers."""

import gc
import tracemalloc
from pathlib import Path
from random import Random
from weakref import ref

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

import p2p_twisted
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.listener import Bounds, Listener
from tests.wire.talking import HELLO, HELLO_LINE, Notes, Pipe

REMOTE = "10.0.0.7"
_RNG = Random(1)
_SILENT = 200


class Accepting:
    """A listener, and what it accepted."""

    def __init__(self, bounds: Bounds) -> None:
        self.clock = Clock()
        self.sessions: list[Notes] = []
        self.listener = Listener(self.clock, HELLO, self._make_session, bounds, _RNG)
        self.pipes: dict[Connection, Pipe] = {}

    def _make_session(self, connection: Connection) -> Notes:
        self.sessions.append(Notes(connection))
        return self.sessions[-1]

    def accept(self, host: str = "127.0.0.1") -> Connection | None:
        """Connect from a host."""
        return self.accept_from(IPv4Address("TCP", host, 50_000), host)

    def accept_from(self, address: IAddress, host: str = "127.0.0.1") -> Connection | None:
        """Connect from an address."""
        connection = self.listener.buildProtocol(address)
        if isinstance(connection, Connection):
            self.pipes[connection] = Pipe(host)
            connection.makeConnection(self.pipes[connection])
            return connection
        return None

    def accepted(self, host: str = "127.0.0.1") -> Connection:
        """Connect from a host, and be accepted."""
        connection = self.accept(host)
        assert connection is not None
        return connection

    def aborted(self) -> list[Connection]:
        """List what was aborted, and is not lost yet."""
        return [connection for connection, pipe in self.pipes.items() if pipe.aborts]

    def lose(self, connection: Connection) -> None:
        """Let a connection end."""
        connection.connectionLost(Failure(ConnectionDone()))


class ListenerTests(SynchronousTestCase):
    """Who is let in."""

    def test_greets(self) -> None:
        """Whoever comes is greeted, and has a session of its own."""
        accepting = Accepting(Bounds())
        connections = [accepting.accepted(), accepting.accepted()]
        self.assertEqual(accepting.pipes[connections[0]].value(), HELLO_LINE)
        self.assertEqual([notes.connection for notes in accepting.sessions], connections)

    def test_total(self) -> None:
        """Above the bound newcomers are closed; a loss makes room."""
        accepting = Accepting(Bounds(total=3))
        first, *_ = [accepting.accepted() for _ in range(3)]
        self.assertIsNone(accepting.accept())
        self.assertEqual(accepting.aborted(), [])
        accepting.lose(first)
        accepting.accepted()
        self.assertIsNone(accepting.accept())

    def test_forgets(self) -> None:
        """What has ended is gone at once, whether it had talked or not: nothing looks for it."""
        gc.disable()
        self.addCleanup(gc.enable)
        for said in (b"", b'PING {"n":1}\r\n', b"BYE\r\n"):
            accepting = Accepting(Bounds())
            connection = accepting.accepted()
            connection.dataReceived(said)
            accepting.lose(connection)
            del accepting.pipes[connection], accepting.sessions[:]
            kept = ref(connection)
            del connection
            self.assertIsNone(kept())

    def test_few_open_files(self) -> None:
        """Where few files may be open, some stay free for what is not a stranger's."""
        for open_files, total, silent in ((20_000, 1_024, 256), (256, 128, 64), (100, 50, 25)):
            bounds = Bounds().within(open_files)
            self.assertEqual((bounds.total, bounds.silent), (total, silent))

    def test_silent_ones_go(self) -> None:
        """Who has not talked makes room for who might."""
        accepting = Accepting(Bounds(silent=3))
        connections = [accepting.accepted() for _ in range(3)]
        connections[0].dataReceived(b"DONE\n")
        connections += [accepting.accepted() for _ in range(3)]
        aborted = accepting.aborted()
        self.assertEqual(len(aborted), 2)
        self.assertNotIn(connections[0], aborted)

    def test_old_ones_may_stay(self) -> None:
        """In a flood it is left to chance who goes: the oldest may be the honest ones."""
        stayed = 0
        for _ in range(20):
            accepting = Accepting(Bounds(silent=100))
            honest = accepting.accepted()
            for _ in range(150):
                accepting.accepted()
            stayed += honest.is_open
        self.assertIn(stayed, range(5, 20))

    def test_host_with_most(self) -> None:
        """Silent ones of the host that has most make room, and those of others stay."""
        accepting = Accepting(Bounds(silent=20, per_host=15))
        honest = [accepting.accepted(f"10.0.0.{number}") for number in range(1, 6)]
        for number in range(60):
            accepting.accept("10.0.9.1") or accepting.accept("10.0.9.2")
            for connection in accepting.aborted():
                if number % 3 and connection in accepting.pipes:
                    accepting.lose(connection)
                    del accepting.pipes[connection]
        self.assertTrue(all(connection.is_open for connection in honest))

    def test_ipv6_network(self) -> None:
        """All addresses of a /64 are one host."""
        accepting = Accepting(Bounds(per_host=2))
        for number in (1, 2):
            accepting.accepted(f"2001:db8::{number}")
        self.assertIsNone(accepting.accept("2001:db8::ffff:1"))
        accepting.accepted("2001:db8:0:1::1")

    def test_pings_are_silence(self) -> None:
        """Only a message shows that somebody honest may be there."""
        accepting = Accepting(Bounds(silent=1))
        first = accepting.accepted()
        first.dataReceived(b'PING {"n":1}\nXYZ\n')
        accepting.accepted()
        self.assertEqual(accepting.aborted(), [first])

    def test_those_that_talked_stay(self) -> None:
        """A flood of silent ones drops only silent ones."""
        accepting = Accepting(Bounds(silent=4))
        honest = [accepting.accepted() for _ in range(3)]
        for connection in honest:
            connection.dataReceived(b"DONE\n")
        flood = [accepting.accepted() for _ in range(500)]
        self.assertEqual(len(accepting.aborted()), len(flood) - 4)
        self.assertLessEqual(set(accepting.aborted()), set(flood))
        self.assertTrue(all(connection.is_open for connection in honest))

    def test_per_host(self) -> None:
        """One host has so many; another one still gets in."""
        accepting = Accepting(Bounds(per_host=2))
        first, _ = [accepting.accepted(REMOTE) for _ in range(2)]
        self.assertIsNone(accepting.accept(REMOTE))
        accepting.accepted("10.0.0.8")
        accepting.lose(first)
        accepting.accepted(REMOTE)
        self.assertIsNone(accepting.accept(REMOTE))

    def test_refused_host_drops_nobody(self) -> None:
        """A host above its bound cannot push others out."""
        accepting = Accepting(Bounds(per_host=1, silent=2))
        accepting.accepted(REMOTE)
        accepting.accepted("10.0.0.8")
        self.assertIsNone(accepting.accept(REMOTE))
        self.assertEqual(accepting.aborted(), [])

    def test_loopback_is_not_counted(self) -> None:
        """Many peers may run on one machine."""
        accepting = Accepting(Bounds(per_host=1))
        for host in ("127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1") * 3:
            accepting.accepted(host)
        for _ in range(3):
            self.assertIsNotNone(accepting.accept_from(UNIXAddress(b"/run/p2p")))

    def test_dual_socket(self) -> None:
        """A host is one host, however its address is written."""
        accepting = Accepting(Bounds(per_host=1))
        accepting.accepted(REMOTE)
        self.assertIsNone(accepting.accept(f"::ffff:{REMOTE}"))

    def test_counts_after_losses(self) -> None:
        """Nothing is kept of connections that are gone."""
        accepting = Accepting(Bounds(total=10, silent=5, per_host=3))
        for number in range(300):
            accepting.lose(accepting.accepted(f"10.0.{number % 7}.1"))
        for host in ("10.0.0.1", "10.0.1.1", "10.0.2.1"):
            for _ in range(3):
                accepting.accepted(host)
        self.assertIsNone(accepting.accept("10.0.0.1"))
        accepting.accepted("10.0.3.1")
        self.assertIsNone(accepting.accept("10.0.4.1"))

    def test_close_all(self) -> None:
        """Those that are open are closed in order."""
        accepting = Accepting(Bounds())
        lost, *others = [accepting.accepted() for _ in range(3)]
        accepting.lose(lost)
        accepting.listener.close_all()
        self.assertEqual(
            [(c.is_open, accepting.pipes[c].disconnecting) for c in others], [(False, True)] * 2
        )
        self.assertEqual(accepting.aborted(), [])


class MemoryTests(SynchronousTestCase):
    """What very many connections that say nothing come to."""

    def test_silent(self) -> None:
        """Each takes less than 1,600 bytes of Python's objects: nothing is there before its use."""
        accepting = Accepting(Bounds())
        ours = tracemalloc.Filter(True, str(Path(p2p_twisted.__file__).parent / "*"))
        accepting.accepted()
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(_SILENT):
            accepting.accepted()
        traces = tracemalloc.take_snapshot().filter_traces([ours]).traces
        self.assertLess(sum(trace.size for trace in traces) / _SILENT, 1_600)
