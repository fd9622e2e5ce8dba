"""Invite to a private network, and revoke, over the API."""

from p2p_twisted.api import views
from p2p_twisted.api.named_peer import named_peer
from p2p_twisted.api.request_fields import InviteQuery
from p2p_twisted.api.route import Call, Route
from p2p_twisted.peer.interface import IPeer
from p2p_twisted.wire.messages import MakeInvite


def private_routes(peer: IPeer) -> tuple[Route, ...]:
    """List what an admin can ask a peer of a private network."""

    async def invite(call: Call) -> views.InvitedView:
        """Make an invite to a private network; only an admin may."""
        asked = call.query
        terms = MakeInvite(asked.uses, asked.seconds, asked.admin, asked.groups)
        return views.InvitedView(code=await peer.invite(terms))

    async def revoke(call: Call) -> views.DoneView:
        """Have no certificate of a name count that was issued so far; only an admin may."""
        await peer.revoke(named_peer(call.name) or "")
        return views.DoneView()

    return (
        Route("POST", "/v1/invites", invite, views.InvitedView, InviteQuery),
        Route("POST", "/v1/revocations/{name}", revoke, views.DoneView),
    )
