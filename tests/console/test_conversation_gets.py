"""What is downloaded in a conversation, and what is said of it."""

from twisted.internet.defer import Deferred

from p2p_twisted.console.downloading import Outcome
from p2p_twisted.download.progress import Canceled, Progress, Seeking, Waiting
from p2p_twisted.peer.interface import Selection
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous, NotFound, PeerError
from p2p_twisted.wire.names import PeerAddress
from tests.console.conversation_case import ConversationCase
from tests.console.fake_peer import (
    OTHER_FILE,
    found,
    hit,
    running,
    saved,
)


class NameTests(ConversationCase):
    """Names that are typed."""

    def test_interrupted(self) -> None:
        """What leaving interrupts is said by that, not also as if it were a result."""
        self.peer.will("get", running(1))
        self.assertEqual(self.outcome("get f1"), Outcome.FAILED)
        self.assertEqual(self.talk.said, [])
        self.peer.will("get", NotFound("no peer has f1 f2"))
        self.peer.will("get_selected", (running(1), saved(2)))
        self.assertEqual(self.outcome("get f1 f2"), Outcome.FAILED)
        self.assertEqual([line[:5] for line in self.talk.said], ["found", "saved"])

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
            ("*.txt", hit(name="e.txt", file=None)),
        )
        self.peer.will("select", selection)
        self.assertEqual(self.outcome("get a *.txt --from s4"), Outcome.FAILED)
        self.assertEqual(
            self.peer.asked[1:], [("select", ("a", "*.txt"), "s4"), ("get_selected", selection)]
        )
        self.assertEqual(self.talk.said[0], "found 2, 4.0 KiB: b.txt, c.txt")
        self.assertEqual(self.talk.said[1], "already here: d.txt")
        later = "still being hashed by who has it, and waited for: *.txt, e.txt"
        self.assertEqual(self.talk.said[2:4], [later, "a: no peer has a"])
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
        self.peer.will("get_selected", ())
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

    def test_said_once(self) -> None:
        """The end of a download that is waited for is said once."""
        done: Deferred[Progress] = Deferred()
        self.peer.will("get", done)
        self.talk.begin("f1")
        self.peer.watches[0](saved())
        done.callback(saved())
        self.assertEqual(len(self.talk.said), 1)


class NumberTests(ConversationCase):
    """Numbers of what was listed last."""

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
            (
                "get 1-3",
                "there is no number 3 in the last list, which ends with 2; a name that looks like"
                " numbers is typed in quotes",
            ),
            ("get 1,2 --from s6", "s6 is not among those who have f1.txt"),
        ]:
            self.assertEqual(self.outcome(line), Outcome.FAILED)
            self.assertEqual(self.talk.said, [said])

    def test_choose_beside_names(self) -> None:
        """Numbers may stand among names; one that nothing has is said."""
        first = hit()
        self.peer.will("find", found(first))
        self.outcome("find f1")
        self.peer.will("get", *[NotFound("no peer has that line")] * 2)
        self.assertEqual(self.outcome("get b 1 '2'"), Outcome.OK)
        self.assertEqual(self.peer.asked[2], ("select", ("b", first, "2"), None))
        self.assertEqual(self.outcome("get b 2"), Outcome.FAILED)
        self.assertIn("there is no number 2 in the last list", self.talk.said[0])

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
        self.assertIn("no number 1 yet: find and ls number what they list", self.talk.said[0])
        self.outcome("find f1")
        self.assertEqual(self.outcome("get 2"), Outcome.FAILED)
        self.assertIn("no number 2 in the last list, which ends with 1", self.talk.said[0])
        self.assertEqual(self.outcome("get 1 --from s9"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["s9 is not among those who have f1.txt"])

    def test_mistyped_numbers(self) -> None:
        """What looks like numbers, and is called so by nobody, has their form explained."""
        missing = NotFound("no peer has that", ("2024-03-17.bin",))
        for typed in ("3-1", "1-", "0", "1..3", "1;2", "#2", "1\u20133", "5-8-9"):
            self.peer.will("get", missing)
            self.assertEqual(self.outcome(f"get {typed}"), Outcome.FAILED)
            hint = "numbers from the last list are typed as in get 1 3 5-8"
            self.assertEqual(self.talk.said, [f"no peer has that; {hint}"])
        self.peer.will("get", missing)
        self.outcome("get v1-2")
        self.assertEqual(self.talk.said, ["no peer has that; did you mean 2024-03-17.bin?"])

    def test_shell_options(self) -> None:
        """An option that only a shell takes, and its value, are no names of files."""
        for typed in ("f1 --to .", "get f1 --to=/tmp", "get f1 f2 --detach"):
            self.peer.will("get", NotFound("no peer has that"))
            self.peer.asked.clear()
            self.assertEqual(self.outcome(typed), Outcome.FAILED)
            option = next(word for word in typed.split() if "--" in word).partition("=")[0]
            hint = f"here, get takes no {option}, only --from: p2p get, in a shell, takes more"
            self.assertEqual(self.talk.said, [f"no peer has that; {hint}"])
            self.assertEqual(self.peer.asked, [("get", typed.removeprefix("get "), None)])

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
