"""How a console on a pipe ends, and what of its output nobody reads."""

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.console import CLOSE_SECONDS
from p2p_twisted.console.output import QUEUE_BYTES
from p2p_twisted.peer.interface import Topology
from p2p_twisted.runtime.exit_status import Exit
from tests.console.fake_peer import topology
from tests.console.pipe import Pipe


class ClosingTests(SynchronousTestCase):
    """How a console on a pipe ends."""

    def setUp(self) -> None:
        self.pipe = Pipe()

    def test_leave(self) -> None:
        """The last answer is written before ``on_leave`` is called."""
        self.pipe.type("leave\ntopo\n")
        self.assertTrue(self.pipe.transport.disconnecting)
        self.assertTrue(self.pipe.printed().endswith("left the network\n"))
        self.assertEqual(self.pipe.left, 0)
        self.pipe.lose()
        self.assertEqual(self.pipe.left, 1)
        self.assertEqual(self.pipe.peer.asked, [("leave",)])
        self.assertEqual(self.pipe.clock.getDelayedCalls(), [])

    def test_leave_unread(self) -> None:
        """If the last answer is not read, the console closes after a second."""
        self.pipe.type("leave\n")
        self.pipe.clock.advance(CLOSE_SECONDS)
        self.assertEqual(self.pipe.left, 1)
        self.pipe.lose()
        self.assertEqual(self.pipe.left, 1)

    def test_output_closed(self) -> None:
        """A person whose output is closed has no console any more; the peer keeps running."""
        self.pipe = Pipe(is_typed=True)
        first: Deferred[Topology] = Deferred()
        self.pipe.peer.will("topology", first)
        self.pipe.type("topo\nls\n")
        self.pipe.console.writeConnectionLost()
        self.successResultOf(self.pipe.console.closed)
        self.assertTrue(self.pipe.transport.disconnecting)
        self.pipe.printed()
        first.callback(topology(s1=""))
        self.pipe.console.say(["s4 joined"])
        self.assertEqual(self.pipe.printed(), "")
        self.assertEqual(self.pipe.peer.asked, [("topology",)])
        self.assertEqual(self.pipe.left, 0)

    def test_output_of_a_script_closed(self) -> None:
        """A script whose output is closed is carried out to its end, which its exit code tells."""
        pipe = Pipe(leaves_at_end=True)
        pipe.type("topo\n")
        pipe.console.writeConnectionLost()
        pipe.type("ls\n")
        pipe.console.readConnectionLost()
        pipe.clock.advance(CLOSE_SECONDS)
        self.assertEqual([call[0] for call in pipe.peer.asked], ["topology", "listing", "leave"])
        self.assertEqual((pipe.left, pipe.console.exit), (1, Exit.UNEXPECTED))

    def test_output_full(self) -> None:
        """Why its output is lost tells the exit code of a script, and not of a person."""
        for is_typed, ended in ((False, Exit.DISK), (True, Exit.DONE)):
            pipe = Pipe(is_typed=is_typed, output_lost=lambda: Exit.DISK)
            pipe.console.writeConnectionLost()
            self.assertEqual(pipe.console.exit, ended)

    def test_output_closed_while_leaving(self) -> None:
        """A typed ``leave`` is executed, even if its answer cannot be shown."""
        gone: Deferred[None] = Deferred()
        self.pipe.peer.will("leave", gone)
        self.pipe.type("leave\n")
        self.pipe.console.writeConnectionLost()
        self.assertEqual(self.pipe.left, 0)
        gone.callback(None)
        self.pipe.clock.advance(CLOSE_SECONDS)
        self.assertEqual(self.pipe.left, 1)

    def test_closed_by_the_service(self) -> None:
        """Closing is not leaving."""
        self.pipe.console.close()
        self.pipe.console.close()
        self.pipe.lose()
        self.successResultOf(self.pipe.console.closed)
        self.assertEqual(self.pipe.left, 0)


class UnreadOutputTests(SynchronousTestCase):
    """A pipe that is not read."""

    def test_bounded(self) -> None:
        """Text that does not fit is dropped and counted; queued text is written whole."""
        pipe = Pipe()
        pipe.printed()
        pipe.console.output.pauseProducing()
        for number in range(10_000):
            pipe.console.say([f"{number:099}"])
        self.assertEqual(pipe.printed(), "")
        pipe.console.output.resumeProducing()
        lines = pipe.printed().splitlines()
        kept = QUEUE_BYTES // 100
        self.assertEqual(lines[:-1], [f"{number:099}" for number in range(kept)])
        self.assertEqual(lines[-1], f"({10_000 - kept:,} lines dropped: nobody read them)")
        pipe.console.say(["on"])
        self.assertEqual(pipe.printed(), "on\n")

    def test_nothing_after_a_gap(self) -> None:
        """After text was dropped, shorter text is dropped, too, so that no gap is hidden."""
        pipe = Pipe()
        pipe.printed()
        pipe.console.output.pauseProducing()
        pipe.console.say(["x" * QUEUE_BYTES])
        pipe.console.say(["after"])
        pipe.console.output.resumeProducing()
        self.assertEqual(pipe.printed(), "(2 lines dropped: nobody read them)\n")

    def test_drained_in_steps(self) -> None:
        """A transport that takes only some of it is given the rest later, in order."""
        pipe = Pipe()
        pipe.printed()
        output = pipe.console.output
        output.pauseProducing()
        pipe.console.say(["one"])
        pipe.console.say(["two"])
        write = pipe.transport.write

        def write_once(text: bytes) -> None:
            write(text)
            output.pauseProducing()

        self.patch(pipe.transport, "write", write_once)
        output.resumeProducing()
        self.assertEqual(pipe.printed(), "one\n")
        output.resumeProducing()
        self.assertEqual(pipe.printed(), "two\n")

    def test_queued_at_the_end(self) -> None:
        """What is queued when the console closes is handed over."""
        pipe = Pipe()
        pipe.printed()
        pipe.console.output.pauseProducing()
        pipe.type("leave\n")
        self.assertEqual(pipe.printed(), "left the network\n")
