"""What a command makes the peer do, and what is said of it."""

from collections.abc import Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from p2p_twisted.console.conversation import Conversation
from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.parsing import parse
from p2p_twisted.console.text import FailureLine
from p2p_twisted.download.progress import Canceled, Progress, Seeking, Waiting
from p2p_twisted.peer.interface import IPeer, Selection
from p2p_twisted.peer.peer_errors import AlreadyHere, Ambiguous, NotFound, PeerError
from p2p_twisted.wire.names import PeerAddress
from tests.console.fake_peer import (
    OTHER_FILE,
    STATUS,
    UPLOAD,
    FakePeer,
    found,
    hit,
    running,
    saved,
    topology,
)

LINES = ["topo", "find f", "get 1", "get 1 --from s6", "ls", "ls s4", "peers", "transfers"]
LINES += [
    "pause 1",
    "pause all",
    "resume 1",
    "resume all",
    "limit",
    "limit up 2M",
    "limit down off",
]
LINES += ["cancel 1", "status", "help", "help get", "f1", "./f1", '"f1"']


class Talk:
    """A conversation with a fake peer, and what was said."""

    def __init__(self) -> None:
        self.peer = FakePeer()
        self.said: list[str] = []
        self.watched: list[Progress] = []
        self.asked: list[str] = []
        self.answers: list[bool] = []
        self._conversation = Conversation(
            self.peer, self._say, self.watched.append, ask=self._answer
        )

    def begin(self, line: str) -> "Deferred[Outcome]":
        """Type a line that may take its time."""
        command = parse(line)
        assert command is not None
        return Deferred.fromCoroutine(self._conversation.execute(command))

    def _answer(self, question: str) -> "Deferred[bool]":
        self.asked.append(question)
        return succeed(self.answers.pop(0))

    def _say(self, lines: Iterable[str]) -> None:
        self.said.extend(lines)


