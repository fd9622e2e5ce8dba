"""What a swarm delivers when it delivers many small files: each of them whole."""

from collections import deque
from collections.abc import Container, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.local_copies import whole_of
from p2p_twisted.download.members_by_content import MembersByContent, OfferedIds, Sizes
from p2p_twisted.download.progress import Copying
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.download.small_in_progress import SmallFilesInProgress
from p2p_twisted.download.swarm import Swarm
from p2p_twisted.download.swarm_work import SwarmWork
from p2p_twisted.explain.facts import NOT_NEEDED
from p2p_twisted.picker.file_picker import OPENINGS, FilePicker
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.small_file_saver import SmallFileSaver
from p2p_twisted.storage.small_files import SmallFileWriter
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

T = TypeVar("T")

_SOUGHT_AT_ONCE: Final = 8
# A thread is waited for once for many of them: singly, that takes ten times as long.
_COPIED_AT_ONCE: Final = 64


class FileWork(SwarmWork):
    """
    Files of at most one chunk, which any holder may deliver in any order.

    :param members: the files, with the targets that they are to become as paths.
    :param folder: the id of what lists them: a holder of that has them all.
    :param hits: the holders to ask first; when they are gone, all peers are asked.
    """

    log = Logger()

    file_id = None

    def __init__(
        self,
        context: DownloadContext,
        members: Sequence[Member],
        folder: FileId,
        hits: Iterable[Hit],
        observer: DownloadObserver,
    ) -> None:
        targets = MembersByContent(members)
        self.file_ids = OfferedIds(folder, targets)
        self._context = context
        self._count = len(targets)
        self._folder = folder
        self._hits = tuple(hit for hit in hits if hit.file in self.file_ids)
        self._observer = observer
        self._picker = FilePicker(Sizes(targets))
        self._writer = SmallFileWriter(
            context.disk.offload,
            SmallFileSaver(context.disk.inbox, context.disk.journal.published(folder), targets),
            saved=self._saved,
            failed=self._failed,
        )
        self._files = SmallFilesInProgress(self._picker, self._writer, targets, observer)
        self._swarm = Swarm(context, self, observer)
        # What holders that are known to have only some of the files have.
        self._parts: dict[PeerName, set[FileId]] = {}
        # One hit of each holder that was found so far.
        self._known = {hit.peer: hit for hit in self._hits}
        self._gone: tuple[FileId, ...] = ()
        self._fault: DiskFault | None = None
        self._has_found = bool(self._hits)

    @property
    def holders(self) -> Iterable[Hit]:
        """One hit of each holder that was found."""
        return self._known.values()

    async def run(self, here: Container[FileId]) -> tuple[FileId, ...]:
        """
        Download them.

        :param here: what seems to be among this peer's own files.
        :returns: the files that no peer shares any more.
        :raises DiskFault: when something cannot be kept.
        """
        try:
            await self._copy([file_id for file_id in self._picker.missing() if file_id in here])
            self._promised(self._hits)
            self._parts = self._parts_of(self._hits)
            await self._swarm.run(self._hits)
            return self._gone
        finally:
            with suppress(CancelledError):
                await uninterrupted(Deferred.fromCoroutine(self._writer.close()))

    async def _copy(self, file_ids: Iterable[FileId]) -> None:
        """Copy what is right of this peer's own files."""
        copies, offload = self._context.local.copies, self._context.disk.offload
        rest = deque(file_ids)
        if rest:
            self._observer.become(Copying())
        while rest:
            some = tuple(islice(rest, _COPIED_AT_ONCE))
            for content in await uninterrupted(copies.read_small(some)):
                found = await whole_of(copies, offload, rest.popleft(), content)
                if found is not None:
                    self._files.found(found)
                if self._picker.is_full or self._fault is not None:
                    await self.settle()

    # What the swarm asks: see SwarmWork

    @property
    def is_complete(self) -> bool:
        """Whether every file is saved, or gone."""
        return self._picker.is_complete

    @property
    def received(self) -> int:
        """How many files have come."""
        return self._count - self._picker.left - len(self._gone)

    @property
    def room(self) -> int:
        """How many holders deliver at a time."""
        return limits.BATCHES_AT_ONCE

    async def ask(self, hit: Hit) -> bool:
        """Let a holder deliver what it can."""
        self._picker.add(hit.peer, self._parts.get(hit.peer))
        try:
            # It connects to push one of the files: a few may not be there any more.
            for _ in range(OPENINGS):
                file_id = self._picker.opening(hit.peer, hit.file)
                if file_id is None:
                    return False
                await self._ask(hit, file_id)
                if not self._picker.is_refused(hit.peer, file_id):
                    return True
            self._picker.mark_empty(hit.peer)
            return False
        finally:
            self._files.left(hit.peer)

    async def _ask(self, hit: Hit, file_id: FileId) -> None:
        reason, account = NOT_NEEDED, self._observer.account
        account.asked(hit.peer, hit.route)
        try:
            reason = await self._context.peers.tickets.ask_for_many(hit, file_id, self._files)
        finally:
            self.log.debug("many files from {holder}: {why}", holder=hit.peer, why=reason)
            account.left(hit.peer, hit.route, reason)

    def ask_all(self) -> None:
        """Ask all that deliver for more, or tell them that all is there."""
        self._files.ask_all()

    async def settle(self) -> None:
        """Wait until what has come is written."""
        await self._writer.emptied()
        if self._fault is not None:
            raise self._fault

    async def find(self) -> list[Hit]:
        """
        Ask all peers which have all of what is missing, or some of it.

        What all that are found and all that were said to have it do not have is gone.
        """
        file_ids = [self._folder, *islice(self._picker.missing(), _SOUGHT_AT_ONCE)]
        peers, again = self._context.peers, not self._has_found
        found = await _all(peers.network.find(file_id, again) for file_id in file_ids)
        hits = [hit for each in found for hit in each if peers.tickets.may_ask(hit)]
        self._observer.account.looked(len({hit.peer for hit in hits}))
        if again and not hits:
            await self._ask_again()
        self._known.update((hit.peer, hit) for hit in hits)
        # What was refused before may be given up: only now that all peers were asked.
        self._gone += self._picker.give_up(hit.peer for hit in hits)
        self._promised(hits)
        self._parts = {}
        self._has_found = bool(hits)
        return hits

    async def _ask_again(self) -> None:
        """Ask those that had the files, and are not found any more, whether they removed them."""
        while file_ids := list(islice(self._picker.missing(), _SOUGHT_AT_ONCE)):
            await _all(Deferred.fromCoroutine(self._check(file_id)) for file_id in file_ids)
            given_up = self._picker.give_up(())
            self._gone += given_up
            if not given_up:
                return

    async def _check(self, file_id: FileId) -> None:
        tickets = self._context.peers.tickets
        for holder, hit in self._known.items():
            if not self._picker.is_refused(holder, file_id) and await tickets.is_gone(hit, file_id):
                self._picker.refused(holder, file_id)

    def _promised(self, hits: Iterable[Hit]) -> None:
        """Record what holders are said to have, whether they are there now or not."""
        for hit in hits:
            assert hit.file is not None
            self._picker.promised(hit.peer, None if hit.file == self._folder else (hit.file,))

    def _parts_of(self, hits: Iterable[Hit]) -> dict[PeerName, set[FileId]]:
        """Group by holder what those have that do not have all."""
        parts: dict[PeerName, set[FileId]] = {}
        for hit in hits:
            if hit.file is not None and hit.file != self._folder:
                parts.setdefault(hit.peer, set()).add(hit.file)
        for hit in hits:
            if hit.file == self._folder:
                parts.pop(hit.peer, None)
        return parts

    # What the writer tells

    def _saved(self, file_ids: Sequence[FileId]) -> None:
        for file_id in file_ids:
            self._picker.saved(file_id)
        if self._picker.is_complete:
            self._swarm.go_on()
        else:
            self._files.ask_all()

    def _failed(self, fault: DiskFault) -> None:
        self._fault = fault
        self._swarm.fail(fault)


async def _all(asked: "Iterable[Deferred[T]]") -> list[T]:
    """
    Wait for all answers.

    :raises CancelledError: when they were canceled: each of them then fails, not the list.
    """
    answers = await DeferredList(list(asked), consumeErrors=True)
    if not all(is_answered for is_answered, _ in answers):
        raise CancelledError
    return [answer for _, answer in answers]
