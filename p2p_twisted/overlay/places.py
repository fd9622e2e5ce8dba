"""
The places that a peer has for links, and which of them may be freed for another link.

There are some for peers that others can dial, the core of the network, and more for those that
others cannot: the latter are leaves, which find neighbors nowhere else.
"""

from collections import Counter
from typing import Final

from attrs import define, frozen

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.candidates import Why
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.overlay.events import LinkAsked
from p2p_twisted.overlay.neighbors import Neighbors
from p2p_twisted.overlay.tree import TreeView
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.names import host_group

_SETTLED_SECONDS: Final = 60.0


@frozen
class Room:
    """
    The places for links of one kind.

    :ivar taken: the links that have one.
    :ivar most: how many places there are.
    :ivar pool: the links of which one makes room, if need be.
    """

    taken: Neighbors
    most: int
    pool: list[LinkId]

    @property
    def is_full(self) -> bool:
        """Whether no place is free."""
        return len(self.taken) >= self.most

    @property
    def is_barred(self) -> bool:
        """Whether no place is free, nor can be."""
        return self.is_full and not self.pool


@define
class Places:
    """
    The places of one peer; ``now`` is in seconds on the monotonic clock.

    :param tree: which links are worth the most.
    :ivar leaves_most: how many peers it takes that others cannot dial.
    """

    _links: Neighbors
    _tree: TreeView
    leaves_most: int = limits.LEAVES_MOST

    def for_core(self, why: Why, is_idle: bool, now: float, host: str | None = None) -> Room:
        """
        Look for a place for a peer that others can dial.

        :param is_idle: whether no query is under way whose answer could be lost with a link.
        :param host: from where it asks for the link; absent where we have dialed.
        """
        core = self._links.core
        may_wait = why == "mix" and not is_idle
        pool = [] if may_wait else core.expendable(why, self._tree, now, host)
        return Room(core, wire_limits.LINKS_MOST, pool)

    def for_asking(self, event: LinkAsked, is_idle: bool, now: float) -> Room:
        """Look for a place for a peer that asks for a link."""
        asking = event.asking
        if not asking.closed:
            return self.for_core(asking.why, is_idle, now, event.host)
        leaves = self._links.leaves
        return Room(leaves, self.leaves_most, _expendable(leaves, event.host, asking.alone, now))


def _expendable(leaves: Neighbors, host: str, alone: bool, now: float) -> list[LinkId]:
    """
    List the leaves of which one may make room for another.

    Hosts share the places evenly: the one that has the most gives way. Otherwise only a peer
    without any link gets another's place: one of its own host, if that has any, and that of a
    peer which had other links, if there is one. So many behind one NAT neither keep others out
    nor are kept out, and each of them has one link before another has two.
    """
    groups = {link: host_group(leaf.address.host) for link, leaf in leaves.items()}
    per_host, own = Counter(groups.values()), host_group(host)
    most = max(per_host.values(), default=0)
    is_uneven = most > per_host[own] + 1
    if not (is_uneven or alone):
        return []
    if is_uneven:
        pool = [link for link, group in groups.items() if per_host[group] == most]
    else:
        pool = [link for link, group in groups.items() if group == own] or list(leaves)
    spare = [link for link in pool if not leaves[link].was_alone]
    # Where there are not enough places for all, they take turns, and not every moment.
    settled = [link for link in pool if now - leaves[link].since >= _SETTLED_SECONDS]
    return spare or (pool if is_uneven else settled)
