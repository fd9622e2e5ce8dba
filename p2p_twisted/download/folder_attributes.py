"""Learn when the files of a folder were written, and which of them can be run."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import attrs
from twisted.internet import defer
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.download.chunk_work import ChunkWork
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.storage.manifests import attributes_item, forget_attributes, read_attributes
from p2p_twisted.wire.attributes import BadAttributes
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId

_HOLDERS_ASKED: Final = 4
# A holder may be busy when it is asked first.
_WAITS_SECONDS: Final = (0.0, 1.0, 3.0, 10.0)
# It is worth no more: a holder may send it as slowly as any file may come.
_PATIENCE_SECONDS: Final = 60.0


class FolderAttributes:
    """
    The list of what is kept of a folder's files beside their content.

    Any holder of the folder may have one, each its own, and one that has changed its files'
    times since it was found has another. Without any, files have the times at which they come.

    :param folder: the id of the folder's manifest.
    :param hits: holders of it.
    """

    log = Logger()

    def __init__(
        self,
        context: DownloadContext,
        folder: FileId,
        hits: Iterable[Hit],
        observer: DownloadObserver,
    ) -> None:
        self._context = context
        self._disk = context.disk
        self._manifests = context.disk.manifests
        self._folder = folder
        self._hits = tuple(hits)
        self._observer = observer
        self._until = 0.0

    async def add_to(self, members: list[Member]) -> list[Member]:
        """
        Return members with what their originals have beside the content, as far as it is known.

        :raises DiskFault: when the list cannot be kept.
        """
        hits, known = self._hits, await self._read(members)
        self._until = self._context.clock.seconds() + _PATIENCE_SECONDS
        for wait in _WAITS_SECONDS:
            if known is not None:
                break
            if wait:
                await deferLater(self._context.clock, wait)
            if wait or not hits:
                hits = await self._context.peers.network.find(self._folder)
            if not await self._fetch_from(hits):
                break
            known = await self._read(members)
        if known is None:
            self.log.info("nobody tells when files of {folder} were written", folder=self._folder)
        return members if known is None else known

    def forget(self) -> None:
        """Remove the list; blocks."""
        forget_attributes(self._manifests, self._folder)

    async def _read(self, members: list[Member]) -> list[Member] | None:
        try:
            return await self._disk.all(read_attributes(self._manifests, self._folder, members))
        except FileNotFoundError:
            return None
        except (OSError, BadAttributes) as error:
            self.log.info("{folder}: {error}", folder=self._folder, error=error)
            await self._disk.call(self.forget)
            return None

    async def _fetch_from(self, hits: Iterable[Hit]) -> bool:
        """Have holders send their lists, until one has; return whether any of them has one."""
        may_ask = self._context.peers.tickets.may_ask
        offers = [hit for hit in hits if hit.attributes is not None and may_ask(hit)]
        for hit in offers[:_HOLDERS_ASKED]:
            if self._context.clock.seconds() >= self._until:
                return False
            assert hit.attributes is not None
            offer = attrs.evolve(hit, file=hit.attributes, kind="file")
            if await self._fetch(offer, hit.attributes):
                break
        return bool(offers)

    async def _fetch(self, offer: Hit, file_id: FileId) -> bool:
        item = attributes_item(self._folder, file_id)
        work = ChunkWork(self._context, self._manifests, item, self._observer)
        try:
            clock = self._context.clock
            asking = defer.Deferred.fromCoroutine(work.ask(offer))
            with suppress(defer.TimeoutError):
                await asking.addTimeout(max(0.0, self._until - clock.seconds()), clock)
            if work.is_complete:
                await self._disk.call(work.opened.part.publish)
            return work.is_complete
        finally:
            await work.close()
            with suppress(OSError):
                await self._disk.offload(self._discard, item.target, file_id)

    def _discard(self, target: str, file_id: FileId) -> None:
        self._manifests.discard(target, file_id)
        self._disk.journal.remove_digests(file_id)
