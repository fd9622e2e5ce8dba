"""What an admin of a private network may do at its peer: invite others, and revoke them."""

from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.network_statements import NetworkStatements, revoking
from p2p_twisted.peer.peer_errors import NoNetwork, NotAllowed
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import MakeInvite, Revoked
from p2p_twisted.wire.names import PeerName


class Admin:
    """
    Invites and revokes.

    :param statements: signs; ``None`` in an open network.
    """

    def __init__(
        self,
        statements: NetworkStatements | None,
        network: NetworkSession,
        client: RegistryClient,
    ) -> None:
        self._statements = statements
        self._network = network
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

        :raises PeerError: when this peer may not; or when the registry could not be told, while
            all peers were.
        """
        statements = self._private()
        driver = await self._network.connected()
        text = statements.revoke(name)
        driver.publish(revoking(driver, text))
        try:
            await self._client.revoked(Revoked(statements.digest(), (text,)))
        except (RegistryRefused, RegistryUnreachable) as error:
            raise NoNetwork(
                f"{name} is revoked among the peers, but its registry does not know: {error};"
                " say it again once the registry runs"
            ) from None

    def _private(self) -> NetworkStatements:
        if self._statements is None:
            raise NotAllowed("this network is open: nobody is invited to it, or revoked")
        return self._statements
