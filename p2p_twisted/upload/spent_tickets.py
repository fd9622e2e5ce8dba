"""Remember the tickets that came, as each is good for one dial only."""

from p2p_twisted.upload import limits
from p2p_twisted.wire.names import MessageId


class SpentTickets:
    """The newest tickets of requests; the oldest are forgotten."""

    def __init__(self) -> None:
        # In the order of arrival.
        self._tickets: dict[MessageId, None] = {}

    def spend(self, ticket: MessageId) -> bool:
        """Record a ticket; return whether it is new."""
        if ticket in self._tickets:
            return False
        self._tickets[ticket] = None
        if len(self._tickets) > limits.TICKETS_REMEMBERED:
            del self._tickets[next(iter(self._tickets))]
        return True
