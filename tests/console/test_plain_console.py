"""The console on a pipe."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.progress import Failed, Progress
from p2p_twisted.peer.interface import Topology
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.runtime.exit_status import Exit
from tests.console.fake_peer import running, saved, topology
from tests.console.pipe import GREETING, Pipe


class PlainConsoleTests(SynchronousTestCase):
    """Plain lines in, plain lines out."""

    def setUp(self) -> None:
        self.pipe = Pipe()
        self.peer = self.pipe.peer

    def test_greeting(self) -> None:
        """The first line says who it is, and nothing is a prompt."""
        self.assertEqual(self.pipe.printed(), GREETING)

    def test_byte_order_mark(self) -> None:
        """A script that begins with a byte order mark begins with its first line."""
        self.pipe.console.dataReceived(b"\xef\xbb")
        self.pipe.console.dataReceived(b"\xbfpeers\r\n\xef\xbb\xbff1\n")
        self.assertEqual(self.peer.asked, [("topology",), ("get", "\ufefff1", None)])

    def test_stop(self) -> None:
        """A script is not asked; a person at a terminal that supports only lines is."""
        many = topology(**{f"s{n}": "" for n in range(30)})
        self.pipe.type("Stop\n")
        self.assertEqual(self.peer.asked, [("stop_network",)])
        terminal = Pipe(is_typed=True)
        terminal.peer.will("topology", many, many)
        terminal.type("Stop\nno\nStop\n")
        question = "stop all 30 peers of the network? (y or n)\n"
        self.assertEqual(terminal.printed(), f"{GREETING}{question}the network goes on\n{question}")
        self.assertNotIn(("stop_network",), terminal.peer.asked)
        terminal.type("y\n")
        self.assertEqual(terminal.peer.asked[-1], ("stop_network",))

    def test_one_after_the_other(self) -> None:
        """The next line is carried out when the one before has ended."""
        first: Deferred[Topology] = Deferred()
        self.peer.will("topology", first)
        self.pipe.type("topo\r\n\n  \nfind f1\nls s4\n")
        self.assertEqual(self.peer.asked, [("topology",)])
        first.callback(topology(s1=""))
        self.assertEqual(self.peer.asked[1:], [("find", "f1"), ("listing", "s4")])
        self.assertEqual(
            self.pipe.printed(),
            GREETING
            + "s1 :\n1 peer, 0 links, 0.04 s\n"
            + "1  f1.txt  2.0 KiB  9f2c41d07ae1c8b2  s4 s6\n1 file, asked 7 of 7 peers, 0.03 s\n"
            + "1  f1.txt  2.0 KiB  9f2c41d07ae1c8b2  s4\n1 file, asked 7 of 7 peers, 0.03 s\n",
        )

    def test_results(self) -> None:
        """One result for each line that is not blank, in their order."""
        self.peer.will("get", NotFound("no peer has x"), saved())
        self.pipe.type("topo\n\nx\nf1\n")
        self.pipe.console.dataReceived(b"\xff\xfe\n")
        self.pipe.type("get 7\nleave\n")
        self.assertEqual(self.pipe.told, [True, False, True, False, False, True])

    def test_invite(self) -> None:
        """An invite that is typed at a running peer is told to no other."""
        self.pipe.printed()
        code = f"p2p1-{'abcde2345' * 5}@127.0.0.1:9011"
        self.pipe.type(f"p2p peer --name anna --join {code}\n{code}\nfind {code.upper()}\n")
        self.assertEqual(self.peer.asked, [])
        self.assertEqual(self.pipe.printed().count("nobody was told this"), 3)
        self.assertEqual(self.pipe.told, [False] * 3)

    def test_bad_lines(self) -> None:
        """A line that is too long or no text is one clear message, and the next is read."""
        self.pipe.printed()
        self.pipe.type("x" * 100_000 + "\n")
        self.pipe.console.dataReceived(b"\xff\n")
        self.pipe.type("ls\n")
        self.assertEqual(
            self.pipe.printed().splitlines()[:2],
            ["a line may have at most 16,384 bytes", "that line is not UTF-8"],
        )
        self.assertEqual(self.peer.asked, [("listing", None)])

    def test_pauses_its_input(self) -> None:
        """While a line takes its time, a writer of thousands of lines has to wait."""
        first: Deferred[Topology] = Deferred()
        self.peer.will("topology", first)
        self.pipe.type("topo\n" * 100)
        self.assertEqual(self.pipe.transport.producerState, "paused")
        first.callback(topology(s1=""))
        self.assertEqual(self.pipe.transport.producerState, "producing")
        self.assertEqual(len(self.peer.asked), 100)

    def test_end_of_input(self) -> None:
        """Its end is not the peer's: what was typed is carried out, and output goes on."""
        download: Deferred[Progress] = Deferred()
        self.peer.will("get", download)
        self.pipe.type("f1\ntopo\nls")
        self.pipe.console.readConnectionLost()
        self.assertEqual(len(self.peer.asked), 1)
        self.pipe.printed()
        download.callback(saved())
        self.assertEqual([call[0] for call in self.peer.asked], ["get", "topology", "listing"])
        self.assertTrue(self.pipe.printed().startswith("saved f1.txt"))
        self.pipe.console.say(["s4 joined"])
        self.assertEqual(self.pipe.printed(), "s4 joined\n")
        self.assertEqual(self.pipe.left, 0)

    def test_end_of_a_terminal(self) -> None:
        """On a terminal that only does lines the end means leave, after all lines before."""
        pipe = Pipe(leaves_at_end=True)
        first: Deferred[Topology] = Deferred()
        pipe.peer.will("topology", first)
        pipe.type("topo\n")
        pipe.console.readConnectionLost()
        self.assertEqual(pipe.peer.asked, [("topology",)])
        first.callback(topology(s1=""))
        pipe.lose()
        self.assertEqual(pipe.peer.asked, [("topology",), ("leave",)])
        self.assertEqual(pipe.left, 1)
        self.assertEqual(pipe.told, [True])

    def test_exit(self) -> None:
        """A script exits with what its failed lines have in common; a person with 0."""
        for lines, code in (
            ("topo\nget f1\n", Exit.DONE),
            ("get nothere\ntopo\n", Exit.NOT_FOUND),
            ("get nothere\nget alsonot\n", Exit.NOT_FOUND),
            ("get nothere\nlimit up fast\n", Exit.SOME_FAILED),
            ("\xff" * 20_000 + "\n", Exit.USAGE),
        ):
            for is_typed in (False, True):
                pipe = Pipe(is_typed=is_typed)
                missing = [NotFound("no peer has it") for _ in range(lines.count("not"))]
                pipe.peer.will("get", *missing) if missing else None
                pipe.type(f"{lines}leave\n")
                pipe.lose()
                self.assertEqual(pipe.console.exit, Exit.DONE if is_typed else code, lines[:40])

    def test_progress(self) -> None:
        """A download says every few seconds how far it is, and in the end what became of it."""
        download: Deferred[Progress] = Deferred()
        self.peer.will("get", download)
        self.pipe.type("f1\n")
        self.pipe.printed()
        for _ in range(11):
            self.peer.watches[0](running())
            self.pipe.clock.advance(1)
        self.assertEqual(self.pipe.printed().count("\n"), 2)
        self.peer.watches[0](saved())
        download.callback(saved())
        self.assertTrue(self.pipe.printed().startswith("saved f1.txt to"))


class HostileTextTests(SynchronousTestCase):
    """Text that strangers chose."""

    @given(st.text(st.characters(codec=None, categories=None)))
    def test_nothing_forges_a_line(self, text: str) -> None:
        """One line stays one line, and no byte of it can do more than be read."""
        pipe = Pipe()
        for failure in (NotFound(text), running(name=text, state=Failed(text))):
            pipe.printed()
            pipe.peer.will("get", failure)
            pipe.type("f1\n")
            printed = pipe.printed()
            self.assertEqual(printed.count("\n"), 1)
            categories = {unicodedata.category(c)[0] for c in printed[:-1].replace(" ", "")}
            self.assertFalse(categories & {"C", "Z"})

    def test_any_locale(self) -> None:
        """What the terminal's encoding lacks is escaped."""
        pipe = Pipe(encoding="ascii")
        pipe.printed()
        pipe.console.say(["häuser 日本"])
        self.assertEqual(pipe.printed(), "h\\xe4user \\u65e5\\u672c\n")
