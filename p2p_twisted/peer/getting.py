"""From what a person asks for to a download: look here first, then find its holders."""

import re
from typing import Final

from twisted.internet.defer import Deferred, FirstError, gatherResults

from p2p_twisted.download.downloads import Downloads
from p2p_twisted.download.progress import Progress
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.peer.interface import AlreadyHere, PeerError, Selection, Watch
from p2p_twisted.peer.search import Search, one_content
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.manifest import BadManifest
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, PeerName

_FILE_ID: Final = re.compile(r"[0-9a-f]{64}\Z")


class Getting:
    """
    Fetch things by name.

    :param catalog: what this peer shares itself.
    """

    def __init__(
        self, search: Search, catalog: Catalog, downloads: Downloads, inbox: Inbox, offload: Offload
    ) -> None:
        self._search = search
        self._catalog = catalog
        self._downloads = downloads
        self._inbox = inbox
        self._offload = offload

    async def get(self, wanted: str | Hit, watch: Watch, holder: PeerName | None) -> Progress:
        """
        Download what a person asks for.

        :raises PeerError: when there is no such thing, or it is here.
        """
        hits = await self.find(wanted, holder)
        file = hits[0].file
        assert file is not None
        if shared := self._catalog.with_id(file, 1):
            raise AlreadyHere(f"{shared[0].name} is already in your directory")
        if hits[0].kind == "file":
            target = hits[0].name.rpartition("/")[2]
            try:
                same = await self._offload(self._inbox.find_same, target, file, hits[0].size)
            except DiskFault as fault:
                raise PeerError(str(fault)) from fault
            if same is not None:
                raise AlreadyHere(f"{same} is already in {self._inbox.folder}")
        return await self._downloads.get(hits, watch)

    async def get_selected(self, selection: Selection, watch: Watch) -> tuple[Progress, ...]:
        """
        Download what was selected.

        :raises PeerError: when the list of it is too long, or cannot be kept.
        """
        files = [hits for hits in selection.things if hits[0].kind == "file"]
        gets = [self._downloads.get(hits, watch) for hits in selection.things if hits not in files]
        if len(files) == 1:
            gets.append(self._downloads.get(files[0], watch))
        elif files:
            several = self._downloads.get_selected(selection.words, files, watch)
            gets.append(Deferred.fromCoroutine(several))
        try:
            return tuple(await gatherResults(gets, consumeErrors=True))
        except FirstError as error:
            if error.subFailure.check(BadManifest, DiskFault):
                raise PeerError(error.subFailure.getErrorMessage()) from None
            error.subFailure.raiseException()

    async def find(self, wanted: str | Hit, holder: PeerName | None) -> tuple[Hit, ...]:
        """
        Find who has what a person asks for.

        :raises PeerError: when there is no such thing, or it is here.
        """
        if isinstance(wanted, Hit):
            if holder not in (None, wanted.peer):
                assert wanted.file is not None
                return await self._search.holders(wanted.file, holder)
            return one_content((wanted,))
        if _FILE_ID.match(wanted):
            return one_content(await self._search.holders(wanted, holder))
        if holder == self._search.node.me.name:
            raise PeerError(f"{holder} is this peer: name another one, or none")
        if holder is None:
            self._check_not_here(wanted)
        return await self._search.resolve(wanted, holder)

    def _check_not_here(self, text: str) -> None:
        """
        Look for a name, as typed, in the library and among the downloads.

        :raises AlreadyHere: when it is there.
        """
        for shared in self._catalog.named(text, 1):
            raise AlreadyHere(f"{shared.name} is already in your directory")
        for target in (text, text + ".txt"):
            try:
                # What is unfinished of a folder has its name already.
                if self._inbox.exists(target) and not self._downloads.is_unfinished(target):
                    raise AlreadyHere(f"{target} is already in {self._inbox.folder}")
            except BadName:
                return
