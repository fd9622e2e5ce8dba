"""What befalls connections on a virtual network."""

from typing import Any

from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import ClientCreator, Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.paths import Path, Paths

PORT = 9_000


class Ear(Protocol):
    """Keeps what comes."""

    transport: Any

    def __init__(self) -> None:
        self.heard = b""
        self.why: type[BaseException] | None = None

    @override
    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.why = reason.type


class Ears(Factory):
    noisy = False

    def __init__(self) -> None:
        self.made: list[Ear] = []

    @override
    def buildProtocol(self, _address: Any) -> Ear:
        ear = Ear()
        self.made.append(ear)
        return ear


class NetworkTestCase(SynchronousTestCase):
    """Two processes, ``a`` and ``b``; ``b`` listens."""

    def setUp(self) -> None:
        self.network = VirtualNetwork(paths=Paths(Path(0.1)))
        self.a = self.network.process("a")
        self.b = self.network.process("b")
        self.ears = Ears()
        self.b.listenTCP(PORT, self.ears)

    def run_for(self, seconds: float) -> None:
        self.network.clock.run(seconds)

    def dial(self) -> "Deferred[Ear]":
        creator = ClientCreator(self.a, Ear)
        dialed: Deferred[Ear] = creator.connectTCP("127.0.0.1", PORT, timeout=2.0)
        return dialed

    def connect(self) -> tuple[Ear, Ear]:
        dialed = self.dial()
        self.run_for(1.0)
        return self.successResultOf(dialed), self.ears.made[-1]


class PathTests(NetworkTestCase):
    def test_latency(self) -> None:
        """What is sent arrives after the latency."""
        ours, theirs = self.connect()
        ours.transport.write(b"x")
        self.run_for(0.09)
        self.assertEqual(theirs.heard, b"")
        self.run_for(0.02)
        self.assertEqual(theirs.heard, b"x")

    def test_bandwidth(self) -> None:
        """A slow path takes its time for many bytes, and only the pair that has it is slow."""
        self.network.set_path("a", "b", Path(0.1, 100_000.0))
        ours, theirs = self.connect()
        ours.transport.write(bytes(200_000))
        self.run_for(1.5)
        ours.transport.write(bytes(50_000))
        self.run_for(1.0)
        self.assertGreater(len(theirs.heard), 200_000)
        self.assertLess(len(theirs.heard), 250_000)
        self.run_for(0.5)
        self.assertEqual(len(theirs.heard), 250_000)

    def test_refused(self) -> None:
        """Where nobody listens, a dial fails after the way there and back."""
        dialed = ClientCreator(self.a, Ear).connectTCP("127.0.0.1", 1)
        self.run_for(0.19)
        self.assertNoResult(dialed)
        self.run_for(0.02)
        self.failureResultOf(dialed, error.ConnectionRefusedError)


class EndTests(NetworkTestCase):
    def test_crash(self) -> None:
        """A killed process' connections are reset, its timers gone, its port free."""
        ours, _theirs = self.connect()
        self.b.callLater(1.0, self.fail)
        self.b.crash()
        self.run_for(0.2)
        self.assertIs(ours.why, ConnectionLost)
        self.failureResultOf(self.dialed(), error.ConnectionRefusedError)

    def dialed(self) -> "Deferred[Ear]":
        dialed = self.dial()
        self.run_for(3.0)
        return dialed

    def test_vanish(self) -> None:
        """Of a vanished process nobody is told; dials to it end with their timeout."""
        ours, theirs = self.connect()
        self.b.vanish()
        ours.transport.write(b"lost")
        dialed = self.dial()
        self.run_for(1.9)
        self.assertNoResult(dialed)
        self.run_for(0.2)
        self.failureResultOf(dialed, error.TimeoutError)
        self.run_for(3_600.0)
        self.assertIsNone(ours.why)
        self.assertEqual(theirs.heard, b"")

    def test_back(self) -> None:
        """Once a vanished process runs again, its old connections are reset."""
        ours, _theirs = self.connect()
        self.b.vanish()
        ours.transport.write(b"lost")
        self.run_for(10.0)
        again = self.network.process("b")
        again.listenTCP(PORT, self.ears)
        self.run_for(1.0)
        self.assertIs(ours.why, ConnectionLost)
        self.connect()

    def test_given_up(self) -> None:
        """A dial that is given up ends at once, and leaves no timer."""
        dialed = self.dial()
        self.run_for(0.05)
        dialed.cancel()
        self.failureResultOf(dialed)
        self.assertEqual(self.a.getDelayedCalls(), [])


