"""List for an admin who is in a private network, and which invites are open: some at a time."""

from typing import Final

from p2p_twisted.registry.authority import Authority
from p2p_twisted.trust.identity import ADMIN, Identity
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.limits import RECORDS_PER_LINE
from p2p_twisted.wire.messages import (
    Error,
    InviteRecord,
    Listed,
    ListRecords,
    MemberRecord,
    Message,
)

_ADMINS_NAMED: Final = 3


def only_admins(authority: Authority, may: str, identity: Identity | None, now: float) -> str:
    """Refuse something, and say whom to ask for it."""
    who = "" if identity is None else f", and {identity.name} is none"
    admins = authority.holders.admins(now)[:_ADMINS_NAMED]
    ask = f": ask {' or '.join(admins)}" if admins else ""
    return f"only an admin may {may}{who}{ask}"


def listed(
    authority: Authority, asked: ListRecords, identity: Identity | None, now: float
) -> Message:
    """
    Answer an admin with as many records as one line has room for.

    :param now: seconds since 1970.
    """
    if identity is None or not identity.is_admin:
        refused = only_admins(authority, "see who is a member or invited", identity, now)
        return Error(refused, "refused")
    if asked.only is not None:
        member = authority.holders.member(asked.only, now)
        return Listed() if member is None else Listed(members=(member,))
    if asked.what == "members":
        members, all_of_them = authority.holders.members(now, asked.after, RECORDS_PER_LINE)

        def some_members(some: tuple[MemberRecord, ...]) -> Listed:
            return Listed(members=some, more=all_of_them - len(some))

        return next(packed(members, some_members), Listed())
    invites = [_record(each) for each in authority.invites.open(now) if each.id > asked.after]

    def some_invites(some: tuple[InviteRecord, ...]) -> Listed:
        return Listed(invites=some, more=len(invites) - len(some))

    return next(packed(invites[:RECORDS_PER_LINE], some_invites), Listed())


def _record(of: OpenInvite) -> InviteRecord:
    groups = tuple(sorted(of.groups))
    return InviteRecord(of.id, of.uses, float(int(of.expires)), ADMIN in of.roles, groups)
