"""Get one file from whoever delivers it, for as long as it is wanted."""

from collections.abc import Iterable

from twisted.internet.defer import Deferred, DeferredLock

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.download.swarm import Swarm
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.manifests import Item
from p2p_twisted.wire.messages import Hit


class FileDownload:
    """
    Fetch one file: see what is there, have holders deliver the rest, save it.

    :param hits: who has it; everybody is asked for others.
    """

    def __init__(
        self,
        context: DownloadContext,
        inbox: Inbox,
        item: Item,
        hits: Iterable[Hit],
        observer: DownloadObserver,
    ) -> None:
        self._context = context
        self._item = item
        self._hits = tuple(hits)
        self._observer = observer
        self._path = inbox.path(inbox.part_path(item.target, item.file_id))
        self._turn: Deferred[DeferredLock] | None = None
        self._assembly = FileInProgress(context, inbox, item, observer)
        self._gathering = Swarm(context, item, self._assembly, observer)

    async def run(self) -> str:
        """
        Fetch it; where another download of this peer does so already, that comes first.

        :returns: the target that it was published as, or was found at.
        :raises DiskFault: when it cannot be kept.
        :raises CancelledError: when it was given up.
        """
        self._turn = self._context.disk.locks.acquire(self._path)
        await self._turn
        try:
            return await self._run()
        finally:
            self._context.disk.locks.release(self._path)

    async def _run(self) -> str:
        assembly = self._assembly
        try:
            target = await assembly.find_same()
            if target is not None:
                self._observer.advanced(self._item.size or 0)
            else:
                await assembly.resume()
                if not assembly.is_complete:
                    await self._copy()
                if not assembly.is_complete:
                    await self._gathering.run(self._hits)
                target = await assembly.save()
            await self._context.disk.offload(assembly.forget)
            return target
        finally:
            await assembly.close()

    async def _copy(self) -> None:
        """Take it from another file of this peer's, if there is one with that content."""
        source = await self._context.local.copies.open(self._item.file_id)
        if source is not None:
            try:
                await self._assembly.copy(source)
            finally:
                source.close()

    def give_up(self) -> None:
        """Stop as soon as possible; what has arrived stays."""
        if self._turn is not None:
            self._turn.cancel()
        self._assembly.give_up()
        self._gathering.give_up()

    def forget(self) -> None:
        """Remove what is left of it, unless another download goes on with that; blocks."""
        if not self._context.disk.locks.is_taken(self._path):
            self._assembly.forget()
