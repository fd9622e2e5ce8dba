"""Fetch many small files, each of them whole, from several holders at once."""

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import attrs
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.download import limits
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.copying import read_whole
from p2p_twisted.download.progress import Copying, Waiting
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.download.small_receiver import SmallFileReceiver
from p2p_twisted.picker.file_picker import OPENINGS, FilePicker
from p2p_twisted.storage.content import Content
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

_SOUGHT_AT_ONCE: Final = 8
_FIRST_WAIT_SECONDS: Final = 1.0

T = TypeVar("T")


@attrs.frozen
class SmallFileOffer:
    """
    Somebody who has some of the files.

    :ivar hit: the way there.
    :ivar files: which ones; ``None`` when it may have all.
    """

    hit: Hit
    files: frozenset[FileId] | None = None


class SmallSwarm:
    """
    Files of at most one chunk, which any holder may deliver in any order.

    :param sizes: what is wanted, and how many bytes each has.
    :param targets: what each is to become.
    :param folder: whoever has that has them all.
    """

    log = Logger()

    def __init__(
        self,
        context: DownloadContext,
        record: PublishedRecord,
        sizes: Mapping[FileId, int],
        targets: Mapping[FileId, Sequence[str]],
        folder: FileId,
        observer: DownloadObserver,
    ) -> None:
        self._context = context
        self._targets = targets
        self._folder = folder
        self._observer = observer
        self._pool = FilePicker(sizes)
        self._shelf = SmallFileWriter(
            context.disk.offload,
            context.disk.inbox,
            record=record,
            targets=targets,
            saved=self._saved,
            failed=self._failed,
        )
        self._batches: dict[PeerName, SmallFileReceiver] = {}
        self._awaited: set[Deferred[Any]] = set()
        self._is_given_up = False
        self._fault: DiskFault | None = None
        self._idle_since = context.clock.seconds()

    # What whoever runs it calls

    async def run(
        self, offers: Sequence[SmallFileOffer], here: Container[FileId]
    ) -> tuple[FileId, ...]:
        """
        Fetch them.

        :param offers: whom to ask first; when they are gone, everybody is.
        :param here: what seems to stand among this peer's own files.
        :returns: what nobody shares any more.
        :raises DiskFault: when something cannot be kept.
        :raises CancelledError: when it was given up.
        """
        gone: tuple[FileId, ...] = ()
        wait = 0.0
        try:
            await self._copy([file for file in self._pool.missing() if file in here])
            while True:
                before = self._pool.left
                await self._visit(offers)
                if self._pool.is_complete:
                    return gone
                if self._pool.left < before:
                    wait = 0.0
                self._nobody_left()
                await self._interruptible(deferLater(self._context.clock, wait))
                # What those just visited refused may be given up: only once everybody was asked.
                offers = await self._seek(again=not offers)
                wait = min(max(_FIRST_WAIT_SECONDS, 2 * wait), limits.SEEK_AGAIN_SECONDS)
                gone += self._pool.give_up(offer.hit.peer for offer in offers)
        finally:
            await self._shelf.close()

    def give_up(self) -> None:
        """Stop as soon as possible; what has been saved stays."""
        self._is_given_up = True
        self._interrupt()

    # What batches call: see BatchTaker

    def opened(self, batch: SmallFileReceiver) -> None:
        """Ask a holder that has connected."""
        self._batches[batch.holder] = batch
        self._observer.receiving(batch.holder)
        batch.ask()

    def choose(self, holder: PeerName) -> tuple[FileId, ...]:
        """Choose what to ask a holder for now."""
        return self._pool.ask(holder)

    def is_done(self, holder: PeerName) -> bool:
        """Tell whether nothing more will come of a holder."""
        return self._pool.is_done(holder)

    def size_owed(self, holder: PeerName, file: FileId) -> int | None:
        """Tell how many bytes a file has that a holder owes; ``None`` when it owes no such."""
        return self._pool.size(file) if self._pool.is_pending(holder, file) else None

    def take(self, holder: PeerName, content: Content, whole: bytes) -> None:
        """Save a file, which is verified."""
        if self._pool.delivered(holder, content.file_id):
            self._idle_since = self._context.clock.seconds()
            self._observer.moved(holder, content.size)
            self._observer.delivered(holder, self._size_of_all(content))
            self._shelf.put(content, whole)

    def refused(self, holder: PeerName, file: FileId) -> None:
        """Take note that a holder does not have a file."""
        self._pool.refused(holder, file)

    def _size_of_all(self, content: Content) -> int:
        return content.size * len(self._targets[content.file_id])

    async def _copy(self, files: Iterable[FileId]) -> None:
        """Take what stands among this peer's own files."""
        self._observer.become(Copying())
        for file in files:
            # Not interruptible: what was opened must be closed.
            found = await read_whole(self._context.local.copies, self._context.disk.offload, file)
            if self._is_given_up:
                raise CancelledError
            if found is not None and self._pool.found(file):
                self._observer.advanced(self._size_of_all(found[0]))
                self._shelf.put(*found)
            if self._pool.is_full:
                await self._shelf.emptied()
            if self._fault is not None:
                raise self._fault

    # Holders

    async def _visit(self, offers: Iterable[SmallFileOffer]) -> None:
        """Let several holders deliver at once, and others when one of them is gone."""
        self._observer.seeking()
        by_holder: dict[PeerName, SmallFileOffer] = {}
        for offer in offers:
            by_holder[offer.hit.peer] = offer
            self._pool.promised(offer.hit.peer, self._promised(offer))
        waiting = deque(by_holder.values())
        visits = [
            Deferred.fromCoroutine(self._visit_in_turn(waiting))
            for _ in range(min(len(waiting), limits.BATCHES_AT_ONCE))
        ]
        failures: list[Failure] = []
        await DeferredList([visit.addErrback(failures.append) for visit in visits])
        await self._shelf.emptied()
        if self._fault is not None:
            raise self._fault
        for failure in failures:
            failure.raiseException()

    def _promised(self, offer: SmallFileOffer) -> Iterable[FileId] | None:
        """Tell what somebody is said to have; ``None`` for everything."""
        if offer.files is not None:
            return offer.files
        assert offer.hit.file is not None
        return None if offer.hit.file == self._folder else (offer.hit.file,)

    async def _visit_in_turn(self, waiting: deque[SmallFileOffer]) -> None:
        while waiting:
            offer = waiting.popleft()
            if self._context.peers.tickets.may_ask(offer.hit):
                self._pool.add(offer.hit.peer, offer.files)
                try:
                    await self._let_deliver(offer.hit)
                finally:
                    self._batches.pop(offer.hit.peer, None)
                    self._pool.release(offer.hit.peer)

    async def _let_deliver(self, hit: Hit) -> None:
        clock, slots = self._context.clock, self._context.bandwidth.slots
        queued = clock.seconds()
        await self._interruptible(slots.acquire())
        # To wait for one's turn is not to wait for a holder.
        self._idle_since += clock.seconds() - queued
        try:
            # It connects to push one of the files: a few may not be there any more.
            for _ in range(OPENINGS):
                file = self._pool.opening(hit.peer, hit.file)
                if file is None:
                    return
                asked = self._context.peers.tickets.ask_for_many(
                    hit, file, self._pool.size(file), self
                )
                reason = await self._interruptible(Deferred.fromCoroutine(asked))
                self.log.debug("many files from {holder}: {why}", holder=hit.peer, why=reason)
                if not self._pool.is_refused(hit.peer, file):
                    return
            self._pool.mark_empty(hit.peer)
        finally:
            slots.release()

    async def _seek(self, again: bool) -> list[SmallFileOffer]:
        """Ask everybody who has all of what is missing, or some of it."""
        files = [self._folder, *islice(self._pool.missing(), _SOUGHT_AT_ONCE)]
        finds = [self._context.peers.network.find(file, again) for file in files]
        found = await self._interruptible(DeferredList(finds, consumeErrors=True))
        # Only an interruption makes them fail: each of them, not the list.
        if not all(is_answered for is_answered, _ in found):
            raise CancelledError
        hits = (hit for _, hits in found for hit in hits)
        return [SmallFileOffer(hit) for hit in hits if self._context.peers.tickets.may_ask(hit)]

    def _nobody_left(self) -> None:
        if self._context.clock.seconds() - self._idle_since >= limits.NOBODY_SECONDS:
            self._observer.become(Waiting())
        else:
            self._observer.seeking()

    # How it is saved, and how it ends

    def _saved(self, files: Sequence[FileId]) -> None:
        for file in files:
            self._pool.saved(file)
        for batch in list(self._batches.values()):
            batch.ask()

    def _failed(self, fault: DiskFault) -> None:
        self._fault = fault
        self._interrupt()

    def _interrupt(self) -> None:
        for event in list(self._awaited):
            event.cancel()

    async def _interruptible(self, event: "Deferred[T]") -> T:
        """Wait for something, unless it is given up, or cannot go on."""
        self._awaited.add(event)
        if self._is_given_up or self._fault is not None:
            event.cancel()
        try:
            return await event
        finally:
            self._awaited.remove(event)