class HaltTests(NetworkTestCase):
    def test_timers(self) -> None:
        """What came due while a process was stopped happens when it goes on, in order."""
        fired: list[str] = []
        self.b.callLater(2.0, fired.append, "second")
        self.b.callLater(1.0, fired.append, "first")
        canceled = self.b.callLater(1.5, fired.append, "canceled")
        self.b.callLater(1.0, canceled.cancel)
        self.b.callLater(20.0, fired.append, "later")
        self.b.halt()
        self.run_for(10.0)
        self.assertEqual(fired, [])
        self.assertTrue(canceled.active())
        self.b.go_on()
        self.run_for(0.0)
        self.assertEqual(fired, ["first", "second"])
        self.run_for(20.0)
        self.assertEqual(fired, ["first", "second", "later"])

    def test_system(self) -> None:
        """The system of a stopped process accepts connections and takes bytes for it."""
        self.b.halt()
        dialed = self.dial()
        self.run_for(1.0)
        ours = self.successResultOf(dialed)
        self.assertEqual(self.ears.made, [])
        ours.transport.write(b"early")
        self.run_for(5.0)
        self.b.go_on()
        self.run_for(0.0)
        self.assertEqual(self.ears.made[0].heard, b"early")

    def test_window(self) -> None:
        """No more than a window of bytes is taken; all of them come in the end."""
        ours, theirs = self.connect()
        self.b.halt()
        ours.transport.write(bytes(1_000_000))
        self.run_for(60.0)
        self.assertEqual(theirs.heard, b"")
        self.b.go_on()
        self.run_for(0.0)
        self.assertLess(len(theirs.heard), 300_000)
        self.run_for(10.0)
        self.assertEqual(len(theirs.heard), 1_000_000)

    def test_closed_meanwhile(self) -> None:
        """A connection that was reset meanwhile is lost when the process goes on."""
        ours, theirs = self.connect()
        self.b.halt()
        ours.transport.abortConnection()
        self.run_for(5.0)
        self.assertIsNone(theirs.why)
        self.b.go_on()
        self.run_for(0.0)
        self.assertIs(theirs.why, ConnectionLost)


class CutTests(NetworkTestCase):
    def test_partition(self) -> None:
        """Between parts nothing gets through; once they are one again, every byte does."""
        ours, theirs = self.connect()
        self.network.part(["a"])
        ours.transport.write(b"one ")
        theirs.transport.write(b"three")
        self.run_for(1.0)
        ours.transport.write(b"two")
        dialed = self.dial()
        self.run_for(5.0)
        self.failureResultOf(dialed, error.TimeoutError)
        self.assertEqual((ours.heard, theirs.heard), (b"", b""))
        self.network.mend()
        self.run_for(1.0)
        self.assertEqual((ours.heard, theirs.heard), (b"three", b"one two"))
        self.connect()

    def test_order(self) -> None:
        """What is under way when a cut is mended stays behind what was kept."""
        ours, theirs = self.connect()
        self.network.part(["a"])
        ours.transport.write(b"one ")
        self.run_for(1.0)
        ours.transport.write(b"two")
        self.run_for(0.05)
        self.network.mend()
        self.run_for(1.0)
        self.assertEqual(theirs.heard, b"one two")

    def test_short_cut(self) -> None:
        """A dial outlives a cut that is shorter than its timeout."""
        self.network.part(["a"])
        dialed = self.dial()
        self.run_for(0.5)
        self.network.mend()
        self.run_for(1.0)
        self.successResultOf(dialed)

    def test_one_way(self) -> None:
        """What is lost one way still comes the other way; nobody can connect."""
        ours, theirs = self.connect()
        self.network.lose("a", "b")
        ours.transport.write(b"x")
        theirs.transport.write(b"y")
        dialed = self.dial()
        self.run_for(5.0)
        self.assertEqual((ours.heard, theirs.heard), (b"y", b""))
        self.failureResultOf(dialed, error.TimeoutError)

    def test_reset_is_lost(self) -> None:
        """A reset that did not get through comes once there is a way."""
        ours, theirs = self.connect()
        self.network.part(["a"])
        ours.transport.abortConnection()
        self.run_for(5.0)
        self.assertIsNone(theirs.why)
        self.network.mend()
        self.run_for(1.0)
        self.assertIs(theirs.why, ConnectionLost)


class TraceTests(NetworkTestCase):
    def test_trace(self) -> None:
        """What happens is in the trace."""
        seen = {self.network.trace()}
        ours, _theirs = self.connect()
        seen.add(self.network.trace())
        ours.transport.write(b"x")
        self.run_for(1.0)
        seen.add(self.network.trace())
        self.b.crash()
        seen.add(self.network.trace())
        self.assertEqual(len(seen), 4)
