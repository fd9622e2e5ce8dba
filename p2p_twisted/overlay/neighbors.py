"""The present neighbors of a peer, and which of them may make room for another one."""

from collections import Counter
from math import inf
from typing import Final

import attrs
from attrs import frozen

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.candidates import Why
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.overlay.tree import TreeView
from p2p_twisted.wire.names import PeerAddress, PeerName, host_group, is_loopback

_YOUNG_SECONDS: Final = 60.0
_NEW_SECONDS: Final = 0.25


@frozen
class Neighbor:
    """
    The peer at the other end of a link.

    :ivar since: when the link began, in seconds on the monotonic clock.
    :ivar is_dialed: whether we dialed it.
    :ivar is_verified: whether a peer of that name has greeted us at that address: until then
        both are mere claims of whoever asked for the link.
    :ivar is_leaf: whether it says that others cannot dial it, and has one of the places for such.
    :ivar was_alone: whether it had no other link when it asked for this one.
    :ivar is_checked: whether it was dialed to see that.
    :ivar rival: where somebody else claims to be that peer, while that is looked into.
    :ivar rival_since: when that last began.
    """

    address: PeerAddress
    since: float
    is_dialed: bool = False
    is_verified: bool = False
    is_leaf: bool = False
    was_alone: bool = False
    is_checked: bool = False
    rival: PeerAddress | None = None
    rival_since: float = -inf

    def is_doubtful(self, now: float) -> bool:
        """Return whether its name and address may be made up: it is new, or nobody is there."""
        is_new = now - self.since < _NEW_SECONDS
        return not self.is_verified and (is_new or self.is_checked)


class Neighbors(dict[LinkId, Neighbor]):
    """The neighbors by their links, the oldest first."""

    @property
    def core(self) -> "Neighbors":
        """Those with peers that others can dial, as far as these know."""
        return Neighbors({link: each for link, each in self.items() if not each.is_leaf})

    @property
    def leaves(self) -> "Neighbors":
        """Those with peers that others cannot dial."""
        return Neighbors({link: each for link, each in self.items() if each.is_leaf})

    def link_to(self, name: PeerName) -> LinkId | None:
        """Find the link to a neighbor."""
        for link, neighbor in self.items():
            if neighbor.address.name == name:
                return link
        return None

    def verify(self, address: PeerAddress) -> None:
        """Record that the peer of an address has greeted us there."""
        for link, neighbor in self.items():
            if neighbor.address == address:
                self[link] = attrs.evolve(neighbor, is_verified=True, rival=None)

    def to_check(self) -> list[PeerAddress]:
        """List, once, the addresses at which no peer has greeted us yet, but one might."""
        claimed = [(link, each) for link, each in self.core.items() if not each.is_verified]
        unchecked = [(link, each) for link, each in claimed if not each.is_checked]
        for link, neighbor in unchecked:
            self[link] = attrs.evolve(neighbor, is_checked=True)
        return [neighbor.address for _, neighbor in unchecked]

    def has_share(self, host: str) -> bool:
        """Return whether a host has as many links as it may keep from others."""
        return self._per_host()[host_group(host)] >= limits.LINKS_PER_HOST

    def is_crowded(self) -> bool:
        """Return whether a host has more links than that."""
        return any(count > limits.LINKS_PER_HOST for count in self._per_host().values())

    def expendable(self, why: Why, tree: TreeView, now: float, host: str | None) -> list[LinkId]:
        """
        List the links that may make room: those outside the tree, if there are any.

        For a stranger the first link that we dialed ourselves is not among them, so that nobody
        can cut us off; and what may be made up goes before all else, the youngest first:
        otherwise whoever asks again and again would have all links in the end.

        :param host: from where a stranger asks for a link; ``None`` for one of our own.
        """
        if host is None:
            return self._least_useful(list(self), why, tree, now)
        kept = next((link for link, neighbor in self.items() if neighbor.is_dialed), None)
        pool = [link for link in self._of_crowded_hosts(host) if link != kept]
        claims = [link for link in pool if self[link].is_doubtful(now)]
        if why == "mix" or not claims:
            return self._least_useful(pool, why, tree, now)
        return claims[-1:]

    def _least_useful(
        self, pool: list[LinkId], why: Why, tree: TreeView, now: float
    ) -> list[LinkId]:
        lazy = [link for link in pool if not tree.is_eager(link)]
        if why != "mix":
            return lazy or pool
        spare = lazy if tree.is_shaped else pool
        return [link for link in spare if now - self[link].since >= _YOUNG_SECONDS]

    def _of_crowded_hosts(self, host: str) -> list[LinkId]:
        """List the links that go first: a host with enough of them makes room for its own."""
        per_host, own = self._per_host(), host_group(host)
        groups = {link: host_group(neighbor.address.host) for link, neighbor in self.items()}
        if per_host[own] >= limits.LINKS_PER_HOST:
            return [link for link, group in groups.items() if group == own]
        crowded = [
            link for link, group in groups.items() if per_host[group] > limits.LINKS_PER_HOST
        ]
        return crowded or list(self)

    def _per_host(self) -> "Counter[str]":
        """Count the links with each host; on loopback all peers have one, which is not counted."""
        hosts = (neighbor.address.host for neighbor in self.values())
        return Counter(host_group(host) for host in hosts if not is_loopback(host))
