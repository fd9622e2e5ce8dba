"""Decide of whom to ask a chunk that is pending at others, or that somebody waits for."""

from collections import Counter
from collections.abc import Collection
from typing import Final

from p2p_twisted.picker.holder import Holder

_WORTH_TWICE: Final = 2.0


def pending_at_slower(holders: Collection[Holder], holder: Holder, now: float) -> list[int]:
    """Choose the pending chunk expected last, if one holder would deliver it much earlier."""
    owers = Counter(index for other in holders for index in other.pending)
    waits = (
        (other.seconds_until(position, now), index)
        for other in holders
        for position, index in enumerate(other.pending)
        if owers[index] == 1 and holder.may_have(index)
    )
    seconds, index = max(waits, default=(0.0, 0))
    return [index] if seconds > _WORTH_TWICE * holder.chunk_seconds else []


def is_due(index: int, holders: Collection[Holder], holder: Holder, now: float) -> bool:
    """
    Return whether to ask a holder for a missing chunk that somebody waits for.

    It is asked for a copy of what is pending elsewhere if that is expected much later; and for
    what nobody was asked for unless another one is much faster.
    """
    if index in holder.pending or not holder.may_have(index):
        return False
    others = [each for each in holders if not each.is_snubbed and each.may_have(index)]
    owing = [each for each in others if index in each.pending]
    if not owing:
        fastest = min((each.chunk_seconds for each in others), default=holder.chunk_seconds)
        return holder.chunk_seconds <= _WORTH_TWICE * fastest
    seconds = owing[0].seconds_until(list(owing[0].pending).index(index), now)
    return len(owing) == 1 and seconds > _WORTH_TWICE * holder.chunk_seconds
