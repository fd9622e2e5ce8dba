"""The verbs by which an admin says who is in a private network."""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from p2p_twisted.cli.answers import say
from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.cli.root_statement import revoked_registry
from p2p_twisted.cli.show import drawn, width
from p2p_twisted.console.admin_lines import date_text, invite_row, member_row
from p2p_twisted.console.layout import table
from p2p_twisted.console.text import count
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.identity import group_name
from p2p_twisted.trust.open_invites import invite_id
from p2p_twisted.wire.messages import InviteRecord, MemberRecord
from p2p_twisted.wire.names import BadName, PeerName, peer_name


def invite(client: PeerClient, options: argparse.Namespace) -> int:
    """
    Make an invite.

    :raises CommandFailed: for what may not be the name of a group.
    """
    terms = {
        "uses": options.uses,
        "seconds": options.seconds,
        "admin": options.admin,
        "groups": [_name(group_name, each) for each in options.groups],
        "registry": options.for_registry,
    }
    made = client.ask("POST", "/v1/invites", terms)
    return say(options, made, lambda _made: _invited(made, options.qr))


def invites(client: PeerClient, options: argparse.Namespace) -> int:
    """List the invites that are open."""
    found = _all(client, "invites", "id")
    rows = [invite_row(InviteRecord(**each)) for each in found]
    lines = [*table(rows, width()), count(len(found), "open invite")]
    return say(options, {"invites": found}, lambda _answer: lines)


def members(client: PeerClient, options: argparse.Namespace) -> int:
    """List who has a certificate."""
    found = _all(client, "members", "name", _members_at(options))
    rows = [member_row(MemberRecord(**each)) for each in found]
    lines = [*table(rows, width()), count(len(found), "member")]
    return say(options, {"members": found}, lambda _answer: lines)


def revoke(client: PeerClient, options: argparse.Namespace) -> int:
    """
    Revoke a peer's certificates, or a registry, or take an invite back.

    :raises CommandFailed: unless one of them is said, for what may not be a name, and for a name
        or a registry that nobody knows, unless somebody insists.
    """
    if sum(map(bool, (options.name, options.invite, options.issuer))) != 1:
        raise CommandFailed(
            Exit.USAGE,
            "p2p revoke takes the name of a peer, or --invite or --registry and an id: one of them",
        )
    if options.issuer:
        answer, said = _revoke_registry(client, options)
    elif options.invite:
        id_ = invite_id(options.invite)
        answer = client.ask("DELETE", f"/v1/invites/{quote(id_, safe='')}", {})
        said = f"nobody comes in by the invite {id_} any more"
    else:
        name = _name(peer_name, options.name)
        if not options.anyway:
            _check_name(client, name, _members_at(options))
        answer = client.ask("POST", f"/v1/revocations/{name}", {})
        said = f"{name} was revoked"
    return say(options, answer, lambda _answer: [said])


def _revoke_registry(client: PeerClient, options: argparse.Namespace) -> tuple[Any, str]:
    """Have a registry count no more; return the answer, and what to say of it."""
    now = time.time()
    since = int(now) - options.since
    statement = revoked_registry(options.issuer, options.root_key, since, now)
    if not options.anyway:
        _check_issuer(client, options.issuer.lower(), _members_at(options))
    answer = client.ask("POST", "/v1/statements", {"statement": statement})
    return answer, (
        f"the registry {options.issuer} was revoked: whom another one had met before"
        f" {date_text(since)} is certified anew by itself, and everybody else by a new invite"
    )


def _name(read: Callable[[str], str], typed: str) -> str:
    try:
        return read(typed)
    except BadName as error:
        raise CommandFailed(Exit.USAGE, str(error)) from None


def _members_at(options: argparse.Namespace) -> str:
    """Return where members are listed: at a registry, that name is for who is registered."""
    return "members" if options.of_registry is None else "certified"


def _check_name(client: PeerClient, name: PeerName, path: str) -> None:
    """
    Make sure that a name is a member's.

    :raises CommandFailed: when it is none's: it is perhaps mistyped.
    """
    _check_known(
        lambda: bool(client.get(f"/v1/{path}", only=name)["members"]),
        f"the registry knows no member {name}: p2p members lists them",
    )


def _check_issuer(client: PeerClient, issuer: str, path: str) -> None:
    """
    Make sure that a registry has certified somebody.

    :raises CommandFailed: when it has not: its id is perhaps mistyped.
    """
    _check_known(
        lambda: any(each["registry"] == issuer for each in _all(client, "members", "name", path)),
        f"no member is known whom a registry {issuer} has certified: p2p members shows by which"
        " one each was",
    )


def _check_known(is_known: Callable[[], bool], unknown: str) -> None:
    """Let what is unknown fail; a registry that cannot be reached, or does not say, may know it."""
    try:
        if is_known():
            return
    except CommandFailed as failed:
        if failed.code in (Exit.NO_NETWORK, Exit.REFUSED):
            return
        raise
    raise CommandFailed(Exit.NOT_FOUND, f"{unknown}; to revoke it though, say --anyway")


def _all(client: PeerClient, what: str, key: str, path: str = "invites") -> list[Any]:
    """List all that there are, some at a time."""
    found: list[Any] = []
    while True:
        answer = client.get(f"/v1/{path}", after=found[-1][key] if found else None)
        found += answer[what]
        if not answer["more"] or not answer[what]:
            return found


def _invited(made: Mapping[str, Any], is_drawn: bool) -> Iterator[str]:
    yield made["code"]
    if is_drawn:
        yield from drawn(made["qr"])
