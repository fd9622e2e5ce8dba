"""What the operator of a private network's registry may do with its own key."""

from random import SystemRandom
from typing import Final

from attrs import define
from zope.interface import implementer

from p2p_twisted.peer.admin_interface import IAdmin
from p2p_twisted.peer_errors import NotAllowed, Unknown
from p2p_twisted.registry.enrollment import OPERATOR, Enrollment, PrivateQuestion
from p2p_twisted.trust.trust_errors import TrustError
from p2p_twisted.wire.messages import (
    Error,
    Invited,
    Listed,
    ListRecords,
    MakeInvite,
    Message,
    Revoked,
    Void,
)
from p2p_twisted.wire.names import PeerName

_ID_BITS: Final = 128
_DIGEST_DIGITS: Final = 64


@implementer(IAdmin)
@define(eq=False)
class RegistryAdmin:
    """
    Says who is in a private network, as an admin does at a peer.

    :param enrollment: decides; ``None`` in an open network.
    """

    _enrollment: Enrollment | None

    async def invite(self, terms: MakeInvite) -> str:
        """Make an invite; return its code."""
        answer = await self._ask(terms)
        assert isinstance(answer, Invited)
        return answer.code

    async def records(self, asked: ListRecords) -> Listed:
        """List who is a member, or which invites are open: some at a time."""
        answer = await self._ask(asked)
        assert isinstance(answer, Listed)
        return answer

    async def void(self, invite: str) -> None:
        """Have an invite let nobody in any more."""
        await self._ask(Void(invite))

    async def revoke(self, name: PeerName) -> None:
        """Have no certificate of a name count that was issued so far."""
        try:
            _checked(await self._private().revoke(name))
        except TrustError as error:
            raise NotAllowed(str(error)) from None

    async def publish(self, statement: str) -> None:
        """Have what the key of the network's root has signed count everywhere."""
        await self._ask(Revoked("0" * _DIGEST_DIGITS, (statement,)))

    async def stop_peers(self) -> None:
        """Have all peers end, which hear of it when they renew their places."""
        self._private().stop_peers(f"{SystemRandom().getrandbits(_ID_BITS):032x}")

    async def _ask(self, question: PrivateQuestion) -> Message:
        return _checked(await self._private().answer(question, OPERATOR, ""))

    def _private(self) -> Enrollment:
        if self._enrollment is None:
            raise NotAllowed("this network is open: only its peers can be asked for that")
        return self._enrollment


def _checked(answer: Message) -> Message:
    if isinstance(answer, Error):
        raise (Unknown if answer.code == "unknown" else NotAllowed)(answer.reason)
    return answer
