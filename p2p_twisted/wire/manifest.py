"""
What a folder is on the wire: a text that lists its files.

One line per file, and per empty folder, sorted by path, which is relative to the
folder::

    FILEID SIZE PATH
    - 0 PATH

The text is content like any other: it has a file id, which names the folder.
There is exactly one text for the same files, so two holders of equal folders
offer one id.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from operator import attrgetter
from typing import Final

import msgspec
from attrs import define, field

from p2p_twisted.wire.attributes import UNKNOWN, Attributes, encode_attributes
from p2p_twisted.wire.limits import (
    BARE_FOLDERS_SPARE,
    FILE_BYTES,
    MANIFEST_BYTES,
    MANIFEST_ENTRIES,
    PATH_BYTES,
)
from p2p_twisted.wire.names import BadName, FileId, check_path, collision_key

EMPTY_FOLDER: Final = "-"
"""Stands in the place of an empty folder's id."""

MANIFEST_LINE_BYTES: Final = 64 + 1 + 13 + 1 + PATH_BYTES + 1
"""How long a line may be, with its end."""

_TOO_MANY: Final = f"a folder may have at most {MANIFEST_ENTRIES:,} files and folders"
_BY_PATH: Final = attrgetter("path")
_LINE: Final = re.compile(r"([0-9a-f]{64}|-(?= 0 )) (0|[1-9][0-9]{0,12}) ([^\n]+)\n")


class BadManifest(ValueError):
    """A text that cannot be a folder's; the exception's own text says why, for people."""


# There are very many, which attrs would take ten times as long to make.
class Member(msgspec.Struct, frozen=True, gc=False):
    """
    One file of a folder, or an empty folder in it.

    :ivar file_id: names its content; :data:`EMPTY_FOLDER` for a folder.
    :ivar size: in bytes.
    :ivar path: relative to the folder, with ``/`` between its components.
    :ivar attributes: what is kept of it beside its content; the manifest has nothing of it.
    """

    file_id: FileId
    size: int
    path: str
    attributes: Attributes = UNKNOWN

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.file_id == EMPTY_FOLDER


def encode(members: Iterable[Member]) -> bytes:
    """
    Write the text that lists a folder's files.

    :raises BadManifest: when it lists more than others would read.
    """
    in_order = sorted(members, key=_BY_PATH)
    lines = [f"{member.file_id} {member.size} {member.path}\n" for member in in_order]
    text = "".join(lines).encode()
    if not _is_surely_small(text, len(lines)):
        check_extent(_split(text))
    return text


def encode_attributes_of(members: Iterable[Member]) -> bytes:
    """Write the list of what is kept of members beside their content."""
    return encode_attributes(member.attributes for member in sorted(members, key=_BY_PATH))


def decode(text: bytes) -> tuple[Member, ...]:
    """
    Read a folder's files from its text.

    It takes a second or two per 100,000 files: call it in a thread.

    :raises BadManifest: unless every path is safe and no two could be mistaken for
        each other, on any file system.
    """
    lines = _split(text)
    check_extent(lines)
    return tuple(read_lines(lines))


def _is_surely_small(text: bytes, lines: int) -> bool:
    """Return whether no bound can be reached: to look at each line would take far longer."""
    entries = lines + text.count(b"/")
    bare = 1 + text.count(b"\n- ")
    return (
        len(text) <= MANIFEST_BYTES and entries <= MANIFEST_ENTRIES and bare <= BARE_FOLDERS_SPARE
    )


def _split(text: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", text)


def check_extent(lines: Iterable[bytes]) -> None:
    """
    Check how much a text lists, before anything is made of its lines; that takes no memory.

    :raises BadManifest: when it has more than 64 MiB, or too many lines, or far more of them
        are of empty folders than of files.
    """
    length = files = bare = entries = 0
    last = b""
    for line in lines:
        length += len(line)
        is_bare = line.startswith(b"-")
        bare += is_bare
        files += not is_bare
        entries += 1
        # Sorted lines have what is below a folder together: so it is new, or was in the last one.
        folder = line.split(b" ", 2)[-1].rpartition(b"/")[0]
        if folder != last:
            entries += _new_on_the_way(last, folder)
            last = folder
        if length > MANIFEST_BYTES:
            raise BadManifest(f"a folder's list of files may have at most {MANIFEST_BYTES} bytes")
        if entries > MANIFEST_ENTRIES:
            raise BadManifest(_TOO_MANY)
    if bare > files + BARE_FOLDERS_SPARE:
        raise BadManifest(
            f"a folder may have at most {BARE_FOLDERS_SPARE:,} empty folders more than files"
        )


def read_lines(lines: Iterable[bytes]) -> Iterator[Member]:
    """
    Read a folder's files one by one, from the lines of its text with their ends.

    What it yields is good for nothing until all was read: only then is it known that no two
    could be mistaken for each other.

    :raises BadManifest: as :func:`decode` does.
    """
    totals, last = _Totals(), ""
    for line in lines:
        member = _read_line(line)
        if member.path <= last:
            raise BadManifest("the paths are not sorted, or one is there twice")
        totals.add(member)
        yield member
        last = member.path
    if not totals.has_files:
        raise BadManifest("a folder has at least one file")


def _read_line(text: bytes) -> Member:
    try:
        line = _LINE.fullmatch(text.decode())
    except UnicodeDecodeError:
        raise BadManifest("a folder's list of files is not UTF-8") from None
    if line is None:
        raise BadManifest("a line is not FILEID SIZE PATH, or - 0 PATH")
    file_id, size, path = line.groups()
    try:
        check_path(path)
    except BadName as error:
        raise BadManifest(str(error)) from None
    return Member(file_id, int(size), path)


@define
class _Totals:
    """
    What was listed so far: checks that it can all be stored, and that it is not too much.

    ``A`` beside ``a``, and ``a`` beside ``a/b``, cannot always both be stored. Only hashes are
    kept: the paths of all folders could be many times as long as the text.
    """

    size: int = 0
    has_files: bool = False
    _files: set[int] = field(factory=set)
    _folders: set[int] = field(factory=set)

    def add(self, member: Member) -> None:
        """
        Add a file or an empty folder.

        :raises BadManifest: when it does not fit beside what was added before.
        """
        self.size += member.size
        self.has_files |= not member.is_folder
        if self.size > FILE_BYTES:
            raise BadManifest(f"a folder may have at most {FILE_BYTES} bytes")
        key = collision_key(member.path)
        if hash(key) in self._files:
            raise BadManifest("two paths differ only in case, accents or invisible characters")
        self._files.add(hash(key))
        is_both = hash(key) in self._folders
        parent = key.rpartition("/")[0]
        # A folder that is known has its parents known, too.
        while parent and hash(parent) not in self._folders:
            self._folders.add(hash(parent))
            is_both |= hash(parent) in self._files
            parent = parent.rpartition("/")[0]
        if is_both:
            raise BadManifest("a path is both a file and a folder")


def _new_on_the_way(last: bytes, folder: bytes) -> int:
    """Count the folders that lead to one, itself included, and not to the last one."""
    known, parts = (path.split(b"/") if path else [] for path in (last, folder))
    pairs = zip(known, parts, strict=False)
    return len(parts) - sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
