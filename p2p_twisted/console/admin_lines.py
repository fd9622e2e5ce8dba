"""Write for an admin who is in a private network, and which invites are open."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from p2p_twisted.console.layout import table
from p2p_twisted.console.text import count
from p2p_twisted.peer.certificate_status import CertificateStatus
from p2p_twisted.wire.messages import InviteRecord, Listed, MemberRecord


def member_lines(listed: Listed, width: int | None) -> Iterator[str]:
    """List members by their names."""
    yield from table([member_row(each) for each in listed.members], width)
    yield from _more(listed, "members")
    yield count(len(listed.members) + listed.more, "member")


def invite_lines(listed: Listed, width: int | None) -> Iterator[str]:
    """List open invites by their ids."""
    yield from table([invite_row(each) for each in listed.invites], width)
    yield from _more(listed, "invites")
    yield count(len(listed.invites) + listed.more, "open invite")


def member_row(of: MemberRecord) -> tuple[str, str, str, str]:
    """Describe a member: its name, until when it is certified, as what, and by which registry."""
    by = f"by {of.registry}" if of.registry else ""
    return of.name, f"until {date_text(of.expires)}", part_text(of.admin, of.groups), by


def invite_row(of: InviteRecord) -> tuple[str, str, str, str]:
    """Describe an invite: its id, how many may still use it, until when, and what they will be."""
    part = part_text(of.admin, of.groups)
    return of.id, f"{count(of.uses, 'use')} left", f"until {date_text(of.expires)}", part


def certificate_text(of: CertificateStatus) -> str:
    """Describe a peer's own part in a private network: what it is, and for how long."""
    part = part_text(of.is_admin, of.groups)
    fault = f", and cannot be renewed: {of.renewal_fault}" if of.renewal_fault else ""
    return f"{part or 'member'}, until {date_text(of.expires)}{fault or ', renewed by itself'}"


def part_text(is_admin: bool, groups: Sequence[str]) -> str:
    """Write what somebody is in a network: ``admin, in lab``."""
    return ", ".join(
        [*(["admin"] if is_admin else []), *([f"in {' '.join(groups)}"] * bool(groups))]
    )


def date_text(seconds: float) -> str:
    """Write a date, of seconds since 1970, in this machine's time."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M}"


def _more(listed: Listed, what: str) -> Iterator[str]:
    if listed.more:
        yield f"... and {listed.more:,} more: p2p {what} lists them all"
