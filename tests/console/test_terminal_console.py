"""The console on a terminal."""

from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Progress
from p2p_twisted.peer.interface import Topology
from tests.console.fake_peer import STATUS, running, saved, topology
from tests.console.terminal_case import PROMPT, Terminal, TerminalCase


class TerminalConsoleTests(TerminalCase):
    """What a person types and sees."""

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

    def test_redraw(self) -> None:
        """Control-L clears the terminal but for the line being typed."""
        self.terminal.type("to\x0cp")
        self.assertEqual(self.terminal.lines, [PROMPT + "top"])

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

    def test_too_long(self) -> None:
        """A line that is longer than it may be is not carried out in part, and that is said."""
        self.terminal.type("get " + "a b" * 2_000 + "\r")
        self.assertIn("nothing of that is done: a line", "".join(self.terminal.lines[-4:]))
        self.assertEqual((self.peer.asked, self.terminal.told), ([], [False]))
        self.terminal.type("f1\r")
        self.assertEqual(self.peer.asked, [("get", "f1", None)])

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
