"""Put together what a person sees of a peer at a glance."""

import attrs

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.peer.interface import Status
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.registry.location import show_locations
from p2p_twisted.relay.relaying import Relaying


def status_of(
    settings: Settings,
    *,
    shared: SharedLibraries,
    network: NetworkSession,
    registration: RegistrationKeeper,
    bandwidth: Bandwidth,
    relaying: Relaying,
    uptime: float,
    certificate: CertificateStatus | None,
) -> Status:
    """Describe a peer; ``uptime`` is in seconds."""
    if certificate is not None and network.refusal is not None:
        certificate = attrs.evolve(certificate, renewal_fault=network.refusal)
    own, reshared = shared.summary(), shared.reshared
    return Status(
        name=settings.name,
        address=network.address,
        network=settings.network,
        neighbors=network.neighbors,
        registry=show_locations(settings.registries),
        registered=registration.is_registered,
        registry_fault=registration.fault,
        clock_ahead=registration.ahead,
        clock_fault=network.clock_fault(),
        directory=str(settings.directory),
        downloads=str(settings.downloads),
        shares=tuple((name, str(path)) for name, path in settings.shares),
        files=own.files,
        size=own.size,
        hashing=own.hashing,
        unshared=own.unshared,
        excluded=own.excluded,
        ignored=own.ignored,
        uptime=uptime,
        certificate=certificate,
        rates=bandwidth.rates,
        sent=bandwidth.up.total,
        received=bandwidth.down.total,
        relayed=relaying.relayed,
        relay_rate=relaying.rate,
        alone=network.alone(),
        reachable=registration.is_reachable,
        reshared=None if reshared is None else reshared.summary().files,
    )
