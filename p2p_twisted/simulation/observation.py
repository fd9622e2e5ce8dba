"""What one can be told of while peers are simulated."""

from p2p_twisted.wire.messages import Message
from p2p_twisted.wire.names import PeerName


class Observer:
    """Is told what happens, and makes nothing of it; others override what they want to know."""

    def sent(self, message: Message, to: PeerName, at: float) -> None:
        """A peer has sent another one a line, which arrives at that time."""

    def linked(self, peer: PeerName, neighbor: PeerName) -> None:
        """A peer has a new link; its neighbor, at the other end, says so itself."""

    def unlinked(self, peer: PeerName, neighbor: PeerName) -> None:
        """A peer has a link no more."""
