"""A console whose shell puts it into the background, and brings it back."""

from twisted.internet.defer import Deferred

from p2p_twisted.peer.interface import Topology
from tests.console.fake_peer import running, topology
from tests.console.terminal_case import PROMPT, TerminalCase


class JobTests(TerminalCase):
    """Suspended, in the background, and there again."""

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

    def test_warns_again(self) -> None:
        """Control-C warns anew of what runs after ``fg``: the first one is long ago."""
        self.peer.downloads_now = (running(),)
        self.terminal.type("\x03")
        self.terminal.mode.stop()
        self.terminal.mode.go_on()
        self.terminal.type("\x03")
        self.assertEqual(self.peer.asked, [])
        self.terminal.type("\x03")
        self.assertEqual(self.peer.asked, [("leave",)])

    def test_due_while_it_rested(self) -> None:
        """What timers draw before the signal to continue comes leaves no second line."""
        self.peer.will("get", Deferred())
        self.terminal.type("get f1\r")
        self.peer.watches[0](running())
        self.terminal.clock.advance(1)
        for times in range(1, 4):
            self.terminal.mode.stop()
            self.terminal.transport.write(b"\r\n$ fg\r\n")
            self.peer.watches[0](running(received=times))
            self.terminal.clock.advance(1)
            self.terminal.mode.go_on()
            shown = [line[:6] for line in self.terminal.lines]
            # One stays above what the shell has said whenever this process was stopped.
            self.assertEqual((shown.count("f1.txt"), shown.count("$ fg")), (1 + times, times))

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
