"""The console on real terminals."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.keys import PASTE_OFF, PASTE_ON
from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.person import ALONE, Person

PROMPT = "s2 (2)> "


class TerminalTests(SynchronousTestCase):
    """A console on a terminal."""

    def console(self, *arguments: str) -> Person:
        """Sit down at a console."""
        person = Person(*ALONE, *arguments)
        self.addCleanup(person.end)
        person.sees(PROMPT.rstrip())
        return person

    def assert_ended(self, person: Person) -> None:
        """Wait for its end; the terminal is as it was before."""
        self.assertEqual(person.process.wait(PATIENCE), 0)
        self.assertEqual(person.settings(), person.before)

    def test_typing(self) -> None:
        """What is typed is seen once, and answered."""
        person = self.console()
        person.type("tob\x7fpo")
        person.sees(PROMPT + "topo")
        person.type("\r")
        person.sees("2 peers, 1 link, 0.04 s")
        person.sees(PROMPT.rstrip())
        answer = ["s1 : s2", "s2 : s1", "2 peers, 1 link, 0.04 s"]
        self.assertEqual(person.lines()[2:], [PROMPT + "topo", *answer, PROMPT.rstrip()])

    def test_output_while_typing(self) -> None:
        """Other output never lands inside the line that is being typed."""
        person = self.console()
        person.type("noise\r")
        person.sees("s4 joined")
        for typed in ("f", "fi", "fin", "find"):
            seen = len(person.lines())
            person.type(typed[-1])
            wait_until(lambda seen=seen: len(person.lines()) > seen + 2, "more noise")
            person.sees(PROMPT + typed)
        noise = [line for line in person.lines()[4:-1] if not line.startswith("saved")]
        self.assertEqual(set(noise), {"s4 joined"})

    def test_progress(self) -> None:
        """Two downloads share a line above the prompt, which can be typed at meanwhile."""
        person = self.console()
        person.type("slow one\rslow two\rstat")
        wait_until(lambda: person.lines()[-2].startswith("2 downloads  ["), "progress")
        self.assertEqual(person.lines()[-1], PROMPT + "stat")
        person.type("us\r")
        person.sees("network    default")
        wait_until(
            lambda: sum(line.startswith("saved slow") for line in person.lines()) == 2, "end"
        )
        self.assertFalse([line for line in person.lines() if "downloads  [" in line])

    def test_leaving(self) -> None:
        """Control-C, Control-D, a command: the last answer is seen, the terminal given back."""
        for keys in ("\x03", "\x04", "half\x03\x03", "Stop\r"):
            person = self.console()
            person.type(keys)
            self.assert_ended(person)
            self.assertRegex(person.lines()[-2], "^(left|stopped) the network$")

    def test_signal(self) -> None:
        """A daemon that is told to stop gives the terminal back."""
        person = self.console()
        person.type("half a li")
        person.sees(PROMPT + "half a li")
        self.assertNotEqual(person.settings(), person.before)
        person.process.send_signal(signal.SIGTERM)
        self.assert_ended(person)

    def test_suspending(self) -> None:
        """Control-Z gives the terminal to the shell, and fg takes it back."""
        person = Person("bash", "--norc", "--noediting", "-i")
        self.addCleanup(person.end)
        person.sees("$")
        person.type(f"{' '.join(ALONE)}\n")
        person.sees(PROMPT.rstrip())
        person.type("to")
        person.sees(PROMPT + "to")
        person.type("\x1a")
        person.sees(f"[1]+  Stopped                 {' '.join(ALONE)}")
        person.type("stty -a | grep -o ' icanon' | tr a-z A-Z\n")
        person.sees(" ICANON")
        person.type("fg\n")
        person.sees(PROMPT + "to")
        person.type("po\r")
        person.sees("2 peers, 1 link, 0.04 s")
        person.type("leave\r")
        person.sees("left the network")
        person.type("exit\n")
        self.assert_ended(person)

    def test_background_and_foreground(self) -> None:
        """Control-Z, bg, fg, twenty times: each time the prompt and the input are back."""
        person = Person("bash", "--norc", "--noediting", "-i")
        self.addCleanup(person.end)
        person.sees("$")
        person.type(f"{' '.join(ALONE)} &\n")
        person.sees_often("$", 1)
        for number in range(1, 21):
            person.type("fg\n")
            wait_until(lambda: person.lines()[-1] == PROMPT.rstrip(), "the prompt")
            person.type("topo\r")
            person.sees_often("2 peers, 1 link, 0.04 s", number)
            person.type("\x1a")
            person.sees_often(f"[1]+  Stopped                 {' '.join(ALONE)}", number)
            # What is typed before the shell asks is shown before its prompt.
            wait_until(lambda: person.lines()[-1] == "$", "the shell")
            person.type("bg\n")
            person.sees_often(f"[1]+ {' '.join(ALONE)} &", number)
            wait_until(lambda: person.lines()[-1] == "$", "the shell")
        person.type("fg\n")
        wait_until(lambda: person.lines()[-1] == PROMPT.rstrip(), "the prompt")
        person.type("\x04")
        person.sees("left the network")
        person.type("exit\n")
        self.assert_ended(person)

    def test_paste(self) -> None:
        """Two hundred pasted lines are carried out, in order."""
        person = self.console()
        self.assertIn(PASTE_ON, person.output)
        lines = [f"help get{'' if number % 2 else ' '}" for number in range(200)]
        person.type("\x1b[200~" + "\n".join(lines) + "\n\x1b[201~")
        person.sees_often("get NAME... [--from PEER]", 200)
        person.type("leave\r")
        self.assert_ended(person)
        self.assertIn(PASTE_OFF, person.read())

    def test_tab(self) -> None:
        """Tab completes a command, its argument, and a name from the last list."""
        person = self.console()
        person.type("fi\tf1\r")
        person.sees("1 file, asked 7 of 7 peers, 0.03 s")
        person.type("lim\tu\t2M\r")
        person.sees(PROMPT + "limit up 2M")
        person.type("ls s1\t")
        person.sees(PROMPT + "ls s10")
        person.type("\x15get f\t")
        person.sees(PROMPT + "get f1.txt")
        person.type("\x15leave\r")
        self.assert_ended(person)

    def test_history(self) -> None:
        """After a restart, lines of the run before come back, also by a search."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        person = self.console("--history", folder)
        person.type("peers\r topo\rleave\r")
        self.assert_ended(person)
        self.assertEqual(Path(folder, "history").read_text(), "peers\nleave\n")
        person = self.console("--history", folder)
        person.type("\x1b[A\x1b[A")
        person.sees(PROMPT + "peers")
        person.type("\x03\x12ee")
        person.sees("(search: ee)> peers")
        person.type("\r")
        person.sees("2 peers, 0.04 s")
        person.type("\x04")
        self.assert_ended(person)


class NameTests(SynchronousTestCase):
    """The question who a peer is."""

    def test_interrupted(self) -> None:
        """Control-C at it ends quietly, before anything was made."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        person = Person(script("twistd"), "-n", "p2ppeer", cwd=Path(folder))
        self.addCleanup(person.end)
        person.sees("name of this peer:")
        person.type("\x03")
        self.assertEqual(person.process.wait(PATIENCE), 130)
        self.assertEqual([line[:18] for line in person.lines()], ["name of this peer:"])
        self.assertEqual(os.listdir(folder), [])
