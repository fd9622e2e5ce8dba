"""Execute the commands by which an admin says who is in a private network."""

from collections.abc import Callable

from twisted.internet.defer import Deferred

from p2p_twisted.console import commands
from p2p_twisted.console.admin_lines import invite_lines, member_lines
from p2p_twisted.console.downloading import Outcome, Say
from p2p_twisted.console.qr_lines import qr_lines
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.peer.qr_code import qr_rows
from p2p_twisted.peer_errors import NoNetwork
from p2p_twisted.wire.messages import ListRecords
from p2p_twisted.wire.names import PeerName

Ask = Callable[[str], Deferred[bool]]
"""Asks a question; fires with whether the answer is yes."""


class Administration:
    """
    Invites, revokes, and lists whom.

    :param say: shows lines.
    :param width: tells how many cells a line may have; ``None`` for no limit.
    :param ask: asks a person a question; ``None`` where there is nobody to ask.
    """

    def __init__(
        self, peer: IPeer, say: Say, width: Callable[[], int | None], ask: Ask | None
    ) -> None:
        self._peer = peer
        self._say = say
        self._width = width
        self._ask = ask

    async def invite(self, command: commands.InviteOthers) -> Outcome:
        """Make an invite, and show it: whoever reads it may come in."""
        code = await self._peer.admin.invite(command.terms)
        self._say([code, *(qr_lines(qr_rows(code), self._width()) if command.is_drawn else ())])
        return Outcome.OK

    async def list_invites(self, _command: commands.ListInvites) -> Outcome:
        """List the invites that are open."""
        listed = await self._peer.admin.records(ListRecords("invites"))
        self._say(invite_lines(listed, self._width()))
        return Outcome.OK

    async def list_members(self, _command: commands.ListMembers) -> Outcome:
        """List who has a certificate."""
        listed = await self._peer.admin.records(ListRecords("members"))
        self._say(member_lines(listed, self._width()))
        return Outcome.OK

    async def take_back(self, command: commands.TakeInviteBack) -> Outcome:
        """Have an invite let nobody in any more."""
        await self._peer.admin.void(command.invite)
        self._say([f"nobody comes in by the invite {command.invite} any more"])
        return Outcome.OK

    async def revoke(self, command: commands.RevokePeer) -> Outcome:
        """Put a peer out of the network; a person is asked whether that is meant."""
        name = command.name
        if self._ask is not None:
            whom = f"{name}, this peer itself," if name == self._peer.status().name else name
            hint = await self._hint(name)
            question = f"put {whom} out of the network until it is invited again{hint}?"
            if not await self._ask(question):
                self._say([f"{name} stays"])
                return Outcome.FAILED
        await self._peer.admin.revoke(name)
        self._say([f"{name} was revoked"])
        return Outcome.OK

    async def _hint(self, name: PeerName) -> str:
        """Say that a name is perhaps mistyped; a registry that does not answer says nothing."""
        try:
            listed = await self._peer.admin.records(ListRecords("members", only=name))
        except NoNetwork:
            return ""
        return "" if listed.members else ", though the registry knows no member of that name"
