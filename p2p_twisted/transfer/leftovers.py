"""What earlier runs have left in an inbox: what nobody wants any more is removed."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from p2p_twisted.transfer.folder import read_manifest
from p2p_twisted.transfer.inbox import Inbox
from p2p_twisted.transfer.selection import manifest_item
from p2p_twisted.transfer.wants import Wanted
from p2p_twisted.wire.manifest import BadManifest


def sweep(inbox: Inbox, manifests: Inbox, wants: Iterable[Wanted]) -> None:
    """
    Remove part files that nobody has gone on with for a day; blocks.

    :param manifests: where those of wanted selections are.
    :param wants: what is to be gone on with.
    """
    spared: set[str] = set()
    for wanted in wants:
        if wanted.kind == "files":
            spared.update(_parts_selected(inbox, manifests, wanted))
        if wanted.target is not None:
            spared.add(wanted.target)
            spared.add(inbox.part_path(wanted.target, wanted.file))
    inbox.sweep(spared, time.time())


def _parts_selected(inbox: Inbox, manifests: Inbox, wanted: Wanted) -> Iterator[str]:
    """Name the part files that those of a selection may have left."""
    with suppress(OSError, BadManifest):
        for member in read_manifest(manifests.path(manifest_item(wanted.file).target)):
            yield inbox.part_path(member.path, member.file)
