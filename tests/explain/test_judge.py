"""What limits a download, judged from facts."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.explain.diagnosis import Cause, Diagnosis
from p2p_twisted.explain.facts import NOT_NEEDED, FirstHolder, QuestionFacts, Waits
from p2p_twisted.explain.judge import judge, judge_question
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import HeldUp
from tests.explain.judged import FILE, TABLE, facts, holder


class JudgeTests(SynchronousTestCase):
    """What is said of a download."""

    maxDiff = None

    def test_table(self) -> None:
        """Each cause is told by what was measured."""
        for case, (known, cause, peer, sentence) in TABLE.items():
            diagnosis = judge(known)
            self.assertEqual((diagnosis.cause, diagnosis.peer), (cause, peer), case)
            self.assertEqual(diagnosis.sentence, sentence, case)

    def test_incomplete(self) -> None:
        """What is missing of a folder is named, by why, with what to do."""
        lacks = ((None, ("a", "b")), ("s4", ("c",)))
        diagnosis = judge(facts("incomplete", is_ended=True, lacks=lacks))
        self.assertEqual((diagnosis.cause, diagnosis.peer), (Cause.INCOMPLETE, None))
        self.assertEqual(
            diagnosis.sentence,
            "it is not complete, as nobody shares a, b any more: get it again once somebody does;"
            " s4 has changed c: get it again to have it as it is now",
        )

    def test_ended(self) -> None:
        """What held it up for most of the time, and does not any more, is told as over."""
        for state, sentence in (
            ("paused", "it was paused for most of the time"),
            ("blocked", "this peer's disk was full for most of the time"),
            ("hashing", "s4 was hashing it for most of the time: it had no id before"),
        ):
            seconds_in = {state: 15.0, "receiving": 5.0}
            ended = facts("saved", is_ended=True, seconds_in=seconds_in, hashing=("s4", 90))
            self.assertEqual(judge(ended).sentence, sentence)

    def test_no_fault(self) -> None:
        """Who has not delivered as it was paused meanwhile is not to blame."""
        paused = holder(is_delivering=False, last=NOT_NEEDED)
        self.assertEqual(judge(facts("seeking", holders=(paused,))).cause, Cause.SEARCH)

    def test_said(self) -> None:
        """What only a holder can know is told as what it says."""
        said = {case for case, row in TABLE.items() if judge(row[0]).is_said}
        self.assertLessEqual({"holder's limit", "holder's disk", "busy", "refuses"}, said)
        self.assertNotIn("a relay", said)
        self.assertNotIn("own disk", said)

    def test_holder_speaks_of_itself_alone(self) -> None:
        """Whatever a holder says, it blames nobody else, and nothing that was measured here."""
        for by in ("limit", "disk", "way", "own_disk", "relay", "x" * 16):
            held = HeldUp(by, limit=2 * MIB, pushes=9, round_trip=1.0, lost=1.0)
            liar = holder("evil", held=held, waits=Waits(10.0, limit=9.0, received=MIB))
            diagnosis = judge(facts(holders=(liar,), limit=MIB))
            self.assertEqual(diagnosis.cause, Cause.OWN_LIMIT, by)
            liar = attrs.evolve(liar, waits=Waits(10.0, received=MIB))
            diagnosis = judge(facts(holders=(holder(), liar)))
            self.assertIn(diagnosis.peer, ("s4", "evil"), by)
            if diagnosis.peer == "s4":
                self.assertEqual(diagnosis.cause, Cause.HOLDER_OR_WAY, by)

    def test_limit_said_ahead(self) -> None:
        """A limit that was not measured yet counts where it comes as fast as that lets it."""
        causes = []
        for rate in (MIB // 4, MIB // 2, 2 * MIB, 3 * MIB):
            ahead = HeldUp("limit", limit=2 * MIB, pushes=3, ahead=True)
            one = holder(held=ahead, waits=Waits(10.0, received=10 * rate))
            causes.append(judge(facts(holders=(one,))).cause)
        unknown, limit = Cause.HOLDER_OR_WAY, Cause.HOLDER_LIMIT
        self.assertEqual(causes, [unknown, unknown, limit, unknown])

    def test_relay_that_was_lost(self) -> None:
        """While another relay passes on what comes, one that was lost limits nothing any more."""
        lost = holder(how="through s9", is_delivering=False, last="the connection was lost")
        there = holder(how="through s7", waits=Waits(2.0, received=MIB), received=0)
        diagnosis = judge(facts(holders=(lost, there)))
        self.assertEqual((diagnosis.cause, diagnosis.peer), (Cause.RELAY, "s7"))
        self.assertTrue(diagnosis.sentence.endswith("so all of it comes through s7"))

    def test_holder_that_is_gone(self) -> None:
        """Who has delivered and does not answer is named, and nobody else that does not."""
        question = QuestionFacts("id", FILE, 100.0, 8, 7, silent=("s4",), seconds=2.0)
        lost = holder(last="the connection was lost")
        diagnosis = judge(facts("waiting", question=question, holders=(lost,)))
        self.assertEqual((diagnosis.cause, diagnosis.peer), (Cause.HOLDER_SILENT, "s4"))
        self.assertEqual(
            diagnosis.sentence,
            "s4, which has delivered some of it, does not answer, and nobody else has it: of 7"
            " peers that answered, none does; 1 peer did not answer",
        )
        for others in (attrs.evolve(lost, holder="s5"), attrs.evolve(lost, received=0)):
            diagnosis = judge(facts("waiting", question=question, holders=(others,)))
            self.assertEqual((diagnosis.cause, diagnosis.peer), (Cause.NOBODY, None))


class QuestionTests(SynchronousTestCase):
    """What is said of a question."""

    def assert_judged(self, question: QuestionFacts, cause: Cause, sentence: str) -> None:
        """See what is said."""
        peer = question.silent[0] if question.silent else None
        self.assertEqual(judge_question(question), Diagnosis(cause, sentence, peer))

    def test_answered(self) -> None:
        """Who had it first, and when."""
        first = (FirstHolder("s4", 0.01),)
        question = QuestionFacts("name", "f1", 0.0, 7, 7, 2, seconds=0.03, holders=first)
        sentence = "2 hits, the first after 0.01 s from s4: 7 other peers answered, all within"
        sentence += " 0.03 s"
        self.assert_judged(question, Cause.NOTHING, sentence)

    def test_silent(self) -> None:
        """Who was waited for in vain."""
        question = QuestionFacts("name", "f1", 0.0, 7, 6, 0, ("s5",), seconds=2.0)
        sentence = "nobody else has that: 6 of 7 other peers answered in 2.00 s; s5 did not"
        self.assert_judged(question, Cause.HOLDER_SILENT, sentence)

    def test_nobody(self) -> None:
        """All answered, and none has it."""
        question = QuestionFacts("name", "f1", 0.0, 1, 1, seconds=0.03)
        sentence = "nobody else has that: 1 other peer answered, all within 0.03 s"
        self.assert_judged(question, Cause.NOBODY, sentence)

    def test_of_one(self) -> None:
        """Where one peer alone was asked, nothing is said of others, who may well have it."""
        for silent, hits, cause, sentence in (
            ((), 0, Cause.NOBODY, "s3 has told of none within 2.00 s"),
            (("s5",), 0, Cause.NOBODY, "s3 has told of none within 2.00 s"),
            (("s3", "s5"), 0, Cause.HOLDER_SILENT, "s3 did not answer within 2.00 s"),
            (("s5",), 1, Cause.NOTHING, "1 hit, the first after 0.01 s from s3"),
        ):
            first = (FirstHolder("s3", 0.01),) * hits
            question = QuestionFacts("name", "f1", 0.0, 7, 5, hits, silent, "", 2.0, first, of="s3")
            judged = judge_question(question)
            whole = f"{sentence}: no other peer was asked for it"
            who = "s3" if cause is Cause.HOLDER_SILENT else None
            self.assertEqual(judged, Diagnosis(cause, whole, who))

    def test_alone(self) -> None:
        """There was nobody to ask."""
        question = QuestionFacts("name", "f1", 0.0, alone="no neighbor", seconds=0.0)
        self.assert_judged(question, Cause.ALONE, "no other peer was asked: no neighbor")

    def test_under_way(self) -> None:
        """It goes on."""
        question = QuestionFacts("name", "f1", 0.0)
        self.assert_judged(question, Cause.SEARCH, "the other peers are being asked")
