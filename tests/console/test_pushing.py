"""What a person pushes at the console, and what others push."""

from math import inf

import attrs
from twisted.internet.defer import Deferred

from p2p_twisted.console.downloading import Outcome
from p2p_twisted.console.push_lines import asked_line, push_lines, pushed_line
from p2p_twisted.console.pushing import Pushing
from p2p_twisted.console.shown_offers import shown_push
from p2p_twisted.console.text import FailureLine
from p2p_twisted.download.progress import Checking, Failed
from p2p_twisted.offers.board import Board, BoardState
from p2p_twisted.offers.offers_interface import KnownOffer, Waited
from p2p_twisted.peer_errors import NotFound, PeerError
from p2p_twisted.wire.messages import Receipt
from tests.console.conversation_case import ConversationCase, Talk
from tests.console.fake_offers import WEEK, offer, own, received
from tests.console.fake_peer import running, saved, topology


class PushTests(ConversationCase):
    """Commands on pushes."""

    def test_push(self) -> None:
        """Each thing is pushed by itself, with what was said; and what it is called now is told."""
        self.peer.will("push", own(7), NotFound("nothing that is shared here is called b c"))
        self.assertIs(self.outcome('push f1 "b c" --to Anna,@Lab --for=2h'), Outcome.FAILED)
        told = pushed_line(shown_push(own(7)), "pushes 7")
        nobody = "nobody is called anna now: who comes by that name gets it then"
        wrong = "nothing that is shared here is called b c"
        self.assertEqual(self.talk.said, [told, wrong, nobody])
        self.assertIsInstance(self.talk.said[1], FailureLine)
        to = ("anna", "@lab")
        pushed = [("push", "f1", to, 7_200, None), ("push", "b c", to, 7_200, None)]
        self.assertEqual(self.peer.asked, [*pushed, ("topology",)])
        self.assertIs(self.outcome("push f1 --into papers/2026 --to @all"), Outcome.OK)
        self.assertEqual(self.peer.asked[-1], ("push", "f1", ("@all",), WEEK, "papers/2026"))

    def test_all_there(self) -> None:
        """Nothing is said of those that are here, nor where nobody can be asked."""
        self.peer.will("topology", topology(anna="s2", s2="anna"), PeerError("it is alone"))
        for _ in range(2):
            self.assertIs(self.outcome("push f1 --to anna"), Outcome.OK)
            self.assertEqual(len(self.talk.said), 1)

    def test_hashing(self) -> None:
        """That it is looked for, and that it is still being hashed, are said once."""
        hashing: Deferred[KnownOffer] = Deferred()
        self.peer.will("push", hashing)
        self.talk.begin("push f1 --to @all")
        for percent in (None, None, 10, 20):
            self.peer.offers.hashing[0](percent)
        looking = "looking for f1 in what this peer shares"
        self.assertEqual(self.talk.said, [looking, "hashing f1: it is pushed once that is done"])

    def test_hashing_given_up(self) -> None:
        """What was named before is pushed, and the rest is not."""
        self.peer.will("push", own(1), Deferred())
        typed = self.talk.begin("push f1 f2 f3 --to @all --wait")
        self.assertTrue(self.talk._conversation.stop_waiting())
        self.assertIs(self.successResultOf(typed), Outcome.OK)
        self.assertEqual(self.talk.said[1:], ["given up, and not pushed: f2, f3"])
        self.assertEqual([each[1] for each in self.peer.asked], ["f1", "f2"])
        self.assertFalse(self.talk._conversation.stop_waiting())

    def test_list(self) -> None:
        """Own ones and those of others, by their numbers."""
        self.peer.offers.known = (received(2), own(1))
        self.outcome("pushes")
        shown = [shown_push(own(1)), shown_push(received(2))]
        self.assertEqual(self.talk.said, [*push_lines(shown)])

    def test_look(self) -> None:
        """How one goes, of this peer's or another's; the others are shown, too, if one is none."""
        self.peer.offers.known = (own(1), received(2))
        rows = (Receipt("s4", "fetching", 1_024, 512.0), Receipt("s5", "refused"))
        board = Board(
            offer(), {"fetching": 1, "refused": 1, "off": 1}, rows, ("s9",), 1_024, 512.0, 2.0
        )
        self.peer.will("look", board, board)
        self.assertIs(self.outcome("pushes 9 1 2"), Outcome.FAILED)
        self.assertEqual(
            self.talk.said[:6],
            [
                "there is no push 9",
                "lesson.tar  [##########----------]  50 %  2.0 KiB  512 B/s  0:02 left  to @all",
                "0 of 3 have it, 1 fetching, 1 refused, 1 off",
                "  s4  fetching   50 %  512 B/s",
                "  s5  refused",
                "  s9  off",
            ],
        )
        self.assertEqual([each[0] for each in self.peer.asked], ["look", "look"])

    def test_end(self) -> None:
        """Who has made it ends it; who has not is told what to do."""
        self.peer.offers.known = (own(1), received(2))
        self.assertIs(self.outcome("unpush 1 2"), Outcome.FAILED)
        self.assertEqual(self.peer.asked, [("withdraw", own(1).offer.id)])
        self.assertEqual(
            self.talk.said,
            [
                "push 1 of lesson.tar has ended",
                "push 2 is s4's, which alone may end it: refuse 2 keeps it away",
            ],
        )

    def test_answer(self) -> None:
        """Somebody else's is got, or refused; one's own is neither."""
        self.peer.offers.known = (own(1), received(2), received(3))
        self.assertIs(self.outcome("accept 2"), Outcome.OK)
        self.assertIs(self.outcome("refuse 3 1"), Outcome.FAILED)
        answers = [("answer", received(2).offer.id, True), ("answer", received(3).offer.id, False)]
        self.assertEqual(self.peer.asked, answers)
        self.assertEqual(self.talk.said[-1], "push 1 is this peer's own: unpush 1 ends it")

    def test_saved(self) -> None:
        """What was saved is accepted again where some of it is not here any more."""
        self.peer.offers.known = (received(2, "saved"), received(3, "saved"))
        self.peer.will("is_here", True, False)
        self.assertIs(self.outcome("accept 2 3"), Outcome.OK)
        self.assertEqual(self.talk.said, ["lesson.tar is here already", "getting lesson.tar"])
        answers = [each for each in self.peer.asked if each[0] == "answer"]
        self.assertEqual(answers, [("answer", received(3).offer.id, True)])

    def test_misused(self) -> None:
        """What is missing or wrong is told, and nothing is pushed."""
        self.peer.status_now = attrs.evolve(self.peer.status_now, neighbors=())
        for line in ("push f1", "push --to @all", "push f1 --to", "push f1 --to a --x b"):
            self.outcome(line)
            self.assertIn("takes names of what this peer shares", self.talk.said[-1], line)
        self.outcome("push f1 --to @all --for 31d")
        self.assertIn("'31d' is not a time from 1s to 30d", self.talk.said[-1])
        self.outcome("push f1 --to @all --into ../x")
        self.assertIn("may not have empty, '.' or '..'", self.talk.said[-1])
        self.outcome("push f1 --to a_b")
        self.assertIn("an offer is for peers by their names", self.talk.said[-1])
        self.assertNotIn("push", [each[0] for each in self.peer.asked])


