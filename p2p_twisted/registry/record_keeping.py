"""Keep what an authority remembers: on the disk, and, where others share it, in their store."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from p2p_twisted.registry.authority import Authority
from p2p_twisted.registry.record_items import (
    REVOKED,
    differences,
    items_of,
    kept_of,
    revoked_items,
    without_invites,
)
from p2p_twisted.registry.shared_records import SharedRecords
from p2p_twisted.registry.store import StoreFault
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload

RECORDS: Final = "records.json"
"""The file of what an authority remembers."""


class RecordKeeper:
    """
    Keeps records in the file of one registry, which is all that there is where it is alone.

    Where others share them, their store decides, and the file has what is this registry's own, and
    what it knew of the rest.

    :param folder: where the file is.
    :param offload: calls what blocks.
    :param shared: what the others know, too.
    :param heard: is told of revocations that were learned from the others.
    """

    def __init__(
        self,
        authority: Authority,
        folder: OwnFolder,
        offload: Offload,
        shared: SharedRecords | None,
        heard: Callable[[Sequence[str]], None],
    ) -> None:
        self._authority = authority
        self._folder = folder
        self._offload = offload
        self._shared = shared
        self._heard = heard
        # Revocations that the authority believed when they were kept last.
        self._believed: set[str] = set()

    @property
    def is_shared(self) -> bool:
        """Whether other registries have a part in them."""
        return self._shared is not None

    async def catch_up(self, now: float) -> None:
        """
        Know what other registries have stored.

        :param now: seconds since 1970.
        :raises StoreFault: when their store does not answer.
        """
        if self._shared is None or not await self._shared.catch_up():
            return
        theirs, own = dict(self._shared.items), self._items(self._authority.to_json())
        number, known = self._shared.number, self._authority.stored
        if not known:
            # Nothing of its own was ever among them.
            theirs = {**own, **theirs}
        elif number < known or self._shared.is_rewound:
            # Restored from a backup: which invites were used since is not known.
            theirs = without_invites({**own, **theirs})
        texts = revoked_items(self._authority.revocations.counting())
        new = sorted(path for path in theirs.keys() - texts if path.startswith(REVOKED))
        if new:
            self._heard([theirs[path] for path in new])
        mine = self._authority.to_json()
        kept = kept_of({**theirs, **texts}, mine)
        self._authority.restore({**mine, **kept, "stored": number}, now, is_own=False)

    async def keep(self, *, is_urgent: bool = False) -> None:
        """
        Keep all that the authority remembers now.

        :param is_urgent: keep it here, too, where the others cannot be told now.
        :raises OutOfDate: when another registry has stored something meanwhile.
        :raises StoreFault: when their store does not answer.
        :raises OSError: when the file cannot be written.
        """
        if self._shared is not None:
            try:
                await self._share(self._shared)
            except StoreFault:
                if not is_urgent:
                    raise
        kept = json.dumps(self._authority.to_json()).encode()
        await self._offload(self._folder.replace, RECORDS, kept)

    async def _share(self, shared: SharedRecords) -> None:
        # As they are when they have been read again.
        kept = json.loads(json.dumps(self._authority.to_json()))
        items, stored = self._items(kept), shared.items
        believed = revoked_items(self._authority.revocations.counting()).keys()
        replaced = self._believed.difference(believed).intersection(stored)
        await shared.keep(differences(stored, items) | dict.fromkeys(replaced))
        self._believed = set(believed)
        self._authority.stored = shared.number

    def _items(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """Return what others are to know: not which revocations others have replaced."""
        return items_of({**kept, "revocations": self._authority.revocations.counting()})
