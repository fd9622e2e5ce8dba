"""What the driver of the overlay tells the peer that it is part of, and asks of it."""

from typing import TYPE_CHECKING, Protocol

from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.wire.messages import Ask, File, Gossip, Offers, Refuse, Revoked, Want
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from p2p_twisted.wire.connection import Connection

Compared = Revoked | Offers
"""What two that are neighbors compare with each other."""


class Events(Protocol):
    """What the overlay tells the peer, and asks of it."""

    def know(self, ask: Ask) -> "Deferred[LocalAnswer]":
        """Answer a query as far as this peer can."""

    def neighbor_up(self, address: PeerAddress, link: "Connection", offers: bool) -> None:
        """Handle a new link, whose other end has said that it compares ``offers``."""

    def neighbor_down(self, address: PeerAddress, has_died: bool) -> None:
        """Handle the end of a link; without a word when its neighbor ``has_died``."""

    def delivered(self, gossip: Gossip, link: "Connection | None", is_passed_on: bool) -> None:
        """
        Handle a broadcast that has come over a link, which may have ended.

        :param is_passed_on: whether others get it, too; otherwise there were too many.
        """

    def routed(self, message: Want | Refuse, link: "Connection") -> None:
        """Handle a message whose route ends here, and that came over a link."""

    def file_arrives(self, link: "Connection", file: File) -> None:
        """Handle a small file; its raw bytes follow on the link."""

    def compared(self, link: "Connection", message: Compared) -> None:
        """Handle what a neighbor knows of revocations, or of what is offered."""
