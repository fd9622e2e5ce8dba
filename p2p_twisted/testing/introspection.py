"""What tests see of a peer from inside."""

from collections.abc import Callable

from attrs import define
from typing_extensions import override

from p2p_twisted.overlay.driver import OverlayDriver
from p2p_twisted.overlay.overlay import Overlay
from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.overlay_events import OverlayEvents
from p2p_twisted.peer.peer import Peer
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Gossip


@define(eq=False, kw_only=True)
class WitnessedEvents(OverlayEvents):
    """Shows each broadcast to a witness before it passes it on."""

    witness: Callable[[Gossip], None]

    @override
    def delivered(self, gossip: Gossip, link: Connection | None, is_passed_on: bool) -> None:
        self.witness(gossip)
        super().delivered(gossip, link, is_passed_on)


class UnmovedWatch(AddressWatch):
    """Looks at nothing: the machines of a virtual network keep their addresses."""

    @override
    def start(self, moved: Callable[[str], None], lost: Callable[[str | None], None]) -> None:
        """Ignore it."""


def close_files(peer: Peer) -> None:
    """Close what a killed process had open, as the system does."""
    peer.state.close()
    peer._local._earlier.stop()
    for library in peer._shared._libraries:
        library._scanner.close()


def driver_of(peer: Peer) -> OverlayDriver | None:
    """Find a peer's part of the overlay, once it has joined."""
    network = peer._network
    return None if network.address is None else network.driver


def overlay_of(peer: Peer) -> Overlay | None:
    """Find a peer's machines, once it has joined."""
    driver = driver_of(peer)
    return None if driver is None else driver._overlay
