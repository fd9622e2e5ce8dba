"""What tests know of a peer that nobody else needs to."""

from collections.abc import Callable

from typing_extensions import override

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.overlay import Overlay
from p2p_twisted.peer.peer import Peer
from p2p_twisted.wire.messages import Gossip
from p2p_twisted.wire.names import PeerAddress


class WitnessedPeer(Peer):
    """
    A peer that lets one see what is delivered to it.

    :ivar witness: is given each broadcast that comes to what runs on the overlay.
    """

    witness: Callable[[Gossip], None]

    @override
    async def join(self) -> PeerAddress:
        me = await super().join()
        node = node_of(self)
        assert node is not None
        events = node._events
        deliver = events.delivered

        def delivered(gossip: Gossip) -> None:
            self.witness(gossip)
            deliver(gossip)

        events.delivered = delivered  # type: ignore[method-assign]
        return me


def close_files(peer: Peer) -> None:
    """Close what a killed process had open, as the system does."""
    peer.state.close()
    peer._earlier.stop()
    for library in peer._holdings._libraries:
        library._scanner.close()


def node_of(peer: Peer) -> OverlayDriver | None:
    """Find a peer's part of the overlay, once it has joined."""
    return peer._presence.node


def overlay_of(peer: Peer) -> Overlay | None:
    """Find a peer's machines, once it has joined."""
    node = node_of(peer)
    return None if node is None else node._overlay
