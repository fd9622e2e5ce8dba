"""Limit how often others change a peer's neighbors: a link costs its asker almost nothing."""

from typing import Final

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.events import LinkAsked
from p2p_twisted.overlay.neighbors import Neighbors
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.names import host_group, is_loopback

_MINUTE: Final = 60.0


@define
class Admission:
    """What may still be granted to each host; ``now`` is in seconds on the monotonic clock."""

    # The host that asked last is the last one; loopback, where all peers are, counts as one.
    _links: dict[str, TokenBucket] = field(factory=dict)
    _forced: list[tuple[float, str]] = field(factory=list)

    def grants(self, event: LinkAsked, links: Neighbors, is_full: bool, now: float) -> bool:
        """Return whether a peer may have a link; where none is free, another peer's."""
        # In this order: a peer that would be refused anyway takes nothing away from others.
        makes_room = not is_full or self._makes_room(event, links, now)
        return makes_room and self._takes(event.host, now)

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
        group = host_group(host)
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
