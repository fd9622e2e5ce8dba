"""What a person is told of a download, or of a question, and why it went so."""

import attrs

from p2p_twisted.explain.diagnosis import Diagnosis
from p2p_twisted.explain.facts import AccountNote, Facts, HolderFacts, QuestionFacts
from p2p_twisted.explain.judge import judge, judge_question


@attrs.frozen
class Explanation:
    """
    What limits a download, or how a question was answered.

    :ivar number: of the download; 0 for a question.
    :ivar name: of the file or folder, or what was asked.
    :ivar is_ended: whether nothing more will happen to it.
    :ivar seconds: since it began.
    :ivar window: how many seconds, up to now or its end, the diagnosis is about.
    :ivar question: how its holders were looked for last, or the question itself.
    """

    number: int
    name: str
    is_ended: bool
    seconds: float
    window: float
    diagnosis: Diagnosis
    holders: tuple[HolderFacts, ...] = ()
    notes: tuple[AccountNote, ...] = ()
    question: QuestionFacts | None = None


def explanation_of_find(question: QuestionFacts) -> Explanation:
    """Explain how a question was answered."""
    seconds = question.seconds
    return Explanation(
        number=0,
        name=question.text or f"{question.what} {question.of}",
        is_ended=seconds is not None,
        seconds=seconds or 0.0,
        window=seconds or 0.0,
        diagnosis=judge_question(question),
        question=question,
    )


def explanation_of(facts: Facts) -> Explanation:
    """Explain a download."""
    return Explanation(
        number=facts.number,
        name=facts.name,
        is_ended=facts.is_ended,
        seconds=facts.seconds,
        window=facts.window,
        diagnosis=judge(facts),
        holders=facts.holders,
        notes=facts.notes,
        question=facts.question,
    )
