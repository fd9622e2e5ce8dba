"""What the API answers to an admin of a private network, as frozen values."""

import attrs

from p2p_twisted.api.views import Count, View


@attrs.frozen(kw_only=True)
class InvitedView(View):
    """
    An invite to a private network.

    :ivar code: what the newcomer types.
    :ivar qr: the same as a QR code: the rows of its modules, of which ``1`` is dark.
    """

    code: str
    qr: tuple[str, ...]


@attrs.frozen(kw_only=True)
class OpenInviteView(View):
    """
    An invite that is open.

    :ivar id: what it is called by.
    :ivar uses: how many more it lets in.
    :ivar expires: until when, in seconds since 1970.
    :ivar admin: whether they are admins.
    :ivar groups: which groups they are in.
    """

    id: str
    uses: Count
    expires: float
    admin: bool
    groups: tuple[str, ...]


@attrs.frozen(kw_only=True)
class OpenInvitesView(View):
    """
    Invites that are open, by id.

    :ivar more: how many come behind: ask for them with ``after``.
    """

    invites: tuple[OpenInviteView, ...]
    more: Count


@attrs.frozen(kw_only=True)
class CertifiedMemberView(View):
    """
    Somebody who has a certificate.

    :ivar expires: until when it is good, in seconds since 1970.
    :ivar groups: which groups it is in.
    :ivar registry: the id of the one that has certified it; empty where that is not recorded.
    """

    name: str
    expires: float
    admin: bool
    groups: tuple[str, ...]
    registry: str


@attrs.frozen(kw_only=True)
class CertifiedMembersView(View):
    """
    Members of a private network, by name.

    :ivar more: how many come behind: ask for them with ``after``.
    """

    members: tuple[CertifiedMemberView, ...]
    more: Count
