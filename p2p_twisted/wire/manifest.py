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
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile
from operator import attrgetter, lt
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
    PATH_COMPONENTS,
)
from p2p_twisted.wire.names import USUAL_NAME, BadName, FileId, check_path, collision_key

EMPTY_FOLDER: Final = "-"
"""Stands in the place of an empty folder's id."""

MANIFEST_LINE_BYTES: Final = 64 + 1 + 13 + 1 + PATH_BYTES + 1
"""How long a line may be, with its end."""

_TOO_MANY: Final = f"a folder may have at most {MANIFEST_ENTRIES:,} files and folders"
_BY_PATH: Final = attrgetter("path")
_ID_AND_SIZE: Final = r"([0-9a-f]{64}|-(?= 0 )) (0|[1-9][0-9]{0,12})"
_LINE: Final = re.compile(rf"{_ID_AND_SIZE} ([^\n]+)\n")
_USUAL_PATH: Final = rf"{USUAL_NAME.pattern}(?:/{USUAL_NAME.pattern}){{0,{PATH_COMPONENTS - 1}}}"
_USUAL_LINE: Final = re.compile(rf"^{_ID_AND_SIZE} ({_USUAL_PATH})\n", re.MULTILINE)
_READ_AT_ONCE: Final = 100


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
    if not is_surely_small([text]):
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


def is_surely_small(blocks: Iterable[bytes]) -> bool:
    """
    Return whether a text lists so little that :func:`check_extent` finds nothing wrong with it.

    To look at each line would take far longer.

    :param blocks: of the text, cut anywhere.
    """
    length, entries, bare, end = 0, 0, 1, b""
    for block in blocks:
        length += len(block)
        entries += block.count(b"\n") + block.count(b"/")
        around = end + block
        bare += around.count(b"\n- ")
        end = around[-2:]
    # The last line may have no end.
    return length <= MANIFEST_BYTES and entries < MANIFEST_ENTRIES and bare <= BARE_FOLDERS_SPARE


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
    totals, rest = _Totals(), iter(lines)
    while some := list(islice(rest, _READ_AT_ONCE)):
        members = _read_some(some)
        totals.add(members)
        yield from members
    totals.check()


def _read_some(lines: Sequence[bytes]) -> Sequence[Member]:
    # Together, those whose paths are usual take a third of the time.
    found = _USUAL_LINE.findall(b"".join(lines).decode("ascii", "replace"))
    members = [Member(file_id, int(size), path) for file_id, size, path in found]
    if len(members) == len(lines) and max(len(each.path) for each in members) <= PATH_BYTES:
        return members
    return list(map(_read_line, lines))


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
    last: str = ""
    _files: set[int] = field(factory=set)
    _folders: set[int] = field(factory=set)

    def add(self, members: Sequence[Member]) -> None:
        """
        Add some files and empty folders.

        :raises BadManifest: when they are too much, or could be mistaken for each other, or for
            what was added before.
        """
        paths = [member.path for member in members]
        if not all(map(lt, [self.last, *paths], paths)):
            raise BadManifest("the paths are not sorted, or one is there twice")
        self.last = paths[-1]
        self.size += sum(member.size for member in members)
        self.has_files |= not all(member.is_folder for member in members)
        if self.size > FILE_BYTES:
            raise BadManifest(f"a folder may have at most {FILE_BYTES} bytes")
        # All of them as one text, as no two lines of it are put together.
        keys = collision_key("\n".join(paths)).split("\n")
        expected = len(self._files) + len(keys)
        self._files.update(map(hash, keys))
        if len(self._files) != expected:
            raise BadManifest("two paths differ only in case, accents or invisible characters")
        for parent in {key.rpartition("/")[0] for key in keys}:
            self._add_folder(parent)

    def check(self) -> None:
        """
        Check that all that was added is a folder.

        :raises BadManifest: when it is not.
        """
        if not self.has_files:
            raise BadManifest("a folder has at least one file")
        if not self._files.isdisjoint(self._folders):
            raise BadManifest("a path is both a file and a folder")

    def _add_folder(self, key: str) -> None:
        # A folder that is known has its parents known, too.
        while key and hash(key) not in self._folders:
            self._folders.add(hash(key))
            key = key.rpartition("/")[0]


def _new_on_the_way(last: bytes, folder: bytes) -> int:
    """Count the folders that lead to one, itself included, and not to the last one."""
    known, parts = (path.split(b"/") if path else [] for path in (last, folder))
    pairs = zip(known, parts, strict=False)
    return len(parts) - sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
