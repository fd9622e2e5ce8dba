"""Read where a peer's files are: what it shares, what it downloads, and its own."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from attrs import frozen
from twisted.python.usage import UsageError

from p2p_twisted.peer.private_member import MEMBER_FOLDER, PrivateMember
from p2p_twisted.peer.settings import STATE_DIRECTORY, folder_of, group_of
from p2p_twisted.runtime.twistd import existing_directory, expanded
from p2p_twisted.storage.state import LOCK_FILE
from p2p_twisted.trust.anchor import VerifiedCertificate
from p2p_twisted.wire.names import BadName, PeerName, check_path, collision_key, peer_name

# Files of the peer's own are called so, too, with a little more.
_NAME_BYTES: Final = 100


@frozen
class Directories:
    """
    Where a peer's files are.

    :ivar shared: what it shares.
    :ivar downloads: where downloads land.
    :ivar state: where its own files are.
    """

    shared: Path
    downloads: Path
    state: Path


def read_directories(
    name: PeerName, shared: str | None, downloads: str | None, state: str | None
) -> Directories:
    """
    Read what options say; what is not named is below what is shared, or below here.

    :raises UsageError: when a named one is not there, or two of them do not go together.
    """
    place = _directory("directory", shared, Path(name))
    found = Directories(
        place,
        _directory("downloads", downloads, place / "Downloads"),
        place / STATE_DIRECTORY if state is None else _state(state),
    )
    for option, path, what in (
        ("downloads", found.downloads, "what was downloaded"),
        ("state", found.state, "its own files"),
    ):
        if os.path.realpath(path) == os.path.realpath(place):
            raise UsageError(
                f"--{option}: {path} is the directory to share, and {what} is not"
                " shared: name another one, such as a folder in it"
            )
    if os.path.realpath(found.state) == os.path.realpath(found.downloads):
        raise UsageError(f"--state: {found.state} is where downloads land: name another one")
    if _is_visible(found.state, place):
        raise UsageError(
            f"--state: {found.state} is in the directory to share, and others who share that, too,"
            " would list what it has: name one elsewhere, or a hidden one, such as .state"
        )
    return found


def read_shares(text: str | None, others: Directories) -> tuple[tuple[str, Path], ...]:
    """
    Read other directories to share: ``NAME=DIR`` on each line, ``@GROUP=DIR`` with one group.

    :raises UsageError: when one is not there, or cannot be shared under its name.
    """
    shares: dict[str, tuple[str, Path]] = {}
    for line in (text or "").splitlines():
        name, _, named = line.partition("=")
        if not name or not named:
            raise UsageError(f"--share takes NAME=DIR such as lab=/data/lab, not {line!r}")
        folder, group = folder_of(name), group_of(name)
        try:
            check_path(folder)
            if group is not None and peer_name(group) != group:
                raise BadName(f"write {group} in lower case")
        except BadName as error:
            raise UsageError(f"--share {line}: {error}") from None
        if "/" in folder or folder.startswith("."):
            raise UsageError(f"--share {line}: a name has no / in it, and no . before it")
        if len(folder.encode()) > _NAME_BYTES:
            raise UsageError(f"--share {line}: a name has at most {_NAME_BYTES} bytes")
        path = existing_directory("share", named)
        if any(os.path.realpath(path) == os.path.realpath(each) for each in _all(others)):
            raise UsageError(f"--share {line}: this peer has that directory already")
        if collision_key(folder) in shares:
            raise UsageError(f"--share {line}: there are two of that name")
        shares[collision_key(folder)] = name, path
    return tuple(shares.values())


def check_groups(shares: Sequence[tuple[str, Path]], member: PrivateMember | None) -> None:
    """
    Check that what is shared with groups alone would be asked for there.

    :raises UsageError: when it would not.
    """
    for group in filter(None, (group_of(share) for share, _ in shares)):
        if member is None:
            raise UsageError(
                f"--share @{group}: groups are of private networks: come into one first, by --join"
            )
        identity = VerifiedCertificate.read(member.credentials.certificate).identity
        if group not in identity.groups and not identity.is_admin:
            raise UsageError(
                f"--share @{group}: {identity.name} is not in that group, and no admin, so its"
                " members would not ask it: have an admin invite it to the group"
            )


def _all(found: Directories) -> tuple[Path, ...]:
    return found.shared, found.downloads, found.state


def _directory(option: str, named: str | None, default: Path) -> Path:
    if named is None and not os.path.lexists(default):
        return default
    return existing_directory(option, str(default) if named is None else named)


def _state(text: str) -> Path:
    """
    Read where a peer keeps its own files: a directory for nothing else, which is made.

    :raises UsageError: when there are other files, or it cannot be made.
    """
    path = expanded("state", text)
    if not os.path.lexists(path):
        return existing_directory("state", str(path.parent)) / path.name
    existing_directory("state", text)
    with suppress(PermissionError):
        # A peer comes into a private network before it locks its files for the first time.
        others = any(each.name != MEMBER_FOLDER for each in path.iterdir())
        if others and not os.path.lexists(path / LOCK_FILE):
            raise UsageError(f"--state: {path} has other files; name a directory for these alone")
    return path


def _is_visible(path: Path, place: Path) -> bool:
    """Return whether somebody who shares a place shows what is at a path."""
    real, shared = Path(os.path.realpath(path)), os.path.realpath(place)
    if not real.is_relative_to(shared):
        return False
    return not any(part.startswith(".") for part in real.relative_to(shared).parts)