class WaitTests(ConversationCase):
    """To wait until all have what was pushed."""

    def waited(self, *counts: dict[BoardState, int], **how: bool) -> None:
        """Have the next waits end so."""
        self.peer.offers.known = (own(1), own(2))
        boards = [Board(own(n).offer, each, is_done=True) for n, each in enumerate(counts, 1)]
        self.peer.will("wait", *(Waited(board, **how) for board in boards))

    def exit(self) -> int:
        return self.talk._conversation.exits.code

    def test_all_have_it(self) -> None:
        """How it went is shown at the end."""
        self.waited({"saved": 28})
        self.assertIs(self.outcome("push f1 --to @all --wait"), Outcome.OK)
        self.assertEqual(self.peer.asked[-1], ("wait", own(1).offer.id, inf))
        self.assertEqual(self.talk.said[-1], "28 of 28 have it")
        self.assertEqual(self.exit(), 0)

    def test_some_have_not(self) -> None:
        """A script learns it: 10 where nothing more will happen, 6 when it waited no longer."""
        self.waited({"saved": 1, "refused": 1}, {"saved": 2})
        self.assertIs(self.outcome("pushes 1 2 --wait"), Outcome.FAILED)
        self.assertIn("1 of 2 have it, 1 refused", self.talk.said)
        self.assertEqual(self.talk.said[-1], "2 of 2 have it")
        self.assertEqual(self.exit(), 10)
        self.talk = Talk()
        self.peer = self.talk.peer
        self.waited({"fetching": 1}, is_late=True)
        self.assertIs(self.outcome("pushes 1 --timeout=90s"), Outcome.FAILED)
        self.assertEqual(self.peer.asked, [("wait", own(1).offer.id, 90)])
        self.assertEqual(self.exit(), 6)

    def test_ended_meanwhile(self) -> None:
        """Why it waits no longer is said."""
        self.waited({"saved": 1, "asked": 1}, is_over=True)
        self.assertIs(self.outcome("pushes 1 --wait"), Outcome.FAILED)
        said = f"1 of 2 have it, 1 asked, and {own(1).offer.sender} pushes it no more"
        self.assertIn(said, self.talk.said)
        self.assertEqual(self.exit(), 10)

    def test_interrupted(self) -> None:
        """The waiting ends, and the push goes on."""
        self.peer.offers.known = (own(1), own(2))
        waits: list[Deferred[Waited]] = [Deferred(), Deferred()]
        self.peer.will("wait", *waits)
        self.assertFalse(self.talk._conversation.stop_waiting())
        typed = self.talk.begin("pushes 1 2 --wait")
        self.assertNoResult(typed)
        self.assertTrue(self.talk._conversation.stop_waiting())
        self.assertIs(self.successResultOf(typed), Outcome.OK)
        self.assertEqual(self.talk.said, ["the pushes go on: pushes 1 2 shows how"])
        self.assertFalse(self.talk._conversation.stop_waiting())
        self.assertEqual([each[0] for each in self.peer.asked], ["wait", "wait"])

    def test_what_cannot_be_waited_for(self) -> None:
        """There has to be something."""
        self.peer.will("push", NotFound("no such thing is shared here"))
        self.assertIs(self.outcome("push f1 --to @all --wait"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["no such thing is shared here"])
        self.assertIs(self.outcome("pushes 9 --wait"), Outcome.FAILED)
        self.assertEqual(self.talk.said, ["there is no push 9"])
        for line in ("pushes --wait", "pushes 1 --timeout", "pushes 1 --x"):
            self.peer.status_now = attrs.evolve(self.peer.status_now, neighbors=())
            self.outcome(line)
            self.assertNotIn("wait", [each[0] for each in self.peer.asked], line)


class ToldTests(ConversationCase):
    """What is told by itself of what others push."""

    def setUp(self) -> None:
        super().setUp()
        self.talk._conversation.begin()
        self.told = self.peer.offers.watches.tell

    def test_asked(self) -> None:
        """A person is asked once, and told if it is over before there is an answer."""
        for _ in range(2):
            self.told(received(2))
        self.assertEqual(self.talk.said, [asked_line(shown_push(received(2)))])
        self.told(received(2, is_over=True))
        self.assertEqual(self.talk.said[1:], ["s4 pushes lesson.tar no more"])

    def test_by_rule(self) -> None:
        """What a rule accepts is told when it begins, and when it is there."""
        for state in ("waiting", "fetching", "fetching"):
            self.told(received(2, state, download=1))
        self.assertEqual(self.talk.said, ["getting lesson.tar (2.0 KiB), which s4 pushes"])
        self.peer.downloads_now = (saved(1),)
        self.told(received(2, "saved", download=1))
        self.assertTrue(self.talk.said[-1].startswith("saved f1.txt to s2/Downloads/f1.txt"))

    def test_of_an_earlier_run(self) -> None:
        """What becomes of what goes on by itself is said once, of its download."""
        [watch], told = self.peer.earlier, self.talk.said
        failed = running(3, state=Failed("it is too large", has_arrived=False))
        for number, end, state in ((1, saved(1), "saved"), (3, failed, "failed")):
            for progress in (running(number, state=Checking()), running(number)):
                watch(progress)
            self.peer.downloads_now = (running(number),)
            self.told(received(number, "fetching", download=number))
            self.peer.downloads_now = (end,)
            watch(end)
            self.told(received(number, state, download=number, reason="it is too large"))
        lines = [line.split(",")[0] for line in told]
        going = "going on with f1.txt"
        why = "f1.txt was not downloaded: it is too large"
        self.assertEqual(lines, [going, "saved f1.txt to s2/Downloads/f1.txt (2.0 KiB", going, why])

    def test_of_what_goes_on(self) -> None:
        """That a push has failed is said where the download of its content goes on."""
        [watch], self.peer.downloads_now = self.peer.earlier, (running(1),)
        watch(running(1))
        self.told(received(2, "failed", download=1, reason="it is larger than its offer says"))
        self.assertIn("larger than its offer says", self.talk.said[-1])

    def test_accepted(self) -> None:
        """Who has accepted it is not told that it begins."""
        self.peer.offers.known = (received(2),)
        self.outcome("accept 2")
        self.told(received(2, "fetching"))
        self.told(received(2, "saved"))
        said = ["getting lesson.tar", "lesson.tar, which s4 pushes, is here"]
        self.assertEqual(self.talk.said, said)

    def test_failed(self) -> None:
        """That it cannot be had is told, with why; that a rule has refused it is not."""
        self.told(received(2, "no space", reason="needs 1.2 GiB"))
        self.told(received(3, "refused"))
        self.told(own(4))
        self.told(received(5, "failed", reason="it has changed"))
        fault = "lesson.tar, which s4 pushes, is not here: "
        later = "needs 1.2 GiB; it comes by itself once there is space"
        self.assertEqual(self.talk.said, [fault + later, fault + "it has changed"])

    def test_attends(self) -> None:
        """A person attends from the beginning to the end, and nothing is told then."""
        self.assertEqual(self.peer.offers.people, 1)
        self.talk._conversation.end()
        self.told(received(2))
        self.assertEqual((self.peer.offers.people, self.talk.said), (0, []))

    def test_left_open(self) -> None:
        """What was pushed before is asked about when somebody comes; a script is not asked."""
        self.peer.offers.known = (received(2), received(3, "saved"), received(4, is_over=True))
        said: list[str] = []
        exits = self.talk._conversation.exits
        pushing = Pushing(self.peer, said.extend, lambda: None, exits, lambda _number: False)
        pushing.follow(is_person=True)
        self.assertEqual(said, [asked_line(shown_push(received(2)))])
        script: list[str] = []
        other = Pushing(self.peer, script.extend, lambda: None, exits, lambda _number: False)
        other.follow(is_person=False)
        self.told(attrs.evolve(received(5)))
        self.assertEqual((script, self.peer.offers.people), ([], 2))
