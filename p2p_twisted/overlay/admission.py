"""Limit how often others change a peer's neighbors: a link costs its asker almost nothing."""

from typing import Final

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.events import LinkAsked
from p2p_twisted.overlay.neighbors import Neighbors
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.messages import Bye
from p2p_twisted.wire.names import PeerAddress, host_group, is_loopback

_MINUTE: Final = 60.0


@define
class Admission:
    """What may still be granted to each host; ``now`` is in seconds on the monotonic clock."""

    # The host that asked last is the last one; loopback, where all peers are, counts as one.
    _links: dict[str, TokenBucket] = field(factory=dict)
    # By whom and for what kind of place: each kind has its own bound.
    _forced: list[tuple[float, tuple[str, bool]]] = field(factory=list)
    # Until when there is no link with a host, or with a name on loopback.
    _paused: dict[str, float] = field(factory=dict)

    def grants(self, event: LinkAsked, links: Neighbors, is_full: bool, now: float) -> bool:
        """Return whether a peer may have a link; where none is free, another peer's."""
        address = PeerAddress(event.asking.name, event.host, event.asking.port)
        if self.is_paused(address, now):
            return False
        # In this order: a peer that would be refused anyway takes nothing away from others.
        makes_room = not is_full or self._makes_room(event, links, now)
        return makes_room and self._takes(event.host, now)

    def ended(self, address: PeerAddress, bye: Bye, now: float) -> None:
        """Have no link for a while with a peer whose link was ended for abuse."""
        if bye.why != "abuse":
            return
        self._paused = {who: until for who, until in self._paused.items() if now < until}
        self._paused[_who(address)] = now + limits.ABUSE_PAUSE_SECONDS

    def is_paused(self, address: PeerAddress, now: float) -> bool:
        """Return whether there is to be no link with a peer now."""
        return now < self._paused.get(_who(address), now)

    def _makes_room(self, event: LinkAsked, links: Neighbors, now: float) -> bool:
        """Return whether a full peer makes room; once a minute for each other host."""
        asking, host = event.asking, event.host
        has_share = links.has_share(host)
        if links.is_crowded() and not has_share:
            return True
        if asking.why != "mix" and not asking.alone:
            return False
        if is_loopback(host) or has_share:
            # The link that goes is one of the same host.
            return True
        self._forced = [(then, who) for then, who in self._forced if now - then < _MINUTE]
        group = host_group(host), asking.closed
        if sum(who == group for _, who in self._forced) >= limits.LINKS_FORCED_PER_MINUTE:
            return False
        self._forced.append((now, group))
        return True

    def _takes(self, host: str, now: float) -> bool:
        group = "" if is_loopback(host) else host_group(host)
        bucket = self._links.pop(group, None)
        for idle, other in list(self._links.items()):
            if other.left(now) < other.burst:
                break
            del self._links[idle]
        if bucket is None:
            bucket = TokenBucket(limits.LINKS_TAKEN_PER_SECOND, limits.LINKS_TAKEN_BURST)
        self._links[group] = bucket
        return bucket.take(now)


def _who(address: PeerAddress) -> str:
    """Tell whom a pause is for: on loopback all peers have one host."""
    host = address.host
    return f"{address.name} of this machine" if is_loopback(host) else host_group(host)
