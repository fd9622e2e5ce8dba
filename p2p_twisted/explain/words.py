"""The sentences that say what limits a download; the console and the page show them as they are."""

from collections.abc import Sequence
from typing import Final

from p2p_twisted.explain.facts import Facts, HolderFacts, QuestionFacts
from p2p_twisted.runtime.amounts import count, human_size, human_time
from p2p_twisted.wire.firewall import firewall_ports, place
from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.names import PeerName

_NAMES_TOLD: Final = 10


def asked(holder: HolderFacts) -> str:
    """Name a holder, and the peer that might have answered in its name."""
    return asked_as(holder.holder, holder.via)


def asked_as(peer: str, via: str | None) -> str:
    """Do what :func:`asked` does."""
    return peer if via is None else f"{peer} (asked by way of {via})"


def named(holder: HolderFacts) -> str:
    """Name a holder that delivers; unless it has proven who it is, as :func:`asked` does."""
    return holder.holder if holder.is_proven else asked(holder)


# In such a state


def nothing(facts: Facts) -> str:
    """Say that it was quick."""
    return f"nothing held it up: it took {human_time(facts.seconds)}"


def paused(facts: Facts) -> str:
    """Say that it rests."""
    if facts.is_ended:
        return "it was paused for most of the time"
    return f"it is paused: resume {facts.number} goes on with it"


def blocked(facts: Facts) -> str:
    """Say that the disk is full."""
    if facts.is_ended:
        return "this peer's disk was full for most of the time"
    return f"this peer's disk: {facts.reason}; it goes on by itself when there is room"


def failed(facts: Facts) -> str:
    """Say why it failed."""
    return f"it failed: {facts.reason}"


def incomplete(facts: Facts) -> str:
    """Say what is missing, why, and what to do."""
    told = []
    for holder, names in facts.lacks:
        more = f" and {len(names) - _NAMES_TOLD:,} more" if names[_NAMES_TOLD:] else ""
        which = f"{', '.join(names[:_NAMES_TOLD])}{more}"
        if holder is None:
            told.append(f"nobody shares {which} any more: get it again once somebody does")
        else:
            told.append(f"{holder} has changed {which}: get it again to have it as it is now")
    return "; ".join([f"it is not complete, as {told[0]}", *told[1:]])


def canceled(facts: Facts) -> str:
    """Say that it was given up, and why, unless a person did that."""
    return f"it was canceled: {facts.reason}" if facts.reason else "it was canceled"


def queued(facts: Facts) -> str:
    """Say that it is not its turn."""
    verb = "waited" if facts.is_ended else "waits"
    return (
        f"it {verb} for other downloads of this peer: as many run as may at a time"
        " (--max-transfers)"
    )


def checking(facts: Facts) -> str:
    """Say that what an earlier run left is read."""
    return f"this peer's disk {_limits(facts)} it: what an earlier run has left is verified first"


def copying(facts: Facts) -> str:
    """Say that it is copied."""
    return f"this peer's disk {_limits(facts)} it: its content is here, and is copied"


def saving(facts: Facts) -> str:
    """Say that it is made safe."""
    return f"this peer's disk {_limits(facts)} it: all is there, and is being made safe on it"


def hashing(facts: Facts) -> str:
    """Say that its holder still hashes it."""
    assert facts.hashing is not None
    holder, percent = facts.hashing
    if facts.is_ended:
        return f"{holder} was hashing it for most of the time: it had no id before"
    return f"{holder} is still hashing it ({percent} %): it has no id before, and then it begins"


# While no holder delivers


def refuses(facts: Facts, holder: str, why: str) -> str:
    """Say what a holder says that does not serve it."""
    says = "said" if facts.is_ended else "says"
    if why == "busy":
        return f"{holder} has no place for one more upload: it {says} that it is busy"
    return f"{holder} does not serve it: it {says} {why!r}"


def misdated(peer: PeerName, why: str) -> str:
    """Say that a wrong clock keeps this peer and a holder apart."""
    return f"no connection comes about with {peer}: {why}"


def firewall(facts: Facts, peer: PeerName, via: str | None) -> str:
    """Say that neither side reaches the other."""
    address = next(each for each in facts.unreachable if each.name == peer)
    others = len(facts.unreachable) - 1
    more = f", nor {_others(others)}" if others else ""
    return (
        f"no connection comes about with {asked_as(place(address), via)}{more}: neither reaches"
        f" the other, as behind firewalls; let {firewall_ports(address)} in on one of the machines"
    )


def silent(facts: Facts, holder: HolderFacts) -> str:
    """Say that a holder has not delivered."""
    times = "" if holder.asked == 1 else f" {holder.asked} times"
    ended = "delivered" if facts.is_ended else "delivers"
    what = f"{ended} no more of it" if holder.received else "has not delivered"
    return f"{asked(holder)} was asked for it{times}, and {what}: {holder.last}"


def alone(facts: Facts, question: QuestionFacts) -> str:
    """Say that there is no other peer."""
    return f"no other peer {'was' if facts.is_ended else 'is'} asked: {question.alone}"


