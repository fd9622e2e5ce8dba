"""The neighbors that keep queries waiting: one that was late is waited for only briefly."""

from typing import Final

from attrs import define, field

from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.wire.messages import Ask
from p2p_twisted.wire.names import MessageId

# With less time than this a neighbor may be late that only has many others behind it.
_FAIR_WAIT_SECONDS: Final = 1.5
_NO_QUERY: Final = ""


@define
class LateNeighbors:
    """
    Which neighbors were late the last time that they were asked.

    One that does not answer, or sends so much that it is read late, would otherwise keep back
    what all others answer, one query after another.
    """

    # By link: the query that was not answered in time, and until when it still may be.
    _late: dict[LinkId, tuple[MessageId, float]] = field(factory=dict)

    def __contains__(self, link: object) -> bool:
        return link in self._late

    def fell_behind(self, link: LinkId) -> bool:
        """
        Record that a neighbor sends more than it may, so that its answers are read late.

        :returns: whether it was not late before.
        """
        if link in self._late:
            return False
        self._late[link] = (_NO_QUERY, 0.0)
        return True

    def missed(self, link: LinkId, ask: Ask, deadline: float) -> None:
        """
        Record that a neighbor did not answer in time.

        :param deadline: of the query: one that answers until then was not late after all.
        """
        if link in self._late or ask.wait >= _FAIR_WAIT_SECONDS:
            self._late[link] = (ask.id, deadline)

    def answered(self, link: LinkId) -> None:
        """Record that a neighbor answered in time; also forget one that is gone."""
        self._late.pop(link, None)

    def answered_late(self, link: LinkId, id_: MessageId, now: float) -> None:
        """Record an answer to a query that no longer waited for it."""
        unanswered, until = self._late.get(link, (_NO_QUERY, 0.0))
        if id_ == unanswered and now <= until:
            self.answered(link)
