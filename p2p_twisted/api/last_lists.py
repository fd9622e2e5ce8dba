"""Remember the last list that each caller was shown, so that a number in it can be chosen."""

from attrs import define, field

from p2p_twisted.api.api_errors import BadRequest
from p2p_twisted.api.limits import LIST_ROWS, LISTS_KEPT
from p2p_twisted.peer.hit_list import HitList
from p2p_twisted.wire.messages import Hit


@define
class LastLists:
    """Keeps one list per caller, and of very many callers the latest."""

    _lists: dict[int, HitList] = field(factory=dict, init=False)

    def new(self, caller: int) -> HitList:
        """Begin another list, in place of this caller's last one."""
        self._lists.pop(caller, None)
        while len(self._lists) >= LISTS_KEPT:
            del self._lists[next(iter(self._lists))]
        made = self._lists[caller] = HitList(LIST_ROWS)
        return made

    def chosen(self, caller: int, number: int) -> Hit:
        """
        Return what has a number in this caller's last list.

        :raises BadRequest: when nothing has.
        """
        last = self._lists.get(caller)
        if last is None:
            raise BadRequest("bad_request", "you were shown no list yet whose numbers to choose")
        hit = last.chosen(number)
        if hit is None:
            raise BadRequest("bad_request", f"there is no number {number} in your last list")
        return hit
