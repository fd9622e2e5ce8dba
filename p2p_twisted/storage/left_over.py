"""Find out how much of a download an earlier run has left, without reading that."""

import os
from collections.abc import Iterator
from contextlib import suppress

from p2p_twisted.runtime.holes import has_data
from p2p_twisted.runtime.openat import native, opened_folder
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox, IsWanted
from p2p_twisted.storage.journal import Journal, JournalEntry
from p2p_twisted.storage.manifests import manifest_item, read_manifest
from p2p_twisted.wire.chunks import chunk_count
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.manifest import BadManifest
from p2p_twisted.wire.names import BadName, FileId

_PART = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def left_over(
    file_id: FileId, journal: Journal, inbox: Inbox, manifests: Inbox, is_wanted: IsWanted
) -> int:
    """
    Return how many bytes of a wanted download seem to be there; blocks.

    Whether they are right is verified when it goes on: that takes as long as to read them.

    :param manifests: the inbox with the manifests of wanted folders and selections.
    :param is_wanted: is called before each file.
    """
    entry = journal.get(file_id)
    if entry is None:
        return 0
    if entry.kind == "file":
        return _of_part(file_id, entry.target or entry.usual_target, journal, inbox)
    with suppress(OSError, BadManifest, DiskFault):
        return sum(_of_members(entry, journal, inbox, manifests, is_wanted))
    return 0


def _of_members(
    entry: JournalEntry, journal: Journal, inbox: Inbox, manifests: Inbox, is_wanted: IsWanted
) -> Iterator[int]:
    published = journal.published(entry.file).read()
    above = f"{entry.target}/" if entry.target else ""
    for member in read_manifest(manifests.path(manifest_item(entry.file).target)):
        if not is_wanted():
            return
        path = above + member.path
        known = published.get(path)
        if known is not None and known.is_at(inbox.native_path(known.target)):
            yield member.size
        elif member.size > CHUNK_BYTES:
            yield _of_part(member.file_id, path, journal, inbox)


def _of_part(file_id: FileId, target: str, journal: Journal, inbox: Inbox) -> int:
    """Return how many bytes of a part file are no holes, or are to be zeros."""
    content = journal.content(file_id)
    if content is None:
        return 0
    folder, name = os.path.split(inbox.part_path(target, file_id))
    try:
        with opened_folder(inbox.folder, native(folder)) as folder_fd:
            part = os.open(name, _PART, dir_fd=folder_fd)
    except (OSError, BadName):
        return 0
    try:
        held = min(content.chunks, chunk_count(os.fstat(part).st_size))
        return sum(
            content.length(index)
            for index in range(held)
            if content.is_zero(index) or has_data(part, index * CHUNK_BYTES, content.length(index))
        )
    finally:
        os.close(part)