class ConversationTests(SynchronousTestCase):
    """Commands, carried out by a peer."""

    def setUp(self) -> None:
        self.talk = Talk()
        self.peer = self.talk.peer

    def outcome(self, line: str) -> Outcome:
        """Type a line, and see how it ended."""
        self.talk.said.clear()
        return self.successResultOf(self.talk.begin(line))

    def test_fake(self) -> None:
        """The fake peer is one."""
        self.assertTrue(verifyObject(IPeer, self.peer))

    def test_all_commands(self) -> None:
        """Every command ends well when the peer does."""
        for line in LINES:
            self.assertEqual(self.outcome(line), Outcome.OK, line)
            self.assertTrue(self.talk.said, line)

    def test_gone(self) -> None:
        """Leave and Stop end the console, too."""
        self.assertEqual(self.outcome("leave"), Outcome.GONE)
        self.assertEqual(self.outcome("Stop"), Outcome.GONE)
        self.assertEqual(self.peer.asked, [("leave",), ("topology",), ("stop_network",)])

    def test_left_undone(self) -> None:
        """Who leaves is told what is not complete; a script need not answer anything."""
        self.peer.downloads_now = (running(1), saved(2))
        self.peer.uploads_now = (UPLOAD, UPLOAD)
        self.assertEqual(self.outcome("leave"), Outcome.GONE)
        self.assertEqual(
            self.talk.said,
            [
                "not complete: f1.txt (50 %); it goes on at the next start",
                "s7 was fetching from here",
                "left the network",
            ],
        )

    def test_interrupted(self) -> None:
        """What leaving interrupts is said by that, not also as if it were a result."""
        self.peer.will("get", running(1))
        self.assertEqual(self.outcome("get f1"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [])
        self.peer.will("get", NotFound("no peer has f1 f2"))
        self.peer.will("get_selected", (running(1), saved(2)))
        self.assertEqual(self.outcome("get f1 f2"), Outcome.FAILED)
        self.assertEqual([line[:5] for line in self.talk.said], ["found", "saved"])

    def test_stop_asks(self) -> None:
        """A person is asked before others' peers are stopped."""
        self.peer.will("topology", many := topology(**{f"s{n}": "" for n in range(11)}), many)
        self.talk.answers = [False, True]
        self.assertEqual(self.outcome("Stop"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["the network goes on"])
        self.assertEqual(self.talk.asked, ["stop all 11 peers of the network?"])
        self.assertEqual(self.outcome("Stop"), Outcome.GONE)
        self.assertEqual(self.peer.asked[-1], ("stop_network",))

    def test_stop_refused(self) -> None:
        """A Stop that is refused is said, and nothing ends."""
        self.peer.will("stop_network", PeerError("only an admin may stop this network"))
        self.assertEqual(self.outcome("Stop"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["only an admin may stop this network"])

    def test_get(self) -> None:
        """A name and a holder reach the peer as they were typed."""
        self.outcome("get my  notes --from S4")
        self.assertEqual(self.peer.asked, [("get", "my  notes", "s4")])

    def test_several(self) -> None:
        """If nothing has a whole line as its name, its words are names, and each counts."""
        self.peer.will("get", NotFound("no peer has a *.txt"))
        selection = Selection(
            ("a", "*.txt"),
            ((hit(name="b.txt"), hit("s6", "b.txt")), (hit(name="c.txt", file=OTHER_FILE),)),
            (("d.txt", AlreadyHere("it is here", "d.txt")),),
            (("a", NotFound("no peer has a")),),
        )
        self.peer.will("select", selection)
        self.assertEqual(self.outcome("get a *.txt --from s4"), Outcome.FAILED)
        self.assertEqual(
            self.peer.asked[1:], [("select", ("a", "*.txt"), "s4"), ("get_selected", selection)]
        )
        self.assertEqual(self.talk.said[0], "found 2, 4.0 KiB: b.txt, c.txt")
        self.assertEqual(self.talk.said[1:3], ["already here: d.txt", "a: no peer has a"])
        self.assertEqual(self.talk.said[-1], "saved 2 of 2 files, 1 already here; not complete: a")
        self.peer.will("get", NotFound("no peer has a b"))
        self.assertEqual(self.outcome("get a b"), Outcome.OK)
        self.assertRegex(self.talk.said[-1], r"^saved f1.txt to .* \(2 files, ")

    def test_several_of_nothing(self) -> None:
        """If no word is a name either, the answer is about the whole line."""
        missing = NotFound("no peer has my file (asked 7 of 7, 0.03 s)")
        self.peer.will("get", missing, missing)
        failed = tuple((word, NotFound(f"no peer has {word}")) for word in ("my", "file"))
        self.peer.will("select", Selection(("my", "file"), (), failed=failed))
        self.assertEqual(self.outcome("get my file"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [str(missing)])
        is_hashed = (("my", PeerError("s4 is still hashing my")),)
        self.peer.will("select", Selection(("my", "file"), (), failed=is_hashed))
        self.assertEqual(self.outcome("get my file"), Outcome.FAILED)
        self.assertEqual(self.talk.said[0], "my: s4 is still hashing my")

    def test_several_here(self) -> None:
        """Where nothing is left to download, that is not called saved."""
        missing = NotFound("no peer has b")
        self.peer.will("get", missing)
        here = (("a", AlreadyHere("it is here", "a")),)
        self.peer.will("select", Selection(("a", "b"), (), here, (("b", missing),)))
        self.outcome("get a b")
        self.assertEqual(
            self.talk.said,
            [
                "already here: a",
                "b: no peer has b",
                "nothing to download, 1 already here; not complete: b",
            ],
        )

    def test_several_wait(self) -> None:
        """A download that ends long after its command is reported then."""
        self.peer.will("get", NotFound("no peer has a b"))
        self.peer.will("get_selected", (running(7, state=Waiting()),))
        self.assertEqual(self.outcome("get a b"), Outcome.FAILED)
        self.peer.watches[-1](saved(7))
        self.assertIn("saved f1.txt", self.talk.said[-1])

    def test_choose(self) -> None:
        """A number is a hit of the last list, or one of its holders'."""
        first, second, third = hit("s4"), hit("s5", file=OTHER_FILE), hit("s6", file=OTHER_FILE)
        self.peer.will("find", found(first, second, third))
        self.outcome("find f1")
        self.outcome("get 2")
        self.outcome("get 2 --from s6")
        self.assertEqual(self.peer.asked[1:], [("get", second, None), ("get", third, "s6")])

    def test_choose_several(self) -> None:
        """Several numbers are one selection; with a holder, only its hits count."""
        first, second, third = hit(), hit("s5", "b", OTHER_FILE), hit("s6", "b", OTHER_FILE)
        self.peer.will("find", found(first, second, third))
        self.outcome("find f1")
        self.assertEqual(self.outcome("get 2 1"), Outcome.OK)
        self.assertEqual(self.peer.asked[1], ("select", (second, first), None))
        self.assertEqual(self.talk.said[0], "found 2, 4.0 KiB: b, f1.txt")
        self.assertRegex(self.talk.said[-1], r"^saved f1.txt to .* \(2 files, ")
        for line, said in [
            ("get 1-3", 'there is no number 3 in the last list; for a file of that name, get "3"'),
            ("get 1,2 --from s6", "s6 is not among those who have f1.txt"),
        ]:
            self.assertEqual(self.outcome(line), Outcome.FAILED)
            self.assertEqual(self.talk.said, [said])

    def test_choose_what_was_shown(self) -> None:
        """Of very many files those can be chosen by number that were shown."""
        many = (hit("s4", f"f{n}", file=f"{n:064x}") for n in range(1_000))
        self.peer.will("find", found(*many))
        self.outcome("find f")
        self.outcome("get 200")
        self.assertEqual(self.peer.asked[-1], ("get", hit("s4", "f199", file=f"{199:064x}"), None))
        self.assertEqual(self.outcome("get 201"), Outcome.FAILED)

    def test_choose_badly(self) -> None:
        """A number or holder that is not in the list is said."""
        self.assertEqual(self.outcome("get 1"), Outcome.FAILED)
        self.outcome("find f1")
        self.assertEqual(self.outcome("get 2"), Outcome.FAILED)
        self.assertEqual(
            self.talk.said,
            ['there is no number 2 in the last list; for a file of that name, get "2"'],
        )
        self.assertEqual(self.outcome("get 1 --from s9"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["s9 is not among those who have f1.txt"])

    def test_ambiguous(self) -> None:
        """Different files of one name can be chosen from."""
        other = hit("s5", file=OTHER_FILE)
        self.peer.will("get", Ambiguous((hit("s4"), other)))
        self.assertEqual(self.outcome("f1"), Outcome.FAILED)
        self.assertEqual(
            self.talk.said[-1], "different files have that name: choose one, as in get 1"
        )
        self.assertEqual(self.outcome("get 2"), Outcome.OK)
        self.assertEqual(self.peer.asked[-1], ("get", other, None))

    def test_not_found(self) -> None:
        """A bare name that is not found may be a misspelled command; any other is not."""
        missing = NotFound("no peer has tpoo (asked 7 of 7, 0.03 s)")
        self.peer.will("get", missing, missing)
        self.assertEqual(self.outcome("tpoo"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [f"{missing}; did you mean TOPO?"])
        self.assertEqual(self.outcome("get tpoo"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [str(missing)])

    def test_nothing_found(self) -> None:
        """A search without hits has failed; a peer that shares nothing has not."""
        self.peer.will("find", found())
        self.peer.will("listing", found())
        self.assertEqual(self.outcome("find x"), Outcome.FAILED)
        self.assertEqual(self.outcome("ls"), Outcome.OK)

    def test_own_listing(self) -> None:
        """Below a list of one's own stands how much is not in it; below another's does not."""
        footnote = "1,001 not shared: status tells why"
        self.peer.status_now = attrs.evolve(STATUS, excluded=1_001)
        for line, is_own in (("ls", True), ("ls s2", True), ("ls s4", False)):
            self.outcome(line)
            self.assertEqual(self.talk.said[-1] == footnote, is_own, line)
        self.peer.status_now = STATUS
        self.outcome("ls")
        self.assertNotEqual(self.talk.said[-1], footnote)

    def test_already_here(self) -> None:
        """A file that is already here counts as a success."""
        self.peer.will("get", AlreadyHere("f1.txt is already in your directory", "f1.txt"))
        self.assertEqual(self.outcome("f1"), Outcome.OK)
        self.assertEqual(self.talk.said, ["f1.txt is already in your directory"])

    def test_canceled(self) -> None:
        """A download that ended in any other way than saved has failed."""
        self.peer.will("get", running(state=Canceled()))
        self.assertEqual(self.outcome("f1"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["canceled f1.txt"])

    def test_waiting(self) -> None:
        """A download that waits for a holder is reported, and its end once, when it comes."""
        self.peer.will("get", running(state=Waiting()))
        self.assertEqual(self.outcome("f1"), Outcome.FAILED)
        self.talk.said.clear()
        self.peer.watches[0](running())
        self.peer.watches[0](saved())
        self.assertEqual([line[:12] for line in self.talk.said], ["saved f1.txt"])
        self.assertEqual(self.talk.watched, [running(), saved()])

    def test_unreachable(self) -> None:
        """That its only holder cannot be reached is said while a download waits, and once."""
        self.peer.will("get", Deferred())
        self.talk.begin("f1")
        ben = PeerAddress("ben", "10.77.0.24", 9_000)
        for state in (Seeking(), Seeking((ben,)), Seeking((ben,)), Waiting((ben,))):
            self.peer.watches[0](running(state=state))
        (said,) = self.talk.said
        self.assertTrue(said.startswith("f1.txt: ben (10.77.0.24:9000) has it but"), said)

    def test_alone(self) -> None:
        """A search without other peers says that there are none, as get does."""
        alone = "there is no other peer at the moment"
        self.peer.will("find", attrs.evolve(found(asked=0, answered=0), alone=alone))
        self.assertEqual(self.outcome("find x"), Outcome.FAILED)
        self.assertEqual(self.talk.said[-1], "there is no other peer at the moment")
        self.peer.will("listing", found(asked=0, answered=0))
        self.outcome("ls")
        self.assertNotIn("there is no other peer at the moment", self.talk.said)

    def test_not_in_a_network_yet(self) -> None:
        """What is waited for is said at once, wherever the network is asked."""
        self.peer.status_now = attrs.evolve(STATUS, address=None)
        awaited = "not in a network yet: waiting for the registry at 127.0.0.1:9011"
        for line, method in (
            *[("find x", "find"), ("f1", "get"), ("get f1 f2", "get"), ("topo", "topology")],
            *[("peers", "topology"), ("ls s3", "listing"), ("stop", "stop_network")],
        ):
            self.talk.said.clear()
            waiting: Deferred[Any] = Deferred()
            self.peer.will(method, waiting)
            asking = self.talk.begin(line)
            self.assertEqual(self.talk.said, [awaited], line)
            waiting.errback(PeerError("not in a network yet"))
            self.peer.will("select", PeerError("not in a network yet"))
            self.successResultOf(asking)
        for line in ("ls", "status", "transfers", "limit", "help"):
            self.outcome(line)
            self.assertNotIn(awaited, self.talk.said, line)

    def test_said_once(self) -> None:
        """The end of a download that is waited for is said once."""
        done: Deferred[Progress] = Deferred()
        self.peer.will("get", done)
        self.talk.begin("f1")
        self.peer.watches[0](saved())
        done.callback(saved())
        self.assertEqual(len(self.talk.said), 1)

    def test_pause_and_resume(self) -> None:
        """Paused and resumed downloads are named; a number that is neither is reported."""
        for line, said in [
            ("pause all", "pausing f1.txt"),
            ("pause 2", "there is no running download 2"),
            ("resume 1", "going on with f1.txt"),
            ("resume all", "nothing is paused"),
        ]:
            self.outcome(line)
            self.assertEqual(self.talk.said, [said])

    def test_several_transfers(self) -> None:
        """What can be done is done, and the other numbers are named; nothing is a failure."""
        self.peer.downloads_now = (running(1), saved(2))
        for line, outcome, said in [
            ("cancel all", Outcome.OK, ["canceled f1.txt"]),
            ("cancel 3-9 1", Outcome.OK, ["canceled f1.txt", "no download 3 runs, nor 4-9"]),
            (
                "pause 1-3 7 5 9-10",
                Outcome.OK,
                ["pausing f1.txt", "there is no running download 2, nor 3, 7, 5, 9-10"],
            ),
            ("cancel 3-9", Outcome.FAILED, ["no download 3 runs, nor 4-9"]),
            ("resume 1", Outcome.OK, ["going on with f1.txt"]),
        ]:
            self.assertEqual(self.outcome(line), outcome)
            self.assertEqual(self.talk.said, said)

    def test_misused(self) -> None:
        """A command that is given what it does not take says what it takes."""
        missing = NotFound("no peer has that (asked 7 of 7, 0.03 s)")
        for line, said in [
            ("cancel", "cancel takes numbers of downloads, or all: see transfers"),
            ("pause abc", "pause takes numbers of downloads, or all: see transfers"),
            ("limit down", "limit takes up or down, and a rate: 10M, 500K, off"),
            ("find", "find takes what to search for"),
            ("quit now", f"leave takes nothing more; {missing}"),
            ("TOPO s1", f"TOPO takes nothing more; {missing}"),
        ]:
            self.peer.will("get", missing)
            self.assertEqual(self.outcome(line), Outcome.FAILED, line)
            self.assertEqual(self.talk.said, [said])
            self.assertEqual(self.peer.asked[-1], ("get", line, None))

    def test_misused_alone(self) -> None:
        """Without another peer, nobody is waited for."""
        self.peer.status_now = attrs.evolve(STATUS, neighbors=())
        self.assertEqual(self.outcome("cancel"), Outcome.FAILED)
        self.assertEqual(self.peer.asked, [])

    def test_name_like_a_command(self) -> None:
        """A line that begins like a command may be the name of something shared."""
        self.assertEqual(self.outcome("stop words.txt"), Outcome.OK)
        self.assertEqual(self.peer.asked, [("get", "stop words.txt", None)])

    def test_limit(self) -> None:
        """A rate applies to its direction only; an invalid one is explained."""
        self.outcome("limit up 2M")
        self.outcome("limit down 1.5M")
        self.assertEqual(self.talk.said, ["up 2.0 MiB/s, down 1.5 MiB/s"])
        self.outcome("limit up 500k")
        self.assertEqual(self.talk.said, ["up 500.0 KiB/s, down 1.5 MiB/s"])
        self.outcome("limit down off")
        self.assertEqual(self.talk.said, ["up 500.0 KiB/s, down unlimited"])
        self.assertEqual(self.outcome("limit up fast"), Outcome.FAILED)
        self.assertEqual(
            self.talk.said, ["a rate is bytes a second, such as 10M, 1.5M or 500K, not 'fast'"]
        )
        self.assertEqual(self.outcome("limit up 1"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["1 up is too slow"])

    def test_failures(self) -> None:
        """Lines on failures are told from others."""
        self.peer.will("find", found())
        for line, is_failure in [
            ("get 9", True),
            ("cancel 9", True),
            ("topo", False),
            ("cancel x", True),
            ("find x", False),
        ]:
            self.peer.will("get", NotFound("no peer has that"))
            self.outcome(line)
            self.assertEqual(isinstance(self.talk.said[-1], FailureLine), is_failure, line)

    def test_fault(self) -> None:
        """An unexpected error is logged, and the console goes on."""
        self.peer.will("topology", RuntimeError("oops"))
        self.assertEqual(self.outcome("topo"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["that went wrong; the log says more"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
