"""The present neighbors of a peer."""

from typing import Final

from attrs import frozen

from p2p_twisted.overlay.candidates import Why
from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.overlay.tree import TreeView
from p2p_twisted.wire.names import PeerAddress, PeerName

_YOUNG_SECONDS: Final = 60.0


@frozen
class Neighbor:
    """The peer at the other end of a link, since when, and whether we dialed it."""

    address: PeerAddress
    since: float
    is_dialed: bool


class Neighbors(dict[LinkId, Neighbor]):
    """The neighbors by their links, the oldest first."""

    def link_to(self, name: PeerName) -> LinkId | None:
        """Find the link to a neighbor."""
        for link, neighbor in self.items():
            if neighbor.address.name == name:
                return link
        return None

    def expendable(self, why: Why, tree: TreeView, now: float) -> list[LinkId]:
        """List the links that may make room: those outside the tree, if there are any."""
        lazy = [link for link in self if not tree.is_eager(link)]
        if why != "mix":
            return lazy or list(self)
        spare = lazy if tree.is_shaped else self
        return [link for link in spare if now - self[link].since >= _YOUNG_SECONDS]
