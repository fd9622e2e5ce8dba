"""
Parse what follows the commands by which an admin says who is in a private network.

Each reader returns ``None`` for what its command does not take.
"""

from collections.abc import Iterator
from typing import Final

from p2p_twisted.console.commands import Command, InviteOthers, RevokePeer, TakeInviteBack
from p2p_twisted.trust.invite_terms import USUAL_SECONDS, USUAL_USES, read_time, read_uses
from p2p_twisted.trust.limits import GROUPS_OF_A_PEER
from p2p_twisted.wire.messages import MakeInvite
from p2p_twisted.wire.names import peer_name

INVITE_OPTIONS: Final = ("--uses", "--for", "--admin", "--group", "--qr")
REVOKE_OPTION: Final = "--invite"


def read_invite(rest: str) -> Command | None:
    """Read for how many an invite is, for how long, and what for."""
    uses, seconds, groups = USUAL_USES, USUAL_SECONDS, list[str]()
    words = _words(rest)
    flags = set[str]()
    try:
        for word in words:
            match word:
                case "--uses":
                    uses = read_uses(next(words, ""))
                case "--for":
                    seconds = read_time(next(words, ""))
                case "--group":
                    groups.append(peer_name(next(words, "")))
                case "--admin" | "--qr":
                    flags.add(word)
                case _:
                    return None
    except ValueError:
        return None
    if len(groups) > GROUPS_OF_A_PEER:
        return None
    terms = MakeInvite(uses, seconds, "--admin" in flags, tuple(groups))
    return InviteOthers(terms, "--qr" in flags)


def read_revoke(rest: str) -> Command | None:
    """Read whose certificates are not to count, or which invite."""
    match list(_words(rest)):
        case ["--invite", invite]:
            return TakeInviteBack(invite)
        case [name]:
            try:
                return RevokePeer(peer_name(name))
            except ValueError:
                return None
        case _:
            return None


def _words(rest: str) -> Iterator[str]:
    """Split into words; ``--uses=3`` is two."""
    for word in rest.split():
        option, is_with_value, value = word.partition("=")
        yield option
        if is_with_value:
            yield value
