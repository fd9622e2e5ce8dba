"""An admin of a private network, for faces to ask."""

from typing import TYPE_CHECKING

from zope.interface import implementer

from p2p_twisted.peer.admin_interface import IAdmin
from p2p_twisted.wire.messages import Listed, ListRecords, MakeInvite
from p2p_twisted.wire.names import PeerName

if TYPE_CHECKING:
    from tests.console.fake_peer import FakePeer

CODE = f"p2p1-{'a' * 45}@127.0.0.1:9011"


@implementer(IAdmin)
class FakeAdmin:
    """Answers from the queues of a fake peer."""

    def __init__(self, peer: "FakePeer") -> None:
        self._peer = peer

    async def invite(self, terms: MakeInvite) -> str:
        code: str = await self._peer._answer("invite", CODE, terms)
        return code

    async def records(self, asked: ListRecords) -> Listed:
        listed: Listed = await self._peer._answer("records", Listed(), asked)
        return listed

    async def void(self, invite: str) -> None:
        await self._peer._answer("void", None, invite)

    async def revoke(self, name: PeerName) -> None:
        await self._peer._answer("revoke", None, name)

    async def publish(self, statement: str) -> None:
        await self._peer._answer("publish", None, statement)
