"""Keep manifests of wanted folders and selections, and sweep abandoned part files."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

import attrs

from p2p_twisted.storage.content import Content
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.wire.chunks import chunk_digest, id_from_digests, split_chunks
from p2p_twisted.wire.manifest import BadManifest, Member, decode
from p2p_twisted.wire.names import FileId


@attrs.frozen
class Item:
    """
    One file to download.

    :ivar size: in bytes; ``None`` for a manifest, whose size hits need not tell.
    :ivar target: its path in the inbox.
    """

    file_id: FileId
    size: int | None
    target: str


def manifest_item(file_id: FileId) -> Item:
    """Return a manifest as an item for the inbox of manifests."""
    # A hit may give a folder's size as that of all its files: the id decides.
    return Item(file_id, None, f"{file_id}.manifest")


def keep_manifest(manifests: Inbox, text: bytes) -> FileId:
    """
    Save a list of files where the manifest of a folder would be; blocks.

    :returns: its id.
    :raises DiskFault: when it cannot be saved.
    """
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


def read_manifest(path: str) -> list[Member]:
    """
    Read the members that a manifest lists; blocks.

    :raises BadManifest: when what it lists could not be stored.
    """
    with open(path, "rb") as manifest:
        return list(decode(manifest.read()))


def sweep(inbox: Inbox, manifests: Inbox, wants: Iterable[JournalEntry]) -> None:
    """
    Remove part files that were last written to more than a day ago, unless wanted; blocks.

    :param manifests: the inbox with the manifests of wanted selections.
    :param wants: the downloads that are still wanted.
    """
    spared: set[str] = set()
    for wanted in wants:
        if wanted.kind == "files":
            spared.update(_parts_selected(inbox, manifests, wanted))
        if wanted.target is not None:
            spared.add(wanted.target)
            spared.add(inbox.part_path(wanted.target, wanted.file))
    inbox.sweep(spared, time.time())


def _parts_selected(inbox: Inbox, manifests: Inbox, wanted: JournalEntry) -> Iterator[str]:
    """Return the part files that downloading a selection may have left."""
    with suppress(OSError, BadManifest):
        for member in read_manifest(manifests.path(manifest_item(wanted.file).target)):
            yield inbox.part_path(member.path, member.file_id)
