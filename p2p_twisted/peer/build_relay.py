"""Build how fast a peer sends and receives, and what of that it relays for others."""

from functools import cached_property

from attrs import frozen

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.download_network import DownloadNetwork
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.relays import Relays
from p2p_twisted.overlay.limits import LEAVES_MOST, LEAVES_MOST_FOR_ALL
from p2p_twisted.peer.build_registry import RegistryParts
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.relay.rate import relay_rate
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.wire.names import PeerName


@frozen(slots=False, kw_only=True)
class RelayParts(RegistryParts):
    """Makes what moves bytes, of this peer or of others."""

    @cached_property
    def bandwidth(self) -> Bandwidth:
        """How much may be sent and received."""
        return Bandwidth(self.reactor, self.settings.rates, self.settings.at_once)

    @property
    def relays_for_all(self) -> bool:
        """Whether its owner has said that it is to relay, and so not for its neighbors alone."""
        return bool(self.settings.relay)

    @property
    def leaves_most(self) -> int:
        """How many peers it is linked with that others cannot dial."""
        return LEAVES_MOST_FOR_ALL if self.relays_for_all else LEAVES_MOST

    def relaying_in(self, network: NetworkSession) -> Relaying:
        """Make what relays for neighbors; all of it is sent, and so keeps to what may be."""
        up = self.bandwidth.up

        def is_neighbor(name: PeerName, host: str) -> bool:
            return any((each.name, each.host) == (name, host) for each in network.neighbors)

        return Relaying(
            self.reactor,
            rate=lambda: relay_rate(self.settings.relay, up.rate),
            is_neighbor=is_neighbor,
            new_token=self.draw,
            up=up,
            for_all=self.relays_for_all,
        )

    def relays_by(self, network: DownloadNetwork, dialer: HolderDialer) -> Relays:
        """Make what has holders push through neighbors that relay."""
        return Relays(network=network, dialer=dialer, rng=self.rng)
