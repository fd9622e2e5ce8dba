"""What an admin of a private network may do at its peer: invite others, list and revoke them."""

import re
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from zope.interface import implementer

from p2p_twisted.peer.admin_interface import IAdmin
from p2p_twisted.peer.revocation_exchange import RevocationExchange
from p2p_twisted.peer_errors import NoNetwork, NotAllowed, Unknown
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Listed, ListRecords, MakeInvite
from p2p_twisted.wire.names import PeerName

T = TypeVar("T")
_INVITE_ID: Final = re.compile("[0-9a-f]{8}")


@implementer(IAdmin)
class Admin:
    """
    Invites and revokes, and lists whom.

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
        return await self._ask(self._client.invite(terms))

    async def records(self, asked: ListRecords) -> Listed:
        """
        List who is a member, or which invites are open: some at a time.

        :raises PeerError: when the registry does not tell.
        """
        return await self._ask(self._client.records(asked))

    async def void(self, invite: str) -> None:
        """
        Have an invite let nobody in any more.

        :param invite: its id.
        :raises PeerError: when there is none of that id.
        """
        if _INVITE_ID.fullmatch(invite) is None:
            raise Unknown(f"{invite!r} is no id of an invite: p2p invites lists them")
        await self._ask(self._client.void(invite))

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

    async def publish(self, statement: str) -> None:
        """
        Have what the key of the network's root has signed count everywhere; any peer may say it.

        :raises PeerError: when it does not count, or the registry refuses that.
        """
        try:
            await self._private().publish(statement)
        except RegistryRefused as error:
            raise NotAllowed(
                f"all peers were told, but the registry refuses that: {error}"
            ) from None

    async def _ask(self, asking: Coroutine[Any, Any, T]) -> T:
        """
        Ask the registry, in a private network.

        :raises PeerError: when it does not do what it was asked for.
        """
        try:
            self._private()
            return await asking
        except RegistryRefused as error:
            raise (Unknown if error.code == "unknown" else NotAllowed)(str(error)) from None
        except RegistryUnreachable as error:
            raise NoNetwork(str(error)) from None
        finally:
            asking.close()

    def _private(self) -> RevocationExchange:
        if self._revocations is None:
            raise NotAllowed("this network is open: nobody is invited to it, or revoked")
        return self._revocations
