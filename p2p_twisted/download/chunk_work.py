"""What a swarm delivers when it delivers one file: the chunks of it."""

from contextlib import suppress
from itertools import islice
from typing import Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.download.swarm import Swarm
from p2p_twisted.download.swarm_work import SwarmWork
from p2p_twisted.explain.facts import NOT_NEEDED
from p2p_twisted.runtime.lock import Lock
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.storage.content import WORTH_SHARING_BYTES, Content
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.manifests import Item
from p2p_twisted.storage.part_file import PartFile
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerName

_ZEROS_AT_ONCE: Final = 1_000


class ChunkWork(SwarmWork):
    """
    The chunks of one file, as its swarm delivers them.

    The file is opened once, by what proves its digests first.
    """

    log = Logger()

    def __init__(
        self, context: DownloadContext, inbox: Inbox, item: Item, observer: DownloadObserver
    ) -> None:
        self.file_id = item.file_id
        self.file_ids = (item.file_id,)
        self.swarm = Swarm(context, self, observer)
        self._context = context
        self._inbox = inbox
        self._item = item
        self._observer = observer
        self._file: FileInProgress | None = None
        self._opening = Lock()
        self._finds = 0

    @property
    def opened(self) -> FileInProgress:
        """The file, once it is opened."""
        assert self._file is not None
        return self._file

    def open(self, content: Content) -> "Deferred[FileInProgress]":
        """
        Open the part file, now that the digests are proven.

        :returns: fails with :class:`DiskFault`, also when there is no room for it.
        """
        return Deferred.fromCoroutine(self._open(content))

    async def close(self) -> None:
        """Close what was opened, or still is being opened; what is written stays."""
        with suppress(CancelledError):
            await uninterrupted(self._opening.acquire())
        if self._file is not None:
            self._context.local.partials.remove(self._item.file_id, self._file)
            self._context.local.readable.remove(self._item.file_id, self._file)
            with suppress(CancelledError):
                await self._file.close()

    async def _open(self, content: Content) -> FileInProgress:
        async with self._opening:
            if self._file is None:
                opening = self._context.disk.offload(self._open_part, content)
                # Also when this is canceled meanwhile: what is opened is to be closed.
                await uninterrupted(opening.addCallback(self._opened))
                await self._take_in_zeros(self.opened)
            return self.opened

    async def _take_in_zeros(self, file: FileInProgress) -> None:
        """Count the chunks of zeros as received: nobody need send them."""
        zeros = file.content.zeros()
        while some := list(islice(zeros, _ZEROS_AT_ONCE)):
            file.found(some)
            if len(some) == _ZEROS_AT_ONCE:
                await deferLater(self._context.clock, 0.0)

    def _open_part(self, content: Content) -> PartFile:
        # A single chunk is there or not: there is nothing to go on with.
        if content.chunks > 1:
            self._context.disk.journal.record_digests(content)
        return self._inbox.open_part(self._item.target, content)

    def _opened(self, part: PartFile) -> None:
        context, size = self._context, part.content.size
        file = FileInProgress(
            context.clock,
            context.rng,
            part,
            self._observer,
            self.swarm.heard,
            attributes=self._item.attributes,
            writing=context.disk.writing,
        )
        self._file = file
        if size > WORTH_SHARING_BYTES:
            context.local.partials.add(self._item.file_id, file)
        context.local.readable.add(self._item.file_id, file)
        if self._item.size is not None:
            self._observer.resized(size - self._item.size)

    # What the swarm asks: see SwarmWork

    @property
    def is_complete(self) -> bool:
        """Whether every byte is there."""
        return self._file is not None and self._file.picker.is_complete

    @property
    def received(self) -> int:
        """How many bytes are there."""
        return 0 if self._file is None else self._file.picker.received

    @property
    def room(self) -> int:
        """How many holders are of use: a small file is not worth many connections."""
        return min(self._useful, self._context.bandwidth.holders)

    @property
    def room_in_return(self) -> int:
        """How many more are of use that ask this peer for the same."""
        return min(self._useful, self._context.bandwidth.holders_in_return)

    @property
    def _useful(self) -> int:
        size = self._item.size if self._file is None else self._file.content.size
        return 1 + (size or 0) // WORTH_SHARING_BYTES

    @property
    def has_whole(self) -> bool:
        """Whether a holder delivers that may be asked for everything."""
        return self._file is not None and self._file.picker.has_whole

    @property
    def is_pending(self) -> bool:
        """Whether any holder owes what it was asked for."""
        return self._file is not None and self._file.picker.is_any_pending

    async def ask(self, hit: Hit) -> bool:
        """Let a holder deliver what it can; return whether it has begun to."""
        if self._file is not None:
            size: int | None = self._file.content.size
        else:
            size = None if self._item.size is None else hit.size
        has_begun, reason = False, NOT_NEEDED
        self._observer.account.asked(hit.peer, hit.route)
        try:
            tickets = self._context.peers.tickets
            reason = await tickets.ask(hit, self._item.file_id, size, self.open)
        except CancelledError:
            if self._file is not None and hit.peer in self._file.picker.snubbed:
                reason = "it has sent almost nothing for a while"
            raise
        finally:
            has_begun = self._file is not None and self._file.left(hit.peer)
            self._observer.account.left(hit.peer, hit.route, reason)
            self.log.debug(
                "{name} from {holder}: {reason}", name=hit.name, holder=hit.peer, reason=reason
            )
        return has_begun

    def ask_all(self) -> None:
        """Ask all that deliver for more, or tell them that all is there."""
        if self._file is not None:
            self._file.ask_all()

    async def settle(self) -> None:
        """Wait until nothing is being written any more."""
        if self._file is not None and self._file.is_at_work:
            await uninterrupted(self._context.disk.writing(_nothing))

    def look_after(self) -> tuple[PeerName, ...]:
        """Tell holders what they need not send; return those from which nothing comes."""
        if self._file is None:
            return ()
        self._file.tell_holders()
        self._file.snub_stalling()
        return self._file.picker.snubbed

    async def find(self) -> tuple[Hit, ...]:
        """Ask near peers at first, once all peers, then ever again at little cost."""
        self._finds += 1
        hits = await self._context.peers.network.find(self._item.file_id, again=self._finds > 1)
        self._observer.account.looked(len(hits))
        return hits


def _nothing() -> None:
    """Do nothing: what is called after this was called, comes after what was called before."""
