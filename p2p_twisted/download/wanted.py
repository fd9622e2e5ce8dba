"""Write what is wanted down as the journal keeps it."""

from collections.abc import Sequence

import attrs

from p2p_twisted.download.selection import attributes_of
from p2p_twisted.storage.journal import HOLDERS_KEPT, JournalEntry
from p2p_twisted.wire.messages import Hit


def wanted(
    hits: Sequence[Hit], name: str | None, into: str, most: int | None, room: int | None
) -> JournalEntry:
    """
    Write down a file or folder: see :meth:`Downloads.get`.

    :param hits: its holders; all name one file id.
    """
    first = hits[0]
    assert first.file is not None
    entry = JournalEntry(first.file, name or first.name, first.size, first.kind, into=into)
    # A folder's target is chosen when its manifest is there.
    if first.kind != "file":
        unshared = max(hit.unshared for hit in hits)
        return attrs.evolve(entry, unshared=unshared, most=most, room=room)
    told = attributes_of(hits)
    return attrs.evolve(
        entry,
        target=entry.usual_target,
        modified=told.modified,
        is_executable=told.is_executable,
        holders=tuple(dict.fromkeys(hit.peer for hit in hits))[:HOLDERS_KEPT],
    )
