"""What the API answers about why a download, or a question, goes as it does."""

from typing import Any

import attrs

from p2p_twisted.api.views import Count, Rate, Seconds, View
from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.explain.facts import HolderFacts, QuestionFacts


@attrs.frozen(kw_only=True)
class DiagnosisView(View):
    """
    What limits it.

    :ivar sentence: for people.
    :ivar peer: the peer that it is about, if it is about one.
    :ivar is_said: whether that peer says so, and this one can only see that it may be true.
    """

    cause: Cause
    sentence: str
    peer: str | None
    is_said: bool


@attrs.frozen(kw_only=True)
class WaitsView(View):
    """
    How the time of one holder's connections went by.

    :ivar seconds: for which they were open.
    :ivar limit: in which nothing was read, for the sake of this peer's own limit.
    :ivar disk: in which nothing was read until what had come was verified and written.
    :ivar idle: in which the holder was asked for nothing.
    :ivar received: bytes that have come.
    """

    seconds: Seconds
    limit: Seconds
    disk: Seconds
    idle: Seconds
    received: Count


@attrs.frozen(kw_only=True)
class HeldView(View):
    """
    What a holder says that holds it up.

    :ivar by: ``limit``, its own limit; ``disk``; ``way``, that the connection takes no more.
    :ivar limit: the most that it sends to all, in bytes a second.
    :ivar pushes: to how many it sends.
    :ivar lost: the share of what it sends that has to be sent again.
    :ivar ahead: whether it is said before it could be measured.
    """

    by: str
    limit: Count | None
    pushes: Count
    round_trip: Seconds | None
    lost: float
    ahead: bool


@attrs.frozen(kw_only=True)
class ExplainedHolderView(View):
    """
    What one holder has come to.

    :ivar via: the neighbor by way of which it was asked, where that is not the holder itself.
    :ivar is_proven: whether who delivers has proven to be the holder.
    :ivar how: the two reach each other.
    :ivar asked: how often it was asked.
    :ivar last: how that has ended last.
    :ivar received: verified bytes; ``share`` of all that has come.
    :ivar rate: of late, or over all of the time once it has ended.
    :ivar round_trip: of its connection; ``reordered`` is the share of packets out of order.
    """

    holder: str
    via: str | None
    is_proven: bool
    how: str
    asked: Count
    last: str
    received: Count
    share: float
    rate: Rate
    is_delivering: bool
    waits: WaitsView
    held: HeldView | None
    round_trip: Seconds | None
    reordered: float | None


@attrs.frozen(kw_only=True)
class NoteView(View):
    """
    Something that happened.

    :ivar at: seconds since the download began.
    :ivar times: how often in a row, ``until`` so many seconds.
    """

    at: Seconds
    text: str
    via: str | None
    times: Count
    until: Seconds | None


@attrs.frozen(kw_only=True)
class FirstHolderView(View):
    """A peer that had something, and how many seconds after the question that was known."""

    peer: str
    after: Seconds


@attrs.frozen(kw_only=True)
class ExplainedQuestionView(View):
    """
    A question to all other peers, or to one of them.

    :ivar what: as in the event ``question``.
    :ivar of: the only peer that was asked, if there is one.
    :ivar asked: how many peers, of which ``answered`` have.
    :ivar alone: why nobody could be asked, if so.
    :ivar seconds: how long it took; ``None`` while it goes on.
    :ivar holders: who had something first.
    """

    what: str
    text: str
    of: str | None
    asked: Count
    answered: Count
    hits: Count
    silent: tuple[str, ...]
    alone: str
    seconds: Seconds | None
    holders: tuple[FirstHolderView, ...]


@attrs.frozen(kw_only=True)
class ExplanationView(View):
    """
    What limits a download, or how a question was answered.

    :ivar number: of the download; 0 for a question.
    :ivar seconds: since it began, until it ended.
    :ivar window: how many seconds, up to now or its end, the diagnosis is about.
    :ivar notes: what happened, oldest first.
    :ivar question: who has it, as asked last; or the question itself.
    """

    number: Count
    name: str
    is_ended: bool
    seconds: Seconds
    window: Seconds
    diagnosis: DiagnosisView
    holders: tuple[ExplainedHolderView, ...]
    notes: tuple[NoteView, ...]
    question: ExplainedQuestionView | None


def explanation(of: Explanation) -> ExplanationView:
    """Describe an explanation."""
    return ExplanationView(
        number=of.number,
        name=of.name,
        is_ended=of.is_ended,
        seconds=of.seconds,
        window=of.window,
        diagnosis=DiagnosisView(**_fields(of.diagnosis)),
        holders=tuple(map(_holder, of.holders)),
        notes=tuple(NoteView(**_fields(each)) for each in of.notes),
        question=None if of.question is None else _question(of.question),
    )


def _holder(of: HolderFacts) -> ExplainedHolderView:
    held = None if of.held is None else HeldView(**_fields(of.held))
    waits = WaitsView(**_fields(of.waits))
    return ExplainedHolderView(
        **{**_fields(of), "waits": waits, "held": held, "rate": of.waits.rate}
    )


def _question(of: QuestionFacts) -> ExplainedQuestionView:
    holders = tuple(FirstHolderView(**_fields(each)) for each in of.holders)
    fields = _fields(of)
    del fields["at"]
    return ExplainedQuestionView(**{**fields, "holders": holders})


def _fields(of: Any) -> dict[str, Any]:
    return attrs.asdict(of, recurse=False)
