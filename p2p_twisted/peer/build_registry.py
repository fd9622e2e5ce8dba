"""Build what a peer asks of its registry, and what opens its connections."""

from functools import cached_property, partial
from random import Random

from attrs import frozen

from p2p_twisted.peer.build_member import MemberParts
from p2p_twisted.peer.renewal import CertificateRenewal
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.runtime.addresses import addresses_of
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.names import MessageId


@frozen(slots=False, kw_only=True)
class RegistryParts(MemberParts):
    """
    Makes what asks the registry.

    :ivar rng: decides, and makes secrets: production gives it the system's.
    """

    rng: Random

    def draw(self) -> MessageId:
        """Draw a ticket or a token."""
        return self.rng.randbytes(16).hex()

    @cached_property
    def dialer(self) -> BoundDialer:
        """What opens all connections to others."""
        return BoundDialer(self.reactor, self.settings.interface, self.security)

    @cached_property
    def client(self) -> RegistryClient:
        """What asks the registry."""
        settings = self.settings
        look_up = partial(self.offload, addresses_of, settings.interface)
        places = RegistryPlaces(settings.registries, self.rng, look_up)
        return RegistryClient(self.dialer, places, settings.network, security=self.security)

    @cached_property
    def renewal(self) -> CertificateRenewal | None:
        """What keeps the certificate good, for the daemon to run."""
        if self.private is None:
            return None
        return CertificateRenewal(
            self.reactor,
            self.private.member,
            self.private.security,
            client=self.client,
            state=self.settings.state,
            offload=self.offload,
            date=self.wall,
            announce=self.announce,
            rng=self.rng,
        )
