"""List which entries of one folder can be shared, and under which names."""

import contextlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final

from attrs import Factory, define
from msgspec.structs import replace

from p2p_twisted.library.entries import OnDisk, Place, Signature
from p2p_twisted.library.ignoring import Ignoring
from p2p_twisted.runtime import openat
from p2p_twisted.runtime.file_systems import keeps_modes
from p2p_twisted.runtime.os_errors import reason_of
from p2p_twisted.wire.limits import FILE_BYTES
from p2p_twisted.wire.names import USUAL_NAME, BadName, check_path, collision_key

# Also those of other daemons: a log tells who is where, and a registry's records have all tokens.
_OURS: Final = re.compile(
    r"\.p2p|\.p2pignore\Z|p2p(meta|peer-[a-z0-9-]+)\.(log(\.\d+)?|pid|db(-wal|-shm|-journal)?)\Z"
)
# Nearly all names are: to check each takes five times as long. It never tries a shorter match, for
# which it would have to remember each name.
_USUAL_NAMES: Final = re.compile(f"{USUAL_NAME.pattern}(?:/{USUAL_NAME.pattern})*+")
_CHECKED_AT_ONCE: Final = 1_000

Identity = tuple[int, int]
"""A device and an inode, which identify a folder whatever it is called."""


class ScanCanceled(Exception):
    """The peer is stopping, so the result is not needed any more."""


@define
class Listing:
    """
    The entries of one folder.

    :ivar files: those that can be shared, by name.
    :ivar folders: those to scan, by name.
    :ivar unshared: why other entries cannot be shared, by a printable form of their paths.
    :ivar hidden: how many others are hidden, but for this program's own.
    :ivar ignored: how many others an ignore file names.
    :ivar is_excluded: whether the folder is excluded, and was not read.
    :ivar is_ignored: likewise, and counted in the folder that it is in.
    """

    files: dict[str, OnDisk] = Factory(dict)
    folders: dict[str, Place] = Factory(dict)
    unshared: dict[str, str] = Factory(dict)
    hidden: int = 0
    ignored: int = 0
    is_excluded: bool = False
    is_ignored: bool = False

    @property
    def left_out(self) -> int:
        """How many of its entries are not shared."""
        return len(self.unshared) + self.hidden + self.ignored + self.is_excluded

    @property
    def is_empty(self) -> bool:
        """Whether nothing in it can be shared."""
        return not (self.files or self.folders or self.is_excluded or self.is_ignored)


def identities(paths: Iterable[Path]) -> frozenset[Identity]:
    """Return the identities of the files and folders that are there."""
    found: set[Identity] = set()
    for path in paths:
        with contextlib.suppress(OSError):
            found.add(_identity(os.stat(path)))
    return frozenset(found)


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def list_folder(
    root: Path,
    place: Place,
    excluded: frozenset[Identity],
    is_canceled: Callable[[], bool],
    ignoring: Ignoring,
) -> Listing:
    """
    Read a folder, without its hidden entries.

    :param excluded: folders that are not read, and files that are passed over.
    :param ignoring: what ignore files say; a folder that they name is not read, either.
    :raises OSError: when it cannot be read, or an ignore file in it or above.
    :raises ScanCanceled: once ``is_canceled`` returns true.
    """
    listing = Listing()
    folder_fd = openat.open_folder(root, place.path)
    try:
        status = os.fstat(folder_fd)
        if _identity(status) in excluded:
            listing.is_excluded = True
            return listing
        ignored = ignoring.in_folder(place, folder_fd)
        if ignored is None:
            listing.is_ignored = True
            return listing
        listing.unshared.update(ignored.faults)
        with os.scandir(folder_fd) as found:
            visible, listing.hidden = _divided(found)
            entries, taken = _in_order(place, visible)
        for entry in entries:
            if is_canceled():
                raise ScanCanceled
            if ignored and ignored.names(_normal_name(entry), _is_folder(entry)):
                listing.ignored += 1
                continue
            try:
                _add(listing, place, entry, excluded, taken)
            except BadName as error:
                shown = os.fsencode(_below(place.path, entry.name))
                listing.unshared[shown.decode("utf-8", "backslashreplace")] = str(error)
    finally:
        os.close(folder_fd)
    _check_modes(listing, status.st_dev)
    return listing


