"""What an admin of a private network may do at its peer: invite others, and revoke them."""

from p2p_twisted.peer.peer_errors import NoNetwork, NotAllowed
from p2p_twisted.peer.revocation_exchange import RevocationExchange
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import MakeInvite
from p2p_twisted.wire.names import PeerName


class Admin:
    """
    Invites and revokes.

    :param revocations: signs and spreads them; ``None`` in an open network.
    """

    def __init__(self, revocations: RevocationExchange | None, client: RegistryClient) -> None:
        self._revocations = revocations
        self._client = client

    async def invite(self, terms: MakeInvite) -> str:
        """
        Have the registry make an invite.

        :returns: its code.
        :raises PeerError: when there is none.
        """
        self._private()
        try:
            return await self._client.invite(terms)
        except RegistryRefused as error:
            raise NotAllowed(str(error)) from None
        except RegistryUnreachable as error:
            raise NoNetwork(str(error)) from None

    async def revoke(self, name: PeerName) -> None:
        """
        Have no certificate of a name count that was issued so far, at any peer.

        :raises PeerError: when this peer may not, or the registry refuses that.
        """
        try:
            await self._private().revoke(name)
        except RegistryRefused as error:
            raise NotAllowed(
                f"{name} is revoked among the peers, but the registry refuses that: {error}"
            ) from None

    def _private(self) -> RevocationExchange:
        if self._revocations is None:
            raise NotAllowed("this network is open: nobody is invited to it, or revoked")
        return self._revocations
