"""Limit how often others change a peer's neighbors: a link costs its asker almost nothing."""

from typing import Final

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.messages import Link
from p2p_twisted.wire.names import is_loopback

_MINUTE: Final = 60.0
_FORCED_LINKS_PER_MINUTE: Final = 10


@define
class Admission:
    """What may still be granted; ``now`` is in seconds on the monotonic clock."""

    _links: TokenBucket = field(
        factory=lambda: TokenBucket(limits.LINKS_TAKEN_PER_SECOND, limits.LINKS_TAKEN_BURST)
    )
    _forced: list[tuple[float, str]] = field(factory=list)

    def grants(self, asking: Link, host: str, is_full: bool, now: float) -> bool:
        """Return whether a peer may have a link; where none is free, another peer's."""
        # In this order: a peer that would be refused anyway takes nothing away from others.
        return (not is_full or self._makes_room(asking, host, now)) and self._links.take(now)

    def _makes_room(self, asking: Link, host: str, now: float) -> bool:
        """Return whether a full peer makes room; ten times a minute for each other host."""
        if asking.why != "mix" and not asking.alone:
            return False
        if is_loopback(host):
            return True
        self._forced = [(then, who) for then, who in self._forced if now - then < _MINUTE]
        self._forced.append((now, host))
        return sum(who == host for _, who in self._forced) <= _FORCED_LINKS_PER_MINUTE
