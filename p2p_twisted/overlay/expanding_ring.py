"""Ask ever more of the network, until the answer will do (an expanding ring search)."""

from collections.abc import Callable, Generator
from math import inf
from typing import Final

import attrs
from attrs import frozen

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.completeness import are_as_many
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.wire.messages import Ask
from p2p_twisted.wire.names import MessageId

# How far each ring goes, and how many round trips it is given for each hop: enough for most
# hits. To go on too early costs five to ten times as much as the ring before, and after the
# last one far more; to wait for the very last word delays what is rare.
_RINGS: Final = ((2, 0.9), (3, 1.1), (4, 1.2))
# Its answer tells whether that was all of the network, as it is with a few peers; of wider
# rings only hits matter, and the silence of all others saves half of the lines.
_TOLD_WHOLE: Final = 2
# How far a query fans out before it keeps to the tree: that takes off half of the time to
# a hit, for a seventh more lines.
_FANNED_HOPS: Final = 4
_FLOODS: Final = 3
# Of the time that one query has: whoever waits for longer is not asked to wait once more.
_LONG_SHARE: Final = 0.5


@frozen
class Step:
    """
    What to ask next.

    :ivar patience: how many round trips to wait for each hop: see ``Asked``.
    :ivar is_brief: whether others are waited for only briefly once somebody has all of it.
    """

    ask: Ask
    patience: float = inf
    is_brief: bool = False


def expanding_ring(
    ask: Ask,
    new_id: Callable[[], MessageId],
    again: bool = False,
    last: Answer | None = None,
    passed: Callable[[], float] = lambda: 0.0,
    *,
    is_near: bool = False,
) -> Generator[Step, Answer, bool]:
    """
    Ask near by first where one hit is enough, then along the tree, then by every link.

    :param ask: the query, for the whole network.
    :param again: whether it was asked of late, and will be once more: the peers near by were
        of no use, and no person waits.
    :param last: what was answered by every link of late: whoever was silent then, too, is not
        worth asking again, if all others answer; nor is anybody where in a very large network, of
        which nobody can tell, as many do.
    :param passed: returns how long the search has taken so far, in seconds: once every link was
        asked, a neighbor that is always slow to answer, and wrong, does not prolong it.
    :param is_near: whether anybody near by will do, be it one that has only some of it.
    :returns: yields what to ask next, and is sent the answer. Returns whether the last one is
        worth remembering as such.
    """
    is_quick = ask.what in ("name", "id") and (is_near or not again)

    def will_do(answer: Answer) -> bool:
        if is_near and answer.hits:
            return True
        # A partial holder may lack exactly the chunks that we need.
        return answer.is_whole or (is_quick and not all(hit.partial for hit in answer.hits))

    for hops, patience in _RINGS if is_quick else ():
        near = attrs.evolve(ask, id=new_id(), hops=hops, wait=limits.QUIET_ASK_SECONDS, tree=0)
        near = attrs.evolve(near, quiet=hops > _TOLD_WHOLE)
        answer = yield Step(near, patience)
        if will_do(answer):
            return False
    if is_quick:
        ask = attrs.evolve(ask, tree=ask.hops - _FANNED_HOPS)
    # What is looked for near by, and in vain, is rather asked of all: it says how many these are.
    is_brief = is_quick and not is_near
    answer = yield Step(ask, is_brief=is_brief)
    floods, most = 0, 1 if again else _FLOODS
    # Again where some were left out who are not silent: a link was lost on the way back.
    while not (will_do(answer) or _is_as_before(last, answer)) and floods < most:
        floods, before = floods + 1, answer
        by_all = attrs.evolve(ask, id=new_id(), tree=0, after=ask.id)
        answer = yield Step(by_all, is_brief=is_brief)
        if answer.silent or _is_wrong_again(before, answer) or passed() > _LONG_SHARE * ask.wait:
            break
    is_of_many = not answer.cut and are_as_many(answer.answered, answer.answered)
    return floods > 0 and (bool(answer.silent) or is_of_many)


def _is_as_before(last: Answer | None, answer: Answer) -> bool:
    """Return whether those are silent that were before, and all others answer."""
    if last is None or answer.cut:
        return False
    if not answer.silent:
        return not last.silent and are_as_many(answer.answered, last.answered)
    return set(answer.silent) <= set(last.silent) and answer.answered >= last.answered


def _is_wrong_again(before: Answer, answer: Answer) -> bool:
    """
    Return whether all answered, as many as before, and yet it does not fit.

    A link that was lost on the way back is not lost twice with as many peers behind it: a
    neighbor has the parity of its links wrong.
    """
    is_of_all = not (answer.is_whole or answer.silent or answer.cut or before.silent or before.cut)
    return is_of_all and answer.answered == before.answered