def nobody(facts: Facts, question: QuestionFacts) -> str:
    """Say that nobody has it."""
    has = "had" if facts.is_ended else "has"
    if question.answered == 1:
        told = "the only peer that answered does not"
    else:
        told = f"of {count(question.answered, 'peer')} that answered, none does"
    silent_ = f"; {count(len(question.silent), 'peer')} did not answer" if question.silent else ""
    return f"nobody else {has} it: {told}{silent_}"


def gone(facts: Facts, holder: HolderFacts, question: QuestionFacts) -> str:
    """Say that who has delivered some of it does not answer any more."""
    does = "did" if facts.is_ended else "does"
    return (
        f"{asked(holder)}, which has delivered some of it, {does} not answer, and"
        f" {nobody(facts, question)}"
    )


def search(facts: Facts) -> str:
    """Say that others are asked."""
    if facts.is_ended:
        return "holders of it were looked for and asked, for most of the time"
    return "holders of it are being looked for, and asked"


# While holders deliver


def own_limit(facts: Facts, share: float) -> str:
    """Say that this peer's own limit holds it up."""
    rate = "" if facts.limit is None else f" of {human_size(facts.limit)}/s"
    return (
        f"this peer's own --max-down{rate} {_limits(facts)} it:"
        f" {_most(share)} holders waited for that"
    )


def own_disk(facts: Facts, share: float) -> str:
    """Say that this peer's disk does."""
    return (
        f"this peer's disk {_limits(facts)} it: {_most(share)} holders waited until what had come"
        " was written"
    )


def own_processor(facts: Facts, share: float) -> str:
    """Say that this peer's processor does."""
    return (
        f"this peer's processor {_limits(facts)} it: {_most(share)} it received and hashed, or"
        " waited for a core"
    )


def partial(facts: Facts, delivering: Sequence[HolderFacts]) -> str:
    """Say that its holders have no more of it yet."""
    whose = _whose(delivering[0], len(delivering) - 1)
    has = "had" if facts.is_ended else "have" if delivering[1:] else "has"
    return (
        f"{whose} {has} no more of it to offer yet: it is still being downloaded there, or shared"
        " out among several"
    )


def holder_limit(facts: Facts, holder: HolderFacts, held: HeldUp, others: int) -> str:
    """Say that a holder's own limit does."""
    rate = "" if held.limit is None else f" of {human_size(held.limit)}/s"
    return (
        f"the --max-up{rate} of {named(holder)} {_limits(facts)} it, as {holder.holder} says"
        f"{_among(held)}{_more(facts, others)}"
    )


def holder_disk(facts: Facts, holder: HolderFacts, others: int) -> str:
    """Say that a holder's disk does."""
    return (
        f"the disk of {named(holder)} {_limits(facts)} it, as {holder.holder} says"
        f"{_more(facts, others)}"
    )


def relay(facts: Facts, holder: HolderFacts, relay_: PeerName, others: int) -> str:
    """Say that it comes through a third peer."""
    return (
        f"the relay {relay_} {_limits(facts)} it: neither {holder.holder} nor this peer reaches"
        f" the other, so all of it comes through {relay_}{_more(facts, others)}"
    )


def way(facts: Facts, holder: HolderFacts, held: HeldUp, others: int) -> str:
    """Say that the connection gives no more."""
    parts = [*_round_trip(holder, held)]
    if held.lost >= 0.0005:
        parts.append(f"{100 * held.lost:.1f} % of what {holder.holder} sends is lost")
    measured = ", ".join(parts)
    return (
        f"the way from {named(holder)} {_limits(facts)} it: one TCP connection gives no more"
        f"{' at ' if measured else ''}{measured}{_among(held)}{_more(facts, others)}"
    )


def holder_or_way(facts: Facts, holder: HolderFacts, others: int) -> str:
    """Say that it is not known which of the two."""
    round_trip = ", ".join(_round_trip(holder, None))
    at = f" ({round_trip})" if round_trip else ""
    return (
        f"{named(holder)}, or the way from it{at}, {_limits(facts)} it: this peer"
        f" {'waited' if facts.is_ended else 'waits'} for what comes from there, and"
        f" {holder.holder} does not say why{_more(facts, others)}"
    )


def _round_trip(holder: HolderFacts, held: HeldUp | None) -> list[str]:
    seconds = holder.round_trip or (held.round_trip if held is not None else None)
    return [] if seconds is None else [f"a round trip of {1000 * seconds:.3g} ms"]


def _among(held: HeldUp) -> str:
    return f", and it sends to {held.pushes} at a time" if held.pushes > 1 else ""


def _more(facts: Facts, others: int) -> str:
    """Say that there are other holders."""
    if not others:
        return ""
    deliver = "delivered" if facts.is_ended else "delivers" if others == 1 else "deliver"
    return f"; {_others(others)} {deliver} less"


def _others(number: int) -> str:
    return "one other" if number == 1 else f"{number:,} others"


def _whose(holder: HolderFacts, others: int) -> str:
    return f"{named(holder)} and {_others(others)}" if others else named(holder)


def _limits(facts: Facts) -> str:
    return "limited" if facts.is_ended else "limits"


def _most(share: float) -> str:
    return f"for {100 * min(share, 1.0):.0f} % of the time"
