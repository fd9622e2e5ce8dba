"""Build what a peer's certificate decides: how it talks to others, and what it is told."""

from functools import cached_property

from attrs import frozen
from typing_extensions import override

from p2p_twisted.peer.build_local import LocalParts
from p2p_twisted.peer.clock_faults import ClockFaults
from p2p_twisted.peer.network_statements import NetworkStatements
from p2p_twisted.peer.private_part import PrivatePart
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.trust.tls import TlsSecurity


@frozen(slots=False, kw_only=True)
class MemberParts(LocalParts):
    """
    Makes what depends on whether a peer is a member of a private network, and of which groups.

    :ivar private: what makes it a member.
    """

    private: PrivatePart | None = None

    @property
    def security(self) -> TlsSecurity | None:
        """What encrypts all connections to others."""
        return None if self.private is None else self.private.security

    @cached_property
    def clocks(self) -> ClockFaults | None:
        """What knows of members that a wrong clock keeps apart."""
        if self.security is None:
            return None
        return ClockFaults(self.security, self.reactor, self.wall, self.announce)

    @property
    def statements(self) -> NetworkStatements | None:
        """What admins say to the whole of a private network."""
        return None if self.private is None else self.private.statements

    @property
    def groups(self) -> frozenset[str]:
        """
        The groups whose members are asked what they share with these alone.

        None where others may have what this peer downloads: it would pass that on to everybody.
        """
        if self.security is None or self.settings.reshares:
            return frozenset()
        return self.security.own.identity.groups

    @cached_property
    @override
    def partials(self) -> PartialRegister:
        # Whoever asks for one by its id need not be in the group that it comes from; what is pushed
        # comes from none.
        groups, seeding = self.groups, self.seeding
        return PartialRegister(lambda file_id: not groups or seeding.covers(file_id))
