"""List for an admin who is in a private network, and which invites are open: some at a time."""

from p2p_twisted.registry.authority import Authority
from p2p_twisted.trust.identity import ADMIN
from p2p_twisted.trust.open_invites import OpenInvite
from p2p_twisted.wire.codec import packed
from p2p_twisted.wire.limits import RECORDS_PER_LINE
from p2p_twisted.wire.messages import InviteRecord, Listed, ListRecords, MemberRecord, Message


def listed(authority: Authority, asked: ListRecords, now: float) -> Message:
    """
    Answer with as many records as one line has room for.

    :param now: seconds since 1970.
    """
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
