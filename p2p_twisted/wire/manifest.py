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
from typing import Final

from attrs import frozen

from p2p_twisted.wire.attributes import UNKNOWN, Attributes, encode_attributes
from p2p_twisted.wire.limits import FILE_BYTES, MANIFEST_BYTES
from p2p_twisted.wire.names import BadName, FileId, check_path, collision_key

EMPTY_FOLDER: Final = "-"
"""Stands in the place of an empty folder's id."""

_LINE: Final = re.compile(r"([0-9a-f]{64}|-(?= 0 )) (0|[1-9][0-9]{0,12}) ([^\n]+)\n")


class BadManifest(ValueError):
    """A text that cannot be a folder's; the exception's own text says why, for people."""


@frozen
class Member:
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

    :raises BadManifest: when it has more than 64 MiB.
    """
    in_order = sorted(members, key=_by_path)
    text = "".join(
        [f"{member.file_id} {member.size} {member.path}\n" for member in in_order]
    ).encode()
    if len(text) > MANIFEST_BYTES:
        raise BadManifest(f"a folder's list of files may have at most {MANIFEST_BYTES} bytes")
    return text


def encode_attributes_of(members: Iterable[Member]) -> bytes:
    """Write the list of what is kept of members beside their content."""
    return encode_attributes(member.attributes for member in sorted(members, key=_by_path))


def decode(text: bytes) -> tuple[Member, ...]:
    """
    Read a folder's files from its text.

    It takes a second or two per 100,000 files: call it in a thread.

    :raises BadManifest: unless every path is safe and no two could be mistaken for
        each other, on any file system.
    """
    members = tuple(_read_lines(text))
    if all(member.is_folder for member in members):
        raise BadManifest("a folder has at least one file")
    if sum(member.size for member in members) > FILE_BYTES:
        raise BadManifest(f"a folder may have at most {FILE_BYTES} bytes")
    _check_apart(members)
    return members


def _read_lines(text: bytes) -> Iterator[Member]:
    if len(text) > MANIFEST_BYTES:
        raise BadManifest(f"a folder's list of files may have at most {MANIFEST_BYTES} bytes")
    try:
        lines = text.decode()
    except UnicodeDecodeError:
        raise BadManifest("a folder's list of files is not UTF-8") from None
    position, last = 0, ""
    while position < len(lines):
        line = _LINE.match(lines, position)
        if line is None:
            raise BadManifest("a line is not FILEID SIZE PATH, or - 0 PATH")
        file_id, size, path = line.groups()
        if path <= last:
            raise BadManifest("the paths are not sorted, or one is there twice")
        try:
            check_path(path)
        except BadName as error:
            raise BadManifest(str(error)) from None
        yield Member(file_id, int(size), path)
        position, last = line.end(), path


def _check_apart(members: tuple[Member, ...]) -> None:
    """Refuse ``A`` beside ``a``, and ``a`` beside ``a/b``: they cannot always both be stored."""
    files: set[str] = set()
    folders: set[str] = set()
    for member in members:
        key = collision_key(member.path)
        if key in files:
            raise BadManifest("two paths differ only in case or accents")
        files.add(key)
        parent = key.rpartition("/")[0]
        # A folder that is known has its parents known, too.
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    if not files.isdisjoint(folders):
        raise BadManifest("a path is both a file and a folder")


def _by_path(member: Member) -> str:
    return member.path
