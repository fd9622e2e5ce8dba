"""Why a download goes as it does, in lines for people."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.explanation_lines import explanation_lines
from p2p_twisted.console.text import cells
from p2p_twisted.console.transfers import as_told
from p2p_twisted.explain.explanation import explanation_of_find
from p2p_twisted.explain.facts import AccountNote, QuestionFacts
from tests.console.conversation_case import ConversationCase
from tests.console.fake_peer import EXPLANATION

LINES = [
    "1  f1.txt: the --max-up of s4 limits it, as s4 says",
    "  for 12.5 s now; judged by the last 10.0 s",
    "  s4 (reversed) asked by way of s2  4.0 KiB, 80 %  410 B/s  asked 2 times, delivers, 10 % of"
    " the time for --max-down, 30 % of the time with nothing to send",
    "  s5                                1.0 KiB, 20 %           asked 1 time, busy",
    "  0.00 s  asked s4 by way of s2",
    "  1.50 s  s5: busy (3 times, until 9.25 s)",
    "  asked 7 other peers, 6 answered in 0.03 s, with 2 hits: s4 after 0.01 s",
]


class ExplanationLinesTests(SynchronousTestCase):
    """What is written."""

    maxDiff = None

    def test_download(self) -> None:
        """The sentence comes first, then the holders, then what happened."""
        self.assertEqual(list(explanation_lines(as_told(EXPLANATION))), LINES)

    def test_fits(self) -> None:
        """No line is wider than the terminal."""
        for width in (40, 80):
            lines = list(explanation_lines(as_told(EXPLANATION), width))
            self.assertLessEqual(max(map(cells, lines)), width, lines)

    def test_ended(self) -> None:
        """Of one that has ended it is told how long it took."""
        ended = attrs.evolve(EXPLANATION, is_ended=True, holders=(), notes=(), question=None)
        lines = list(explanation_lines(as_told(ended)))
        self.assertEqual(lines, [LINES[0], "  it took 12.5 s"])

    def test_question(self) -> None:
        """A question has no number."""
        question = QuestionFacts("name", "f1", 0.0, 7, 7, seconds=0.03)
        lines = list(explanation_lines(as_told(explanation_of_find(question))))
        told = "f1: nobody else has that: 7 other peers answered, all within 0.03 s"
        self.assertEqual(lines, [told])
        lines = list(
            explanation_lines(as_told(explanation_of_find(QuestionFacts("name", "f1", 0.0))))
        )
        self.assertEqual(lines[0], "f1: the other peers are being asked")

    def test_hostile(self) -> None:
        """What others have said moves no cursor."""
        diagnosis = attrs.evolve(EXPLANATION.diagnosis, sentence="s4 says \x1b[2J")
        notes = (AccountNote(0.0, "s4: \x1b[2J\u202e", "s4"),)
        hostile = attrs.evolve(EXPLANATION, diagnosis=diagnosis, name="f\x1b[2J", notes=notes)
        text = "".join(explanation_lines(as_told(hostile)))
        self.assertTrue(text.isprintable(), text)


class ExplainTests(ConversationCase):
    """At the console."""

    def test_explain(self) -> None:
        """It is told as above; what nothing is known of fails."""
        self.outcome("explain 1")
        self.assertEqual(self.talk.said, LINES)
        self.outcome("explain 9")
        self.assertEqual(self.talk.said, ["nothing is known of '9'"])
