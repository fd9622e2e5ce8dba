"""Keep requests of requesters that could not be dialed, until they dial this peer themselves."""

from collections import Counter

from p2p_twisted.upload import limits
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Want
from p2p_twisted.wire.names import MessageId, PeerName


class AwaitedFetches:
    """
    Keeps each request for 5 s, and as many for each link that they came over.

    Times are in seconds on the monotonic clock.
    """

    def __init__(self) -> None:
        # With the times when they lapse, which come in the same order.
        self._wants: dict[MessageId, tuple[Want, float]] = {}
        self._by_link: Counter[PeerName | None] = Counter()

    def add(self, want: Want, now: float) -> bool:
        """Keep a request; return whether there was room for it."""
        self._forget_lapsed(now)
        link = _link(want)
        if want.ticket in self._wants or self._by_link[link] >= limits.FETCHES_AWAITED_PER_LINK:
            return False
        self._by_link[link] += 1
        self._wants[want.ticket] = want, now + wire_limits.FETCH_WITHIN_SECONDS
        return True

    def take(self, ticket: MessageId, now: float, shown: PeerName | None = None) -> Want | None:
        """
        Remove and return the request of a ticket; ``None`` where none is kept.

        :param shown: who names it, beyond doubt: for others it is kept.
        """
        self._forget_lapsed(now)
        want, _lapses = self._wants.get(ticket, (None, 0.0))
        if want is None or shown not in (None, want.name):
            return None
        return self._remove(ticket)

    def clear(self) -> None:
        """Forget all of them."""
        self._wants.clear()
        self._by_link.clear()

    def _forget_lapsed(self, now: float) -> None:
        while self._wants:
            ticket, (_want, lapses) = next(iter(self._wants.items()))
            if lapses > now:
                return
            self._remove(ticket)

    def _remove(self, ticket: MessageId) -> Want:
        want, _lapses = self._wants.pop(ticket)
        link = _link(want)
        self._by_link[link] -= 1
        if not self._by_link[link]:
            del self._by_link[link]
        return want


def _link(want: Want) -> PeerName | None:
    """Name the neighbor that a request came from, which the overlay has checked."""
    return want.via[-1] if want.via else None
