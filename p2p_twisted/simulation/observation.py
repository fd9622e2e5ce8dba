"""What the simulator tells while it runs."""

from p2p_twisted.wire.messages import Message
from p2p_twisted.wire.names import PeerName


class Observer:
    """Ignores what happens; subclasses override what they want to know."""

    def sent(self, message: Message, to: PeerName, at: float) -> None:
        """Handle a line that a peer has sent, and that arrives at that time."""

    def linked(self, peer: PeerName, neighbor: PeerName) -> None:
        """Handle a peer's new link; its neighbor, at the other end, tells of it, too."""

    def unlinked(self, peer: PeerName, neighbor: PeerName) -> None:
        """Handle the end of a peer's link."""
