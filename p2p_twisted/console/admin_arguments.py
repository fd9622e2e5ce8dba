"""
Parse what follows the commands by which an admin says who is in a private network.

Each reader returns ``None`` for what its command does not take, and raises ``ValueError`` where a
name, number or time is not one: the text says what would be.
"""

from collections.abc import Iterator
from typing import Final

from p2p_twisted.console.commands import Command, InviteOthers, RevokePeer, TakeInviteBack
from p2p_twisted.runtime.amounts import read_time
from p2p_twisted.trust.identity import group_name
from p2p_twisted.trust.invite_terms import USUAL_SECONDS, USUAL_USES, read_uses
from p2p_twisted.trust.limits import GROUPS_OF_A_PEER, INVITE_DAYS
from p2p_twisted.trust.open_invites import invite_id
from p2p_twisted.wire.messages import MakeInvite
from p2p_twisted.wire.names import peer_name

INVITE_OPTIONS: Final = ("--uses", "--for", "--admin", "--group", "--qr")
_WITH_VALUE: Final = ("--uses", "--for", "--group")
REVOKE_OPTION: Final = "--invite"
_IN_A_SHELL: Final = (
    "a registry is revoked in a shell, as no program that talks to the network should read the key"
    " of its root: p2p revoke --registry ID --root-key FILE"
)


def read_invite(rest: str) -> Command | None:
    """Read for how many an invite is, for how long, and what for."""
    uses, seconds, groups = USUAL_USES, USUAL_SECONDS, list[str]()
    words = _words(rest)
    flags = set[str]()
    for word in words:
        value = next(words, "") if word in _WITH_VALUE else word
        if not value:
            return None
        match word:
            case "--uses":
                uses = read_uses(value)
            case "--for":
                seconds = read_time(value, INVITE_DAYS)
            case "--group":
                groups.append(group_name(value))
            case "--admin" | "--qr":
                flags.add(word)
            case _:
                return None
    if len(groups) > GROUPS_OF_A_PEER:
        return None
    terms = MakeInvite(uses, seconds, "--admin" in flags, tuple(groups))
    return InviteOthers(terms, "--qr" in flags)


def read_revoke(rest: str) -> Command | None:
    """Read whose certificates are not to count, or which invite."""
    match list(_words(rest)):
        case ["--invite", invite]:
            return TakeInviteBack(invite_id(invite))
        case ["--registry", *_]:
            raise ValueError(_IN_A_SHELL)
        case [name] if name != REVOKE_OPTION:
            return RevokePeer(peer_name(name))
        case _:
            return None


def _words(rest: str) -> Iterator[str]:
    """Split into words; ``--uses=3`` is two."""
    for word in rest.split():
        option, is_with_value, value = word.partition("=")
        yield option
        if is_with_value:
            yield value
