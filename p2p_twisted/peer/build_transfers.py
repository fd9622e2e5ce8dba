"""Build what a peer finds, fetches and sends: its searches, and transfers in both directions."""

from functools import cached_property

from attrs import frozen

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.download.context import (
    DownloadContext,
    DownloadDisk,
    DownloadPeers,
    LocalSources,
)
from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.relays import Relays
from p2p_twisted.download.tickets import Tickets
from p2p_twisted.peer.build_local import LocalParts
from p2p_twisted.peer.build_network import NetworkParts
from p2p_twisted.peer.group_visits import GroupVisits
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.peer.searches import Searches
from p2p_twisted.peer.unreached import UnreachedRequesters
from p2p_twisted.relay.rate import relay_rate
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.runtime.gate import Gate
from p2p_twisted.storage.journal import Journal
from p2p_twisted.upload.pushes import Pushes
from p2p_twisted.upload.readers import Readers
from p2p_twisted.upload.uploads import Uploads
from p2p_twisted.wire.names import PeerName


@frozen(slots=False)
class TransferParts:
    """Makes what asks others for content and moves its bytes, each part once."""

    context: PeerContext
    local: LocalParts
    network: NetworkParts

    @cached_property
    def bandwidth(self) -> Bandwidth:
        """How much may be sent and received."""
        context, settings = self.context, self.context.settings
        return Bandwidth(context.reactor, settings.rates, settings.at_once)

    @cached_property
    def searches(self) -> Searches:
        """Questions to others."""
        return Searches(self.network.session, self.local.questions, self._visits)

    @cached_property
    def _visits(self) -> GroupVisits | None:
        """Questions to those who share with groups."""
        if not self.context.groups:
            return None
        return GroupVisits(
            clock=self.context.reactor,
            dialer=self._holder_dialer,
            groups=self.context.groups,
            take_push=lambda *pushed: self.tickets.session_for_push(*pushed),
            refused=lambda refuse: self.tickets.refused(refuse),
        )

    @cached_property
    def _holder_dialer(self) -> HolderDialer:
        """What opens connections to those that push."""
        network, name = self.network, self.context.settings.network
        return HolderDialer(network.dialer, name, network.session.may_dial, network.dials)

    @cached_property
    def tickets(self) -> Tickets:
        """What holders were asked for."""
        context, searches, dialer = self.context, self.searches, self._holder_dialer
        return Tickets(
            context.reactor,
            searches,
            context.draw,
            self.bandwidth.down,
            dialer,
            relays=Relays(network=searches, dialer=dialer, rng=context.rng),
        )

    @cached_property
    def joined(self) -> Gate:
        """What holds all back that asks others, until this peer is in its network."""
        return Gate()

    @cached_property
    def downloads(self) -> Downloads:
        """What is wanted from others."""
        context, local, disks = self.context, self.local, self.context.disks
        journal = Journal(local.state.folder.below("wants"))
        return Downloads(
            DownloadContext(
                clock=context.reactor,
                rng=context.rng,
                disk=DownloadDisk(
                    local.inbox, journal, context.offload, disks.writing, disks.parallel_map
                ),
                peers=DownloadPeers(self.searches, self.tickets),
                bandwidth=self.bandwidth,
                local=LocalSources(local.content, local.partials, local.seeding),
                processor=context.core_wanted,
                has_next_run=context.settings.has_next_run,
                joined=self.joined,
            )
        )

    @cached_property
    def uploads(self) -> Uploads:
        """What others want."""
        context, local, network = self.context, self.local, self.network
        unreached = UnreachedRequesters(
            context.reactor, network.session, local.shared, context.announce
        )
        pushes = Pushes(
            context.reactor,
            readers=Readers(local.shared, local.shared.readable_by, local.seeding),
            reading=context.disks.reading,
            may_dial=network.session.may_dial,
            bandwidth=self.bandwidth,
            partials=local.partials,
            rng=context.rng,
        )
        return Uploads(
            network.dialer,
            name=context.settings.name,
            network=context.settings.network,
            pushes=pushes,
            reading=context.disks.reading,
            may_dial=network.session.may_dial,
            bandwidth=self.bandwidth,
            unreached=unreached.tell,
            dials=network.dials,
        )

    @cached_property
    def relaying(self) -> Relaying:
        """What others send each other by way of this peer; it keeps to what may be sent."""
        session, settings, up = self.network.session, self.context.settings, self.bandwidth.up

        def is_neighbor(name: PeerName, host: str) -> bool:
            return any((each.name, each.host) == (name, host) for each in session.neighbors)

        return Relaying(
            self.context.reactor,
            rate=lambda: relay_rate(settings.relay, up.rate),
            is_neighbor=is_neighbor,
            new_token=self.context.draw,
            up=up,
            for_all=settings.relays_for_all,
        )