def _in_order(
    place: Place, visible: "Iterable[os.DirEntry[str]]"
) -> "tuple[list[os.DirEntry[str]], dict[str, str] | None]":
    """
    Sort the entries of a folder.

    :returns: with them, where names are to be kept by what they could be mistaken for; ``None``
        where all can be shared as they are.
    """
    entries = sorted(visible, key=attrgetter("name"))
    if _are_usual(place.name, [entry.name for entry in entries]):
        return entries, None
    # Sorted twice, so that names that differ only in normal form have an order, too.
    entries.sort(key=_normal_name)
    return entries, {}


def _check_modes(listing: Listing, device: int) -> None:
    """Treat no file as a program where all files look like one."""
    programs = [file for file in listing.files.values() if file.is_executable]
    if programs and not keeps_modes(device):
        for file in programs:
            listing.files[file.name] = replace(file, is_executable=False)


def _add(
    listing: Listing,
    place: Place,
    entry: "os.DirEntry[str]",
    excluded: frozenset[Identity],
    taken: dict[str, str] | None,
) -> None:
    """
    Add an entry to the files or folders.

    :param taken: the names so far, by what they could be mistaken for; ``None`` where all can be
        shared as they are.
    :raises BadName: when it cannot be shared.
    """
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadName(f"it cannot be read: {reason_of(error)}") from None
    mode = status.st_mode
    is_file = stat.S_ISREG(mode)
    if is_file:
        if _identity(status) in excluded:
            return
        if status.st_size > FILE_BYTES:
            raise BadName(f"a file may have at most {FILE_BYTES} bytes")
    elif stat.S_ISLNK(mode):
        if _leads_to(entry, excluded):
            return
        raise BadName("links are not followed")
    elif not stat.S_ISDIR(mode):
        raise BadName("it is not a regular file")
    name = _below(place.name, entry.name)
    if taken is not None:
        name = _checked_name(place, entry.name, taken)
    path = _below(place.path, entry.name)
    if path == name:
        # One string instead of two, for each of very many files.
        path = name
    if is_file:
        is_executable = mode & stat.S_IXUSR != 0
        listing.files[name] = OnDisk(name, path, Signature.of(status), is_executable)
    else:
        listing.folders[name] = Place(name, path)


def _are_usual(folder: str, names: Sequence[str]) -> bool:
    """Return whether all may be names in a folder, and none could be mistaken for another."""
    keys: set[str] = set()
    # Others run in between.
    for start in range(0, len(names), _CHECKED_AT_ONCE):
        together = "/".join(names[start : start + _CHECKED_AT_ONCE])
        if not _USUAL_NAMES.fullmatch(together):
            return False
        keys.update(collision_key(together).split("/"))
    try:
        check_path(_below(folder, max(names, key=len, default="")))
    except BadName:
        return False
    return len(keys) == len(names)


def _checked_name(place: Place, name: str, taken: dict[str, str]) -> str:
    """
    Return the name that an entry is shared under.

    :raises BadName: when it may not be used.
    """
    component = _shared_name(name)
    shared = _below(place.name, component)
    check_path(shared)
    first = taken.setdefault(collision_key(component), shared)
    if first is not shared:
        raise BadName(f"it differs from {first} only in case, accents or invisible characters")
    return shared


def _leads_to(entry: "os.DirEntry[str]", excluded: frozenset[Identity]) -> bool:
    """Return whether a link leads to what is excluded: downloads may be on another disk."""
    try:
        return _identity(entry.stat()) in excluded
    except OSError:
        return False


def _divided(found: Iterable["os.DirEntry[str]"]) -> tuple[list["os.DirEntry[str]"], int]:
    """Return the visible entries, and the number of hidden ones that are not ours."""
    entries = [entry for entry in found if not _OURS.match(entry.name)]
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    return visible, len(entries) - len(visible)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        # Where the system does not say what it lists; why it cannot be shared is told later.
        return False


def _normal_name(entry: "os.DirEntry[str]") -> str:
    return unicodedata.normalize("NFC", entry.name)


def _shared_name(name: str) -> str:
    """
    Normalize a name as the disk has it, independent of the locale.

    :raises BadName: when its bytes are not UTF-8.
    """
    if name.isascii():
        return name
    try:
        return unicodedata.normalize("NFC", os.fsencode(name).decode())
    except UnicodeDecodeError:
        raise BadName("its name is not UTF-8") from None


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
