"""The sentences that say how a question was answered."""

from p2p_twisted.explain.facts import QuestionFacts
from p2p_twisted.runtime.amounts import count, human_time


def asking() -> str:
    """Say that a question goes on."""
    return "the other peers are being asked"


def unasked(question: QuestionFacts) -> str:
    """Say that there was nobody to ask."""
    return f"no other peer was asked: {question.alone}"


def answered(question: QuestionFacts) -> str:
    """Say who answered, and who was waited for."""
    took = human_time(question.seconds or 0.0)
    what, of = "nobody else has that", question.of
    if question.hits:
        first = question.holders[0]
        hits, after = count(question.hits, "hit"), human_time(first.after)
        what = f"{hits}, the first after {after} from {first.peer}"
    elif of is not None:
        did = "did not answer" if of in question.silent else "has told of none"
        what = f"{of} {did} within {took}"
    if of is not None:
        return f"{what}: no other peer was asked for it"
    if not question.silent:
        return f"{what}: {count(question.answered, 'other peer')} answered, all within {took}"
    return (
        f"{what}: {question.answered:,} of {count(question.asked, 'other peer')} answered in"
        f" {took}; {', '.join(question.silent)} did not"
    )
