"""Keep manifests of wanted folders and selections, and sweep abandoned part files."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import BinaryIO, Final

import attrs

from p2p_twisted.runtime.atomic import replace_file
from p2p_twisted.runtime.openat import opened_folder
from p2p_twisted.storage.content import Content
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox, IsWanted
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.wire.attributes import UNKNOWN, Attributes, decode_attributes
from p2p_twisted.wire.chunks import chunk_digest, id_from_digests, split_chunks
from p2p_twisted.wire.limits import KIB
from p2p_twisted.wire.manifest import (
    MANIFEST_LINE_BYTES,
    BadManifest,
    Member,
    check_extent,
    encode,
    encode_attributes_of,
    is_surely_small,
    read_lines,
)
from p2p_twisted.wire.names import FileId

_ATTRIBUTES: Final = ".attributes"
_BLOCK_BYTES: Final = 256 * KIB


@attrs.frozen
class Item:
    """
    One file to download.

    :ivar size: in bytes; ``None`` for a manifest, whose size hits need not tell.
    :ivar target: its path in the inbox.
    :ivar attributes: what it is to have beside its content.
    """

    file_id: FileId
    size: int | None
    target: str
    attributes: Attributes = UNKNOWN


def manifest_item(file_id: FileId) -> Item:
    """Return a manifest as an item for the inbox of manifests."""
    # A hit may give a folder's size as that of all its files: the id decides.
    return Item(file_id, None, f"{file_id}.manifest")


def attributes_item(folder: FileId, file_id: FileId) -> Item:
    """Return the list of what is kept of a folder's files as an item."""
    return Item(file_id, None, f"{folder}{_ATTRIBUTES}")


def keep_lists(manifests: Inbox, members: Sequence[Member]) -> FileId:
    """
    Save a list of files where the lists of a folder would be; blocks.

    :returns: the id of its manifest.
    :raises BadManifest: when there are too many.
    :raises DiskFault: when it cannot be saved.
    """
    file_id = _keep_manifest(manifests, encode(members))
    text = encode_attributes_of(members)
    try:
        with opened_folder(manifests.folder, "") as folder:
            replace_file(folder, f"{file_id}{_ATTRIBUTES}", text, mode=0o666)
    except OSError as error:
        raise DiskFault.of(error) from error
    return file_id


def read_attributes(
    manifests: Inbox, folder: FileId, members: Sequence[Member]
) -> Iterator[Member]:
    """
    Give the members of a folder what its list of attributes says of them, one by one; blocks.

    :param members: in the order of the manifest.
    :raises OSError: when there is no list, or it cannot be read.
    :raises BadAttributes: when it is of another folder.
    """
    with open(manifests.path(f"{folder}{_ATTRIBUTES}"), "rb") as kept:
        text = kept.read()
    for member, attributes in zip(members, decode_attributes(text, len(members)), strict=True):
        yield Member(member.file_id, member.size, member.path, attributes)


def forget_attributes(manifests: Inbox, folder: FileId) -> None:
    """Remove the list of what is kept of a folder's files, if there is one; blocks."""
    with suppress(OSError):
        os.unlink(manifests.path(f"{folder}{_ATTRIBUTES}"))


def _keep_manifest(manifests: Inbox, text: bytes) -> FileId:
    digests = b"".join(chunk_digest(chunk) for chunk in split_chunks(text))
    file_id = id_from_digests(len(text), digests)
    target = manifest_item(file_id).target
    if manifests.find_same(target, file_id, len(text)) is None:
        part = manifests.open_part(target, Content(file_id, len(text), digests))
        try:
            for index, chunk in enumerate(split_chunks(text)):
                part.write(index, chunk)
            part.publish()
        finally:
            part.close()
    return file_id


def read_manifest(path: str) -> Iterator[Member]:
    """
    Read the members that a manifest lists, one by one; blocks, and takes long for very many.

    :raises BadManifest: when what it lists could not be stored; perhaps only after the last.
    """
    with open(path, "rb") as manifest:
        # First, as it costs no memory: a text that lists too much is not read.
        if not is_surely_small(iter(partial(manifest.read, _BLOCK_BYTES), b"")):
            manifest.seek(0)
            check_extent(_lines(manifest))
        manifest.seek(0)
        yield from read_lines(_lines(manifest))


def _lines(manifest: BinaryIO) -> Iterator[bytes]:
    """Read the lines of a text; what is too long for one comes in pieces, which are none."""
    return iter(partial(manifest.readline, MANIFEST_LINE_BYTES), b"")


def sweep(
    inbox: Inbox,
    manifests: Inbox,
    wants: Iterable[JournalEntry],
    is_wanted: IsWanted,
) -> None:
    """
    Remove part files that were last written to more than a day ago, unless wanted; blocks.

    :param manifests: the inbox with the manifests of wanted selections.
    :param wants: the downloads that are still wanted.
    :param is_wanted: is called before each list that is read, and each folder.
    """
    spared: set[str] = set()
    for wanted in wants:
        if not is_wanted():
            return
        if wanted.kind == "files":
            spared.update(_parts_selected(inbox, manifests, wanted))
        if wanted.target is not None:
            spared.add(wanted.target)
            spared.add(inbox.part_path(wanted.target, wanted.file))
    inbox.sweep(spared, time.time(), is_wanted)


def _parts_selected(inbox: Inbox, manifests: Inbox, wanted: JournalEntry) -> Iterator[str]:
    """Return the part files that downloading a selection may have left."""
    with suppress(OSError, BadManifest):
        for member in read_manifest(manifests.path(manifest_item(wanted.file).target)):
            yield inbox.part_path(member.path, member.file_id)
