"""Become a member of a private network before a peer runs: ``--join`` and ``P2P_INVITE``."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from p2p_twisted.peer.private_member import (
    NoMemberKey,
    PrivateMember,
    forget_newcomer,
    load_member,
    newcomer_key,
    save_member,
)
from p2p_twisted.registry.joining_private import CannotJoin, join
from p2p_twisted.runtime.conceal import conceal
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.trust.anchor import TrustAnchor
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.trust.invite import INVITE_VARIABLE, Invite
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.trust.limits import CERTIFICATE_DAYS
from p2p_twisted.trust.trust_errors import BadInvite, CertificateNotYetValid, NotTrusted
from p2p_twisted.wire.names import PeerName

_VARIABLES: Final = (INVITE_VARIABLE, "P2P_JOIN")
_STDIN: Final = 0
_ELSEWHERE: Final = ("@", "-")
_DAYS_OF_ONE_RUN: Final = 1
_LONGEST_BYTES: Final = 1_024


def membership(
    option: str | None,
    name: PeerName,
    state: Path,
    is_once: bool = False,
    *,
    is_said: bool,
    conceals: bool,
    date: Callable[[], float] = time.time,
) -> PrivateMember | None:
    """
    Come into a private network, if somebody has given an invite; blocks.

    :param option: the code, ``@FILE`` for one in a file, or ``-`` for one on standard input.
    :param state: the folder of the peer's own files.
    :param is_once: whether there is no next run: then who comes in is a member for a day, and for
        no longer unless it runs on.
    :param is_said: whether somebody has said it just now; otherwise a member stays what it is.
    :param conceals: whether to hide an invite once it has done its work: it may let others in,
        too, and is shown to all who list the processes of this machine.
    :param date: reads the time of day, in seconds since 1970.
    :returns: the peer's part in a network, if it has one.
    :raises CannotJoin: when the network does not let this peer in, or would not take what it has.
    """
    given = option if option is not None else os.environ.get(INVITE_VARIABLE)
    try:
        member = _kept(state, given is not None, is_said)
        # One in the environment or the configuration of a service was of use once.
        if given is not None and (member is None or is_said):
            days = _DAYS_OF_ONE_RUN if is_once else CERTIFICATE_DAYS
            member = _come_in(Invite.read(read_code(given)), name, state, member, days)
            save_member(state, member)
            forget_newcomer(state)
        if member is not None:
            _check(member, name, date())
    except KeyFileFault as error:
        raise CannotJoin(str(error), Exit.DISK) from None
    except BadInvite as error:
        raise CannotJoin(str(error), Exit.USAGE) from None
    if given is not None and conceals:
        conceal_invite(option, _VARIABLES)
    return member


def _kept(state: Path, is_given: bool, is_said: bool) -> PrivateMember | None:
    """Read what there is of a membership; an invite is worth more than what there is not."""
    try:
        return load_member(state)
    except KeyFileFault as error:
        if is_given and (is_said or isinstance(error, NoMemberKey)):
            return None
        raise


def _come_in(
    invite: Invite, name: PeerName, state: Path, member: PrivateMember | None, days: int
) -> PrivateMember:
    try:
        joined = join(invite, name, newcomer_key(state), days=days)
    except CannotJoin as error:
        # Who says the same command again has the name itself, and needs no registry.
        goes_on = error.exit in (Exit.CONFLICT, Exit.NO_NETWORK)
        if member is None or not goes_on or not _is_of(member, invite):
            raise
        return member
    return PrivateMember(joined.credentials, joined.network, joined.registry)


def _check(member: PrivateMember, name: PeerName, now: float) -> None:
    """
    Make sure that a certificate is the one of a peer, and good.

    :param now: seconds since 1970.
    :raises CannotJoin: when nobody would take it.
    """
    own, *signers = member.credentials.certificates
    try:
        whose = TrustAnchor(member.credentials.root).verify(own, signers, now).identity.name
    except CertificateNotYetValid as error:
        raise CannotJoin(f"{error}: set it", Exit.NO_NETWORK) from None
    except NotTrusted as error:
        raise CannotJoin(
            f"{name} is no member any more: {error}: set the clock, or come in by a new invite"
        ) from None
    if whose != name:
        raise CannotJoin(
            f"this directory is the one of {whose}, a member of the private network"
            f" {member.network}: say --name {whose}, or another directory",
            Exit.USAGE,
        )


def _is_of(member: PrivateMember, invite: Invite) -> bool:
    """Return whether a peer is a member of the network that an invite is for."""
    return key_hash(member.credentials.root.public_key()).startswith(invite.root_hash)


def conceal_invite(option: str | None, variables: Sequence[str]) -> None:
    """
    Hide an invite that this program was started with, if it was.

    :param option: what stood behind ``--join``, or in the configuration.
    :param variables: of the environment, in which there may be one, too.
    """
    values = (option, *map(os.environ.get, variables))
    codes = {each for each in values if each and not each.startswith(_ELSEWHERE)}
    conceal("--join", variables, codes)


def read_code(given: str) -> str:
    """
    Read a code that is given as it is, as ``@FILE``, or as ``-`` for standard input.

    :raises CannotJoin: when it cannot be read.
    """
    try:
        if given == "-":
            return _first_line(_STDIN)
        if given == "@":
            raise CannotJoin("name the file that the invite is in: --join @FILE", Exit.USAGE)
        if given.startswith("@"):
            with Path(given[1:]).expanduser().open("rb") as file:
                return file.read(_LONGEST_BYTES).decode("ascii", "replace")
    except (OSError, RuntimeError) as error:
        raise CannotJoin(f"the invite cannot be read: {in_words(error)}", Exit.USAGE) from None
    return given


def _first_line(fd: int) -> str:
    """Read a line and nothing behind it, which is for the console."""
    line = b""
    while len(line) < _LONGEST_BYTES and (byte := os.read(fd, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode("ascii", "replace")
