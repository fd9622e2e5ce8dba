"""Say who is in a private network, over the API: invite, list and revoke."""

import attrs

from p2p_twisted.api import private_views as views
from p2p_twisted.api.named_peer import named_peer
from p2p_twisted.api.request_fields import InviteQuery, RecordsQuery, StatementQuery
from p2p_twisted.api.route import Call, Route
from p2p_twisted.api.views import DoneView
from p2p_twisted.peer.admin_interface import IAdmin
from p2p_twisted.peer.qr_code import qr_rows
from p2p_twisted.wire.messages import ListRecords, MakeInvite


def private_routes(admin: IAdmin, members_at: str = "/v1/members") -> tuple[Route, ...]:
    """
    List what an admin can ask a peer of a private network.

    :param members_at: where those are listed who have certificates.
    """

    async def invite(call: Call) -> views.InvitedView:
        """Make an invite to a private network; only an admin may."""
        asked = call.query
        terms = MakeInvite(asked.uses, asked.seconds, asked.admin, asked.groups, asked.registry)
        code = await admin.invite(terms)
        return views.InvitedView(code=code, qr=qr_rows(code))

    async def invites(call: Call) -> views.OpenInvitesView:
        """List the invites that are open, some at a time; only an admin may."""
        listed = await admin.records(ListRecords("invites", call.query.after))
        some = tuple(views.OpenInviteView(**attrs.asdict(each)) for each in listed.invites)
        return views.OpenInvitesView(invites=some, more=listed.more)

    async def void(call: Call) -> DoneView:
        """Have the invite of this id let nobody in any more; only an admin may."""
        await admin.void(call.name)
        return DoneView()

    async def members(call: Call) -> views.CertifiedMembersView:
        """List who has a certificate, some at a time; only an admin may."""
        listed = await admin.records(ListRecords("members", call.query.after, call.query.only))
        some = tuple(views.CertifiedMemberView(**attrs.asdict(each)) for each in listed.members)
        return views.CertifiedMembersView(members=some, more=listed.more)

    async def revoke(call: Call) -> DoneView:
        """Have no certificate of a name count that was issued so far; only an admin may."""
        await admin.revoke(named_peer(call.name) or "")
        return DoneView()

    async def publish(call: Call) -> DoneView:
        """Have what the network's root has signed count everywhere."""
        await admin.publish(call.query.statement)
        return DoneView()

    return (
        Route("POST", "/v1/invites", invite, views.InvitedView, InviteQuery),
        Route("GET", "/v1/invites", invites, views.OpenInvitesView, RecordsQuery),
        Route("DELETE", "/v1/invites/{name}", void, DoneView),
        Route("GET", members_at, members, views.CertifiedMembersView, RecordsQuery),
        Route("POST", "/v1/revocations/{name}", revoke, DoneView),
        Route("POST", "/v1/statements", publish, DoneView, StatementQuery),
    )
