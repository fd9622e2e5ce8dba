"""Keep requests of requesters that could not be dialed, until they dial this peer themselves."""

from collections import Counter

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from p2p_twisted.upload import limits
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Want
from p2p_twisted.wire.names import MessageId, PeerName


class AwaitedFetches:
    """Keeps each request for 5 s, and as many for each link that they came over."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._wants: dict[MessageId, tuple[Want, IDelayedCall]] = {}
        self._by_link: Counter[PeerName | None] = Counter()

    def add(self, want: Want) -> bool:
        """Keep a request; return whether there was room for it."""
        link = _link(want)
        if want.ticket in self._wants or self._by_link[link] >= limits.FETCHES_AWAITED_PER_LINK:
            return False
        self._by_link[link] += 1
        lapse = self._clock.callLater(wire_limits.FETCH_WITHIN_SECONDS, self.take, want.ticket)
        self._wants[want.ticket] = want, lapse
        return True

    def take(self, ticket: MessageId) -> Want | None:
        """Remove and return the request of a ticket; ``None`` where none is kept."""
        want, lapse = self._wants.pop(ticket, (None, None))
        if want is None or lapse is None:
            return None
        if lapse.active():
            lapse.cancel()
        link = _link(want)
        self._by_link[link] -= 1
        if not self._by_link[link]:
            del self._by_link[link]
        return want

    def clear(self) -> None:
        """Forget all of them."""
        for ticket in list(self._wants):
            self.take(ticket)


def _link(want: Want) -> PeerName | None:
    """Name the neighbor that a request came from, which the overlay has checked."""
    return want.via[-1] if want.via else None
