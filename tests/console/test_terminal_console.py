"""The console on a terminal."""

from collections.abc import Callable
from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from p2p_twisted.console.console import ConsoleConfig
from p2p_twisted.console.terminal_console import TerminalConsole
from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import IPeer, Topology
from tests.console.fake_peer import STATUS, FakePeer, running, saved, topology
from tests.console.virtual_terminal import VirtualTerminal

PROMPT = "s2 (2)> "


class FakeMode:
    """A terminal's mode, where there is no terminal."""

    def __init__(self) -> None:
        self.width = 60
        self.is_foreground = True
        self.history: list[str] = []
        self.stop: Callable[[], None]
        self.go_on: Callable[[], None]

    def enter(self, stopping: Callable[[], None], continued: Callable[[], None]) -> None:
        self.history.append("entered")
        self.stop, self.go_on = stopping, continued

    def suspend(self) -> None:
        self.history.append("suspended")

    def resume(self) -> None:
        self.history.append("resumed")

    def leave(self) -> None:
        self.history.append("left")


class Terminal:
    """A console on a terminal, and what a person sees of it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.peer = FakePeer()
        assert verifyObject(IPeer, self.peer)
        self.mode = FakeMode()
        self.told: list[bool] = []
        self.transport = StringTransport()
        self._shown = VirtualTerminal(self.mode.width)
        config = ConsoleConfig(
            clock=self.clock,
            peer=self.peer,
            name="s2",
            greeting=["this is s2"],
            tell=self.told.append,
            on_leave=lambda: self.mode.history.append("on_leave"),
        )
        self.console = TerminalConsole(config, self.mode, lambda function, *args: function(*args))
        self.console.makeConnection(self.transport)

    def type(self, text: str | bytes) -> None:
        """Press keys."""
        self.console.dataReceived(text if isinstance(text, bytes) else text.encode())

    @property
    def lines(self) -> list[str]:
        """What a person sees."""
        self._shown.write(self.transport.value())
        self.transport.clear()
        return self._shown.lines

    def lose(self) -> None:
        """Take the terminal away."""
        self.console.connectionLost(Failure(ConnectionDone()))


class TerminalConsoleTests(SynchronousTestCase):
    """What a person types and sees."""

    def setUp(self) -> None:
        self.terminal = Terminal()
        self.peer = self.terminal.peer

    def test_begins(self) -> None:
        """It greets, and asks."""
        self.assertEqual(self.terminal.lines, ["this is s2", PROMPT.rstrip()])
        self.assertEqual(self.terminal.mode.history, ["entered"])

    def test_echo_and_enter(self) -> None:
        """What is typed is seen, stays when it is entered, and is answered below."""
        self.terminal.type("to")
        self.assertEqual(self.terminal.lines[-1], PROMPT + "to")
        self.terminal.type("po\r")
        self.assertEqual(
            self.terminal.lines[1:],
            [PROMPT + "topo", "s1 : s2", "s2 : s1", "2 peers, 1 link, 0.04 s", PROMPT.rstrip()],
        )

    def test_output_while_typing(self) -> None:
        """What happens meanwhile is printed above the line being typed."""
        self.terminal.type("fin")
        self.terminal.console.say(["s4 joined"])
        self.terminal.type("d f1")
        self.assertEqual(self.terminal.lines, ["this is s2", "s4 joined", PROMPT + "find f1"])

    def test_neighbors(self) -> None:
        """The prompt counts the neighbors as they are, whatever is being typed."""
        self.terminal.type("topo\x1b[D")
        self.peer.status_now = attrs.evolve(STATUS, neighbors=())
        self.terminal.clock.advance(1)
        self.terminal.type("X")
        self.assertEqual(self.terminal.lines[-1], "s2 (0)> topXo")
        self.terminal.clock.advance(1)
        self.assertEqual(self.terminal.transport.value(), b"")
        self.terminal.lose()
        self.assertEqual(self.terminal.clock.getDelayedCalls(), [])

    def test_side_by_side(self) -> None:
        """A running download does not block the prompt; its progress stands above it."""
        download: Deferred[Progress] = Deferred()
        self.peer.will("get", download)
        self.terminal.type("f1\rtop")
        self.peer.watches[0](running())
        self.terminal.clock.advance(0.2)
        self.assertEqual(
            self.terminal.lines[-2:],
            ["f1.txt  [#####-----]  50 %  2.0 KiB  512 B/s  0:02 left", PROMPT + "top"],
        )
        self.terminal.type("o\r")
        self.assertIn("2 peers, 1 link, 0.04 s", self.terminal.lines)
        self.peer.watches[0](saved())
        download.callback(saved())
        self.assertTrue(self.terminal.lines[-3].startswith("saved f1.txt to"))
        self.assertEqual(self.terminal.lines[-1], PROMPT.rstrip())

    def test_progress_follows_the_width(self) -> None:
        """The progress line is cut to the window as it is now."""
        self.peer.will("get", Deferred())
        self.terminal.type("f1\r")
        self.terminal.mode.width = 20
        self.peer.watches[0](running())
        self.terminal.clock.advance(0.2)
        self.assertEqual(self.terminal.lines[-2], "50 %  0:02 left")

    def test_interrupt_clears_a_line(self) -> None:
        """Control-C with something typed only clears it."""
        self.terminal.type("topo\x03")
        self.assertEqual(self.terminal.lines[-1], PROMPT.rstrip())
        self.terminal.type("\x1b[A\r")
        self.assertEqual(self.peer.asked, [])

    def test_end_of_input_deletes(self) -> None:
        """Control-D with something typed only deletes."""
        self.terminal.type("ab\x01\x04")
        self.assertEqual(self.terminal.lines[-1], PROMPT + "b")
        self.assertEqual(self.peer.asked, [])

    def test_leaves(self) -> None:
        """Either key on an empty line leaves; the terminal is restored before ``on_leave``."""
        for key in ("\x03", "\x04", "leave\r"):
            terminal = Terminal()
            terminal.type(key)
            self.assertEqual(terminal.peer.asked, [("leave",)])
            self.assertEqual(terminal.lines[-2:], ["left the network", ""])
            self.assertTrue(terminal.transport.disconnecting)
            terminal.lose()
            self.assertEqual(terminal.mode.history, ["entered", "left", "on_leave"])

    def test_interrupt_asks(self) -> None:
        """While something runs, Control-C says what; a second one at once leaves."""
        self.peer.downloads_now = (running(),)
        warning = "1 download runs: f1.txt (50 %); Ctrl-C again to leave"
        for keys in ("\x03", "x\x7f\x03"):
            self.terminal.type(keys)
            self.assertEqual(self.terminal.lines[-2:], [warning, PROMPT.rstrip()])
            self.assertEqual(self.peer.asked, [])
        self.terminal.type("\x03")
        self.assertEqual(self.peer.asked, [("leave",)])

    def test_stop_asks(self) -> None:
        """A question takes the place of the prompt; only a yes stops."""
        for answer, is_stopped in [
            ("n\r", False),
            ("\r", False),
            ("topo\r", False),
            ("\x03", False),
            ("\x04", False),
            ("Yes\r", True),
        ]:
            self.peer.will("topology", topology(**{f"s{n}": "" for n in range(30)}))
            self.terminal.type("Stop\r")
            self.assertEqual(self.terminal.lines[-1], "stop all 30 peers of the network? (y or n)")
            self.terminal.type(answer)
            self.assertEqual(("stop_network",) in self.peer.asked, is_stopped)
            if not is_stopped:
                self.assertEqual(self.terminal.lines[-2:], ["the network goes on", PROMPT.rstrip()])

    def test_hung_up_while_asked(self) -> None:
        """A question that nobody can answer any more is answered with no."""
        self.peer.will("topology", topology(**{f"s{n}": "" for n in range(30)}))
        self.terminal.type("Stop\r")
        self.terminal.lose()
        self.assertNotIn(("stop_network",), self.peer.asked)

    def test_leaves_once_more(self) -> None:
        """A second request to leave does not wait."""
        self.peer.will("leave", Deferred())
        self.terminal.type("\x03")
        self.assertFalse(self.terminal.transport.disconnecting)
        self.terminal.type("\x03")
        self.assertTrue(self.terminal.transport.disconnecting)
        self.terminal.lose()
        self.assertEqual(self.terminal.mode.history[-1], "on_leave")
        self.assertEqual(len(self.peer.asked), 1)

    def test_hung_up(self) -> None:
        """A terminal that is gone leaves."""
        self.terminal.console.readConnectionLost()
        self.assertEqual(self.peer.asked, [("leave",)])
        self.assertEqual(self.terminal.told, [])

    def test_closed_by_the_service(self) -> None:
        """However it ends, the terminal is restored, with the cursor on a line of its own."""
        self.terminal.type("half a li")
        self.terminal.console.close()
        self.assertEqual(self.terminal.lines, ["this is s2", ""])
        self.terminal.lose()
        self.assertEqual(self.terminal.mode.history, ["entered", "left"])

    def test_redraw(self) -> None:
        """Control-L clears the terminal but for the line being typed."""
        self.terminal.type("to\x0cp")
        self.assertEqual(self.terminal.lines, [PROMPT + "top"])

    def test_suspended(self) -> None:
        """Control-Z gives the terminal back and reads nothing; ``fg`` shows the prompt again."""
        self.terminal.type("to")
        self.terminal.mode.stop()
        self.assertEqual(self.terminal.transport.producerState, "paused")
        self.assertEqual(self.terminal.mode.history[-1], "suspended")
        self.terminal.transport.clear()
        self.terminal.mode.go_on()
        self.assertEqual(self.terminal.mode.history[-1], "resumed")
        self.assertEqual(self.terminal.transport.producerState, "producing")
        self.assertEqual(self.terminal.lines[-1], PROMPT + "to")

    def test_background(self) -> None:
        """In the background it reads nothing and shows no prompt; a silent ``fg`` is noticed."""
        self.terminal.type("to")
        for _ in range(3):
            self.terminal.mode.stop()
            self.terminal.mode.is_foreground = False
            self.terminal.mode.go_on()
            self.assertEqual(self.terminal.transport.producerState, "paused")
            self.terminal.transport.clear()
            self.terminal.console.say(["s4 joined"])
            self.assertEqual(self.terminal.transport.value(), b"s4 joined\r\n")
            self.terminal.mode.is_foreground = True
            self.terminal.clock.advance(0.25)
            self.assertEqual(self.terminal.transport.producerState, "producing")
            self.assertEqual(self.terminal.lines[-1], PROMPT + "to")

    def test_loses_the_terminal_silently(self) -> None:
        """Where the shell takes the terminal back without a signal, that is noticed, too."""
        self.terminal.mode.is_foreground = False
        self.terminal.clock.advance(1)
        self.assertEqual(self.terminal.transport.producerState, "paused")

    def test_background_while_lines_wait(self) -> None:
        """Lines that are carried out meanwhile do not make it read in the background."""
        waits: list[Deferred[Topology]] = [Deferred() for _ in range(200)]
        self.peer.will("topology", *waits)
        self.terminal.type("topo\r" * 200)
        self.terminal.mode.stop()
        self.terminal.mode.is_foreground = False
        self.terminal.mode.go_on()
        for wait in waits:
            wait.callback(topology(s1=""))
        self.assertEqual(self.terminal.transport.producerState, "paused")
        self.terminal.mode.is_foreground = True
        self.terminal.clock.advance(0.25)
        self.assertEqual(self.terminal.transport.producerState, "producing")

    def test_unread(self) -> None:
        """A terminal that is held is not sent what will be drawn again; then all is right."""
        self.terminal.console.output.pauseProducing()
        self.terminal.type("a")
        self.terminal.console.say(["s4 joined"])
        self.terminal.type("b")
        self.terminal.console.output.resumeProducing()
        self.assertEqual(self.terminal.lines, ["this is s2", "s4 joined", PROMPT + "ab"])

    def test_unread_for_long(self) -> None:
        """Lines that a blocked terminal missed are counted."""
        self.terminal.console.output.pauseProducing()
        for _ in range(400):
            self.terminal.console.say(["x" * 1_000])
        self.terminal.console.output.resumeProducing()
        self.assertRegex(self.terminal.lines[-2], r"^\([\d,]+ lines dropped: nobody read them\)$")
        self.assertEqual(self.terminal.lines[-1], PROMPT.rstrip())

    def test_search(self) -> None:
        """Control-R shows what is searched for and what was found; Enter carries that out."""
        self.terminal.type("topo\rpeers\r")
        self.terminal.type("\x12to")
        self.assertEqual(self.terminal.lines[-1], "(search: to)> topo")
        self.terminal.clock.advance(1)
        self.terminal.type("x")
        self.assertEqual(self.terminal.lines[-1], "(search, nothing has: tox)> topo")
        self.terminal.type("\x7f\r")
        self.assertEqual(self.terminal.lines[-1], PROMPT.rstrip())
        self.assertEqual(len(self.peer.asked), 3)
        self.terminal.type("\x12to\x03")
        self.assertEqual(self.terminal.lines[-1], PROMPT.rstrip())
        self.assertNotIn(("leave",), self.peer.asked)

    def test_complete(self) -> None:
        """Tab completes; where several things fit, it shows them above the line."""
        self.terminal.type("find f\r")
        self.terminal.type("tra\t")
        self.assertEqual(self.terminal.lines[-1], PROMPT + "transfers")
        self.terminal.type("\x15get f1\x1b[D\x1b[D\x7f\tx")
        self.assertEqual(self.terminal.lines[-1], PROMPT + "get xf1")
        self.terminal.type("\x15\x0bls s\t")
        self.assertEqual(self.terminal.lines[-2:], ["s3   s4   s6   s10", PROMPT + "ls s"])
        self.terminal.type("10\t\r")
        self.assertEqual(self.peer.asked[-1], ("listing", "s10"))
        self.terminal.type("zzz\t")
        self.assertEqual(self.terminal.lines[-1], PROMPT + "zzz")

    def test_paste(self) -> None:
        """Each pasted line is carried out, in order; what follows the last one stays."""
        lines = [f"find {number}" for number in range(200)]
        self.terminal.type("\x1b[200~" + "\n".join(lines) + "\nget f\t1\x1b[201~")
        self.assertEqual(self.peer.asked, [("find", str(number)) for number in range(200)])
        self.assertEqual(self.terminal.lines[-1], PROMPT + "get f 1")

    def test_many_lines_at_once(self) -> None:
        """Pasted lines run side by side up to a bound, then the terminal has to wait."""
        waits: list[Deferred[Topology]] = [Deferred() for _ in range(200)]
        self.peer.will("topology", *waits)
        self.terminal.type("topo\r" * 200)
        self.assertEqual(len(self.peer.asked), 16)
        self.assertEqual(self.terminal.transport.producerState, "paused")
        for wait in waits:
            wait.callback(topology(s1=""))
        self.assertEqual(self.terminal.transport.producerState, "producing")

    @given(st.text("tô日 \r\x7f\x15\x17\x01\x1b[AD", max_size=40), st.lists(st.integers(0, 60)))
    def test_any_chunking(self, typed: str, cuts: list[int]) -> None:
        """However the bytes come, the same is asked of the peer, and the same is seen."""
        whole, pieces = Terminal(), Terminal()
        stream = typed.encode()
        whole.type(stream)
        bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        for start, end in pairwise(bounds):
            pieces.type(stream[start:end])
        self.assertEqual(whole.peer.asked, pieces.peer.asked)
        self.assertEqual(whole.lines, pieces.lines)
