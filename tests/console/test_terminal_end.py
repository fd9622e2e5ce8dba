"""How a console on a terminal ends, and what it asks before."""

from twisted.internet.defer import Deferred

from p2p_twisted.console.attached import AttachedConsole
from tests.console.fake_offers import own
from tests.console.fake_peer import running, topology
from tests.console.terminal_case import PROMPT, Terminal, TerminalCase


class EndTests(TerminalCase):
    """Control-C, the end of input, and terminals that are gone."""

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

    def test_interrupt_waits_no_more(self) -> None:
        """While a push is waited for, Control-C ends the waiting alone."""
        self.peer.offers.known = (own(1),)
        self.peer.will("wait", Deferred())
        self.terminal.type("pushes 1 --wait\r\x03")
        self.assertIn("the push goes on: pushes 1 shows how", self.terminal.lines)
        self.assertNotIn(("leave",), self.peer.asked)
        self.terminal.type("\x03")
        self.assertEqual(self.peer.asked[-1], ("leave",))

    def test_interrupt_gives_a_push_up(self) -> None:
        """While something is hashed that is to be pushed, Control-C gives that up alone."""
        self.peer.will("push", Deferred())
        self.terminal.type("push f1 --to @all\r\x03")
        self.assertIn("given up, and not pushed: f1", self.terminal.lines)
        self.assertNotIn(("leave",), self.peer.asked)

    def test_attached_asks(self) -> None:
        """So does a console that is only attached, whose end interrupts nothing."""
        terminal = Terminal(AttachedConsole)
        terminal.peer.downloads_now = (running(),)
        terminal.type("\x03")
        self.assertIn("Ctrl-C again to close it", " ".join(terminal.lines))
        self.assertFalse(terminal.transport.disconnecting)
        terminal.type("\x03")
        self.assertTrue(terminal.transport.disconnecting)
        self.assertEqual(terminal.peer.asked, [])
        terminal = Terminal(AttachedConsole)
        terminal.type("\x03")
        self.assertTrue(terminal.transport.disconnecting)

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
