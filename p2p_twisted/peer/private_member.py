"""A peer's part in a private network, in its own files."""

import json
import os
import stat
from pathlib import Path
from typing import Final

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import Credentials
from p2p_twisted.trust.key_folder import KeyFileFault, KeyFolder
from p2p_twisted.wire.names import BadName, NetworkName, peer_name

MEMBER_FOLDER: Final = "private"
"""Where a member's key is, among its own files."""

_KEY_FILE: Final = "peer.pem"
_NEWCOMER_FILE: Final = "newcomer.pem"
_NETWORK_FILE: Final = "network.json"


class NoMemberKey(KeyFileFault):
    """A peer has begun to come into a private network, or has lost the key that let it in."""


@frozen
class PrivateMember:
    """
    What makes a peer a member.

    :ivar registry: where the registry was when it came in.
    """

    credentials: Credentials
    network: NetworkName
    registry: tuple[str, int]


def newcomer_key(state: Path) -> ec.EllipticCurvePrivateKey:
    """
    Return the key with which a peer asks to be let in, until it is.

    It is kept, so that a peer which did not hear the answer is known when it asks again.

    :raises KeyFileFault: when it cannot be written.
    """
    return KeyFolder(member_folder(state)).made_key(_NEWCOMER_FILE)


def forget_newcomer(state: Path) -> None:
    """Remove that key, which is not needed any more."""
    KeyFolder(member_folder(state)).remove(_NEWCOMER_FILE)


def member_folder(state: Path) -> OwnFolder:
    """Return the folder of what only a member has, in the one of a peer's own files."""
    return OwnFolder(state).below(MEMBER_FOLDER)


def load_member(state: Path) -> PrivateMember | None:
    """
    Read a peer's part in a private network; ``None`` where it has none.

    Whatever is in the place of its folder is a whole membership or a fault, so that a member never
    falls back to an open network because something was lost.

    :raises NoMemberKey: when the key is not there, or not yet.
    :raises KeyFileFault: when something else of it cannot be read.
    """
    folder = member_folder(state)
    try:
        modes = {path: os.lstat(path).st_mode for path in (folder.path, state)}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise KeyFileFault(f"{folder.path} cannot be read: {in_words(error)}") from None
    if wrong := [path for path, mode in modes.items() if not stat.S_ISDIR(mode)]:
        raise KeyFileFault(
            f"{wrong[-1]} has to be a folder, and no link to one: put the folder itself there,"
            " or remove the link to be in an open network"
        )
    credentials = KeyFolder(folder).load(_KEY_FILE)
    if credentials is None:
        raise NoMemberKey(
            f"{folder.path} has no {_KEY_FILE}, so this peer is not in its private network: come in"
            " with --join and an invite, or remove that folder to be in an open network"
        )
    try:
        kept = json.loads(folder.read(_NETWORK_FILE))
        host, port = kept["registry"]
        return PrivateMember(credentials, peer_name(kept["network"]), (str(host), int(port)))
    except (OSError, ValueError, TypeError, KeyError, BadName) as error:
        raise KeyFileFault(
            f"{folder.path / _NETWORK_FILE} cannot be read ({error}): come in again with --join and"
            " a new invite"
        ) from None


def save_member(state: Path, member: PrivateMember) -> None:
    """
    Write it down; the key last, which alone makes it a member.

    :raises KeyFileFault: when that cannot be done.
    """
    folder = member_folder(state)
    kept = {"network": member.network, "registry": member.registry}
    try:
        folder.replace(_NETWORK_FILE, json.dumps(kept).encode())
    except OSError as error:
        raise KeyFileFault(f"{folder.path} cannot be written: {in_words(error)}") from None
    KeyFolder(folder).save(_KEY_FILE, member.credentials)
