"""Find what a person asks for among what is here already: then it is not fetched."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Shared
from p2p_twisted.peer.meaning import Hits
from p2p_twisted.peer_errors import AlreadyHere, CannotKeep
from p2p_twisted.runtime.tasks import while_wanted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox, IsWanted
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName

_LOOKED_FOR_AT_ONCE: Final = 256


@attrs.define(eq=False)
class OwnContent:
    """
    What a peer shares, and what it has downloaded.

    :param catalogs: what it shares, without what it has downloaded.
    :param path_of: tells where a name of that lies.
    :param inbox: where downloads land.
    """

    _catalogs: Sequence[Catalog]
    _path_of: Callable[[str], str]
    _inbox: Inbox
    _downloads: Downloads
    _offload: Offload
    _looks: set["Deferred[Any]"] = attrs.field(factory=set, init=False)
    _is_stopping: bool = attrs.field(default=False, init=False)

    def stop(self) -> None:
        """Look for nothing more: to read an immense file would keep this peer from its end."""
        self._is_stopping = True
        for look in list(self._looks):
            look.cancel()

    def check_name(self, text: str) -> None:
        """
        Look for a name that nobody else has, in the library and among the downloads.

        :raises AlreadyHere: when it is there.
        """
        for shared in (each for of in self._catalogs for each in of.named(text, 1)):
            raise self._shared_here(shared)
        for target in (text, text + ".txt"):
            try:
                # An unfinished folder has its final name already.
                if self._inbox.exists(target) and not self._downloads.is_unfinished(target):
                    where = self._inbox.folder
                    why = f"{target} is already in {where}; no peer shares it now"
                    raise AlreadyHere(why, self._inbox.native_path(target))
            except BadName:
                return

    def older(self, hits: Sequence[Hit]) -> str:
        """Say that a file of such a name, which none of them is, was downloaded before."""
        targets = dict.fromkeys(hit.name.rpartition("/")[2] for hit in hits)
        there = [target for target in targets if self._inbox.exists(target)]
        return f", and an older {there[0]} is in {self._inbox.folder}" if there else ""

    async def look_for(self, things: Sequence[Hits]) -> list[AlreadyHere | None]:
        """
        Look for content, whatever its name, in the library and under its targets' names.

        :returns: for each, where it is; ``None`` where it is not.
        :raises PeerError: when a file of such a name cannot be read.
        :raises CancelledError: when this was canceled, or the peer ends.
        """
        here: list[AlreadyHere | None] = []
        for start in range(0, len(things), _LOOKED_FOR_AT_ONCE):
            some = [hits[0] for hits in things[start : start + _LOOKED_FOR_AT_ONCE]]
            shared = [self._in_library(hit) for hit in some]
            saved = await self._look(some)
            here += [own or other for own, other in zip(shared, saved, strict=True)]
        return here

    async def _look(self, hits: Sequence[Hit]) -> list[AlreadyHere | None]:
        if self._is_stopping:
            raise CancelledError
        look = Deferred.fromCoroutine(while_wanted(self._offload, self._in_inbox, hits))
        self._looks.add(look)
        try:
            return await look
        except DiskFault as fault:
            raise CannotKeep(str(fault)) from fault
        finally:
            self._looks.remove(look)

    def _in_library(self, hit: Hit) -> AlreadyHere | None:
        assert hit.file is not None
        for shared in (each for of in self._catalogs for each in of.with_id(hit.file, 1)):
            return self._shared_here(shared)
        return None

    def _shared_here(self, shared: Shared) -> AlreadyHere:
        why = f"{shared.name} is already in your directory"
        return AlreadyHere(why, self._path_of(shared.name), shared.file_id)

    def _in_inbox(self, hits: Sequence[Hit], is_wanted: IsWanted) -> list[AlreadyHere | None]:
        return [self._saved_as(hit, is_wanted) for hit in hits]

    def _saved_as(self, hit: Hit, is_wanted: IsWanted) -> AlreadyHere | None:
        if hit.kind != "file" or hit.file is None:
            return None
        target = hit.name.rpartition("/")[2]
        same = self._inbox.find_same(target, hit.file, hit.size, is_wanted)
        if same is None:
            return None
        why = f"{same} is already in {self._inbox.folder}"
        return AlreadyHere(why, self._inbox.native_path(same), hit.file)
