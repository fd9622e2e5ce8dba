"""The neighbors that keep queries waiting: one that was late is waited for only briefly."""

from collections import Counter
from typing import Final

from attrs import define, field

from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.wire.messages import Ask
from p2p_twisted.wire.names import MessageId

# With less time than this a neighbor may be late that only has many others behind it.
_FAIR_WAIT_SECONDS: Final = 1.5
_NO_QUERY: Final = ""
# What a neighbor owes that was late. Each answer in time pays for one, so that whoever is late
# every other time owes ever more; but whoever was late for long is soon forgiven, too.
_OWED_FOR_LATE: Final = 2
_OWED_MOST: Final = 6
_FORGIVEN_SECONDS: Final = 60.0


@define
class LateNeighbors:
    """
    Which neighbors were late when they were asked last, or again and again.

    One that does not answer, or sends so much that it is read late, would otherwise keep back
    what all others answer, one query after another.

    :ivar silent: those that do not answer pings, either: they are not asked.
    """

    silent: set[LinkId] = field(factory=set)

    # By link: how many answers in time it takes until it counts as never late.
    _owed: "Counter[LinkId]" = field(factory=Counter)
    # By link: the last query that was not answered in time, and until when it still may be.
    _missed: dict[LinkId, tuple[MessageId, float]] = field(factory=dict)
    # By link: when it answered after all what it had been late with last.
    _back_at: dict[LinkId, float] = field(factory=dict)

    def __contains__(self, link: object) -> bool:
        return isinstance(link, LinkId) and self._owed[link] >= _OWED_FOR_LATE

    def fell_behind(self, link: LinkId) -> bool:
        """
        Record that a neighbor sends more than it may: what it answers stands behind all that.

        :returns: whether it was not late before.
        """
        if link in self:
            return False
        self._owe(link)
        return True

    def fell_silent(self, link: LinkId, is_silent: bool) -> None:
        """Record that a neighbor does not answer a ping, or does after all."""
        (self.silent.add if is_silent else self.silent.discard)(link)

    def missed(self, link: LinkId, ask: Ask, deadline: float) -> None:
        """
        Record that a neighbor did not answer in time.

        :param deadline: of the query: one that answers until then was not late after all.
        """
        if link in self or ask.wait >= _FAIR_WAIT_SECONDS:
            self._owe(link)
            self._missed[link] = (ask.id, deadline)

    def answered(self, link: LinkId) -> None:
        """Record that a neighbor answered in time."""
        self._pay(link, 1)

    def answered_late(self, link: LinkId, id_: MessageId, now: float) -> None:
        """Record an answer to a query that no longer waited for it."""
        unanswered, until = self._missed.get(link, (_NO_QUERY, 0.0))
        if id_ != unanswered:
            return
        del self._missed[link]
        self._back_at[link] = now
        if now <= until:
            # It did not miss it after all.
            self._pay(link, _OWED_FOR_LATE + 1)

    def forgive(self, now: float) -> None:
        """
        Forget what those owe that came back a minute ago, and were not late since.

        Where nobody asks, nobody can answer in time: whoever once was away for some seconds, and
        has many others behind it, would be waited for too briefly for ever. One that never
        answers does not come back, and one that is always late does so once a minute at most.
        """
        for link, since in list(self._back_at.items()):
            if now >= since + _FORGIVEN_SECONDS:
                del self._back_at[link], self._owed[link]

    def forget(self, link: LinkId) -> None:
        """Forget a neighbor that is gone."""
        del self._owed[link]
        self.silent.discard(link)
        self._missed.pop(link, None)
        self._back_at.pop(link, None)

    def _owe(self, link: LinkId) -> None:
        self._back_at.pop(link, None)
        self._owed[link] = min(self._owed[link] + _OWED_FOR_LATE, _OWED_MOST)

    def _pay(self, link: LinkId, answers: int) -> None:
        self._owed[link] = max(self._owed[link] - answers, 0)
