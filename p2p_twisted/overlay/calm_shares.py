"""Share out what neighbors accept of broadcasts that no network waits for."""

from typing import Final

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.limits import LINKS_MOST
from p2p_twisted.wire.messages import Gossip

# Kinds of broadcasts for which a whole network may have to wait.
_PRESSING: Final = ("stop", "revoke")
# What is never passed on for others, and what is only for those that have had less than their
# share; who comes first may have what is beyond that.
_FOR_OWN: Final = 10
_FOR_SHARES: Final = 20


def is_calm(gossip: Gossip) -> bool:
    """Return whether nobody waits for a broadcast, so that there are not to be many."""
    return gossip.kind not in _PRESSING


def calm_allowance() -> TokenBucket:
    """Return what a peer accepts of these from a neighbor, and so what it sends to one."""
    return TokenBucket(limits.CALM_GOSSIP_PER_SECOND, limits.CALM_GOSSIP_BURST)


@define
class CalmShares:
    """
    Decides which broadcasts a peer passes on, so that it sends no more than neighbors accept.

    Otherwise one neighbor that broadcasts without end would use up what they accept, and they
    would not hear what this peer says itself, or what comes from its other neighbors.
    """

    _left: TokenBucket = field(factory=calm_allowance)
    _shares: dict[LinkId, TokenBucket] = field(factory=dict)

    def neighbor_up(self, link: LinkId) -> None:
        """Give a new neighbor its share."""
        self._shares[link] = TokenBucket(limits.CALM_GOSSIP_PER_SECOND, _FOR_SHARES)

    def neighbor_down(self, link: LinkId) -> None:
        """Forget a neighbor."""
        self._shares.pop(link, None)

    def said(self, gossip: Gossip, now: float) -> None:
        """Record what this peer broadcasts itself."""
        if is_calm(gossip):
            self._left.left(now)
            self._left.spend(1)

    def take(self, link: LinkId, gossip: Gossip, now: float) -> bool:
        """Return whether what a neighbor has sent is to be passed on."""
        if not is_calm(gossip):
            return True
        left, share = self._left.left(now), self._shares[link]
        if share.left(now) > 0 and left > _FOR_OWN:
            # Of so many neighbors each has an equal part of the rate.
            share.spend(max(LINKS_MOST, len(self._shares)))
        elif left <= _FOR_OWN + _FOR_SHARES:
            return False
        self._left.spend(1)
        return True
