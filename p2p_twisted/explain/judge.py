"""
Decide what limits a download, from what was measured of it.

The time of a download goes by in one state or another, and while holders deliver each of its
connections either is not read, for a reason of this peer's own, or waits for what comes. The
largest share of the time decides. What only a holder can know counts where it fits what was
measured here, and where nobody can have said it in the holder's name.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Final

import attrs

from p2p_twisted.explain import question_words, words
from p2p_twisted.explain.diagnosis import Cause, Diagnosis
from p2p_twisted.explain.facts import (
    NOT_NEEDED,
    Facts,
    HolderFacts,
    OwnWork,
    QuestionFacts,
    Waits,
)
from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.reaching import through

_SHORT_SECONDS: Final = 0.5
# A limit is kept to within a tenth of a second, and what is measured lags behind.
_AROUND_LIMIT: Final = 1.3
_THROUGH: Final = through("")
_BUSY: Final = "busy"
_NO_FAULT: Final = ("", "complete", NOT_NEEDED)
"""How it has ended with a holder that did all it was asked for, or is still at it."""


def judge(facts: Facts) -> Diagnosis:
    """Say what limits a download now, or has limited it most where it has ended."""
    simple = _SIMPLE.get(facts.state)
    if simple is not None:
        cause, sentence = simple
        return Diagnosis(cause, sentence(facts))
    if not facts.is_ended:
        return _in_state(facts, facts.state)
    if facts.seconds < _SHORT_SECONDS:
        return Diagnosis(Cause.NOTHING, words.nothing(facts))
    longest = max(facts.seconds_in, key=lambda state: facts.seconds_in[state])
    return _in_state(facts, longest)


def judge_question(question: QuestionFacts) -> Diagnosis:
    """Say how a question was answered, and by whom not."""
    if question.seconds is None:
        return Diagnosis(Cause.SEARCH, question_words.asking())
    if question.alone:
        return Diagnosis(Cause.ALONE, question_words.unasked(question))
    silent = [name for name in question.silent if question.of in (None, name)]
    if silent:
        return Diagnosis(Cause.HOLDER_SILENT, question_words.answered(question), silent[0])
    cause = Cause.NOTHING if question.hits else Cause.NOBODY
    return Diagnosis(cause, question_words.answered(question))


def _in_state(facts: Facts, state: str) -> Diagnosis:
    simple = _IN_STATE.get(state)
    if simple is not None:
        cause, sentence = simple
        return Diagnosis(cause, sentence(facts))
    if state == "hashing" and facts.hashing is not None:
        return Diagnosis(Cause.HOLDER_HASHING, words.hashing(facts), facts.hashing[0])
    if state == "receiving":
        return _while_receiving(facts)
    return _none_delivers(facts)


_Sentence = Callable[[Facts], str]

# Of what has ended so, or goes on only when something is done.
_SIMPLE: Final[Mapping[str, tuple[Cause, _Sentence]]] = {
    "paused": (Cause.PAUSED, words.paused),
    "blocked": (Cause.BLOCKED, words.blocked),
    "failed": (Cause.FAILED, words.failed),
    "incomplete": (Cause.INCOMPLETE, words.incomplete),
    "canceled": (Cause.CANCELED, words.canceled),
}

_IN_STATE: Final[Mapping[str, tuple[Cause, _Sentence]]] = {
    **_SIMPLE,
    "queued": (Cause.OWN_QUEUE, words.queued),
    "checking": (Cause.OWN_DISK, words.checking),
    "copying": (Cause.OWN_DISK, words.copying),
    "saving": (Cause.OWN_DISK, words.saving),
}


# While no holder delivers


def _none_delivers(facts: Facts) -> Diagnosis:
    """Say why: what stands for longest comes last."""
    if facts.misdated:
        peer, why = facts.misdated[0]
        return Diagnosis(Cause.CLOCK, words.misdated(peer, why), peer)
    if facts.refused:
        # Those that were asked themselves come first: others may make up as many as they like.
        peer, why = min(facts.refused, key=lambda told: _is_by_another(facts, *told))
        named = words.asked_as(peer, _via(facts, peer, why))
        cause = Cause.HOLDER_BUSY if why == _BUSY else Cause.HOLDER_REFUSES
        return Diagnosis(cause, words.refuses(facts, named, why), peer, is_said=True)
    if facts.unreachable:
        peer = min(facts.unreachable, key=lambda address: _is_by_another(facts, address.name)).name
        return Diagnosis(Cause.FIREWALL, words.firewall(facts, peer, _via(facts, peer)), peer)
    silent = [each for each in facts.holders if each.asked and each.last not in _NO_FAULT]
    question = facts.question
    if question is not None and question.seconds is not None:
        if question.alone:
            return Diagnosis(Cause.ALONE, words.alone(facts, question))
        gone = [each for each in silent if each.received and each.holder in question.silent]
        if gone and not question.hits:
            sentence = words.gone(facts, gone[-1], question)
            return Diagnosis(Cause.HOLDER_SILENT, sentence, gone[-1].holder)
        if not question.hits:
            return Diagnosis(Cause.NOBODY, words.nobody(facts, question))
    if silent:
        # Who has failed last is tried again last.
        holder = silent[-1]
        return Diagnosis(Cause.HOLDER_SILENT, words.silent(facts, holder), holder.holder)
    return Diagnosis(Cause.SEARCH, words.search(facts))


# While holders deliver


@attrs.frozen
class _Shares:
    """What shares of the time of all connections went by how, from 0 to 1."""

    limit: float
    disk: float
    processor: float
    idle: float

    @property
    def rest(self) -> float:
        """In which what comes was waited for."""
        return max(0.0, 1.0 - self.limit - self.disk - self.processor - self.idle)


def _shares(waits: Waits, work: OwnWork, window: float) -> _Shares:
    seconds, watched = waits.seconds or 1.0, work.watched or window or 1.0
    at_disk = waits.disk / seconds
    # Who waits for what is hashed waits for a processor.
    chunks = min(at_disk, work.chunks / watched)
    processor = work.processor / work.watched if work.watched else 0.0
    return _Shares(
        waits.limit / seconds, at_disk - chunks, processor + chunks, waits.idle / seconds
    )


def _while_receiving(facts: Facts) -> Diagnosis:
    measured = [each for each in facts.holders if each.waits.seconds]
    if not measured:
        return _none_delivers(facts)
    # While it goes on, those that were lost limit nothing any more.
    there = [each for each in measured if each.is_delivering or each.last in _NO_FAULT]
    delivering = measured if facts.is_ended else there or measured
    shares = _shares(reduce(add, (each.waits for each in delivering)), facts.work, facts.window)
    most = max(attrs.astuple(shares))
    if shares.rest >= most:
        return _about_holder(facts, max(delivering, key=_weight), delivering)
    if shares.limit == most:
        return Diagnosis(Cause.OWN_LIMIT, words.own_limit(facts, shares.limit))
    if shares.disk == most:
        return Diagnosis(Cause.OWN_DISK, words.own_disk(facts, shares.disk))
    if shares.processor == most:
        return Diagnosis(Cause.OWN_PROCESSOR, words.own_processor(facts, shares.processor))
    holder = max(delivering, key=_weight)
    return Diagnosis(Cause.HOLDER_PARTIAL, words.partial(facts, delivering), holder.holder)


def _weight(holder: HolderFacts) -> tuple[int, float]:
    return holder.waits.received, holder.waits.seconds


def _about_holder(
    facts: Facts, holder: HolderFacts, delivering: Sequence[HolderFacts]
) -> Diagnosis:
    """Say what of the way from the holder that delivers most holds it up."""
    held, others = _believable(holder), len(delivering) - 1
    if holder.how.startswith(_THROUGH) and (not holder.is_proven or _is_way(held)):
        # Unless what comes is encrypted from end to end, the relay may say anything, too.
        relay = holder.how.removeprefix(_THROUGH)
        return Diagnosis(Cause.RELAY, words.relay(facts, holder, relay, others), relay)
    if held is not None and held.by == "limit":
        sentence = words.holder_limit(facts, holder, held, others)
        return Diagnosis(Cause.HOLDER_LIMIT, sentence, holder.holder, is_said=True)
    if held is not None and held.by == "disk":
        sentence = words.holder_disk(facts, holder, others)
        return Diagnosis(Cause.HOLDER_DISK, sentence, holder.holder, is_said=True)
    if held is not None and held.by == "way":
        return Diagnosis(Cause.WAY, words.way(facts, holder, held, others), holder.holder)
    sentence = words.holder_or_way(facts, holder, others)
    return Diagnosis(Cause.HOLDER_OR_WAY, sentence, holder.holder)


def _is_way(held: HeldUp | None) -> bool:
    """Return whether a holder sends all that the connection takes, as far as it says anything."""
    return held is None or held.by == "way"


def _believable(holder: HolderFacts) -> HeldUp | None:
    """Return what a holder says of itself, unless what was measured here is against it."""
    held = holder.held
    if held is None or held.by != "limit":
        return held
    rate = holder.waits.rate
    if held.limit is None or rate > _AROUND_LIMIT * held.limit:
        return None
    is_slower = rate * held.pushes * _AROUND_LIMIT < held.limit
    return None if held.ahead and is_slower else held


def _via(facts: Facts, peer: PeerName, said: str | None = None) -> str | None:
    """
    Name who might have answered in a peer's name; ``None`` where it was asked itself.

    :param said: what the answer was.
    """
    asked = [each for each in facts.holders if each.holder == peer]
    if said is not None:
        asked = [each for each in asked if said.startswith(each.last)] or asked
    ways = [each.via for each in asked]
    # Of many that one neighbor has named, not all are kept.
    return None if None in ways else ways[-1] if ways else "a neighbor"


def _is_by_another(facts: Facts, peer: PeerName, said: str | None = None) -> bool:
    """Return whether another peer might have answered in a peer's name: then it comes last."""
    return _via(facts, peer, said) is not None
