"""Fetch the files that a manifest lists: small ones many at a time, large ones singly."""

from collections import deque
from collections.abc import Container, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python.failure import Failure

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.file import FileDownload
from p2p_twisted.download.reporter import MemberReporter, Reporter
from p2p_twisted.download.small_swarm import SmallFileOffer, SmallSwarm
from p2p_twisted.storage.manifests import Item
from p2p_twisted.storage.published import Published, PublishedRecord
from p2p_twisted.wire import limits
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId, PeerName

_LOOKED_FOR_AT_ONCE: Final = 256
_LARGE_AT_ONCE: Final = 3


class Members:
    """
    Files on their way into an inbox.

    What an earlier run has published is not read again.

    :param folder: the id of the manifest that lists them.
    :param hits: who has some of them; a hit for the manifest is of somebody who has all.
    :param record: of what is published.
    """

    def __init__(
        self,
        context: DownloadContext,
        record: PublishedRecord,
        folder: FileId,
        hits: Iterable[Hit],
        report: Reporter,
    ) -> None:
        self._context = context
        self._inbox = context.disk.inbox
        self._record = record
        self._folder = folder
        self._hits = tuple(hits)
        self._report = report
        self._reports: set[MemberReporter] = set()
        self._running: set[FileDownload | SmallSwarm] = set()
        self._here: set[FileId] = set()
        self._failure: Failure | None = None
        self._is_given_up = False

    async def run(self, members: Sequence[Member]) -> tuple[Member, ...]:
        """
        Fetch them.

        :param members: their paths are the targets that they are to become.
        :returns: the small ones that nobody shares any more; large ones are waited for.
        :raises DiskFault: when something cannot be kept.
        :raises CancelledError: when it was given up.
        """
        missing = await self._look(members)
        large = [member for member in missing if member.size > limits.CHUNK_BYTES]
        small = [member for member in missing if member.size <= limits.CHUNK_BYTES]
        copies: dict[FileId, list[Member]] = {}
        for member in large:
            copies.setdefault(member.file_id, []).append(member)
        queue = deque(copies.values())
        works = [self._fetch_large(queue) for _ in range(min(len(queue), _LARGE_AT_ONCE))]
        gone: set[FileId] = set()
        if small:
            works.append(self._fetch_small(small, gone))
        await DeferredList([self._start(work) for work in works])
        if self._failure is not None:
            self._failure.raiseException()
        return tuple(member for member in small if member.file_id in gone)

    def give_up(self) -> None:
        """Stop as soon as possible; what has arrived stays."""
        self._is_given_up = True
        for each in list(self._running):
            each.give_up()

    def forget(self, members: Iterable[Member]) -> None:
        """Remove what is left of members beside the files that were published; blocks."""
        for member in members:
            self._discard(member)

    # What is here

    async def _look(self, members: Sequence[Member]) -> list[Member]:
        """Find those that are not here yet; what is counts as received."""
        published = await self._context.disk.offload(self._record.read)
        missing: list[Member] = []
        for start in range(0, len(members), _LOOKED_FOR_AT_ONCE):
            self._check()
            some = members[start : start + _LOOKED_FOR_AT_ONCE]
            absent = await self._context.disk.offload(self._absent, some, published)
            missing += absent
            self._here |= await self._context.local.copies.among(
                [member.file_id for member in absent]
            )
            size = sum(member.size for member in some) - sum(member.size for member in absent)
            self._report.advanced(size)
        self._check()
        return missing

    def _absent(
        self, members: Sequence[Member], published: Mapping[str, Published]
    ) -> list[Member]:
        return [member for member in members if not self._is_here(member, published)]

    def _is_here(self, member: Member, published: Mapping[str, Published]) -> bool:
        known = published.get(member.path)
        if known is not None:
            path = self._inbox.path(known.target)
            if known == Published.at(known.wanted, known.target, path):
                return True
        if self._inbox.find_same(member.path, member.file_id, member.size) is None:
            return False
        # An earlier run may have been killed before it had removed the other name.
        self._discard(member)
        return True

    def _discard(self, member: Member) -> None:
        path = self._inbox.path(self._inbox.part_path(member.path, member.file_id))
        # Another download may be going on with it.
        if not self._context.disk.locks.is_taken(path):
            self._inbox.discard(member.path, member.file_id)
            self._context.disk.journal.remove_digests(member.file_id)

    # Fetching

    def _start(self, work: Coroutine[Any, Any, None]) -> "Deferred[None]":
        """Begin something; when it fails, so does everything else."""

        def end_all(failure: Failure) -> None:
            # What others fail with is only that they were given up because of it.
            self._failure = self._failure or failure
            self.give_up()

        return Deferred.fromCoroutine(work).addErrback(end_all)

    async def _fetch_large(self, queue: deque[list[Member]]) -> None:
        while queue:
            # What is there several times is fetched once, and then found here.
            for member in queue.popleft():
                self._check()
                await self._fetch_one(member)

    async def _fetch_one(self, member: Member) -> None:
        report = MemberReporter(self._report, self._reports)
        item = Item(member.file_id, member.size, member.path)
        fetch = FileDownload(self._context, self._inbox, item, self._holders_of(member), report)
        with self._kept_track_of(fetch, report):
            target = await fetch.run()
        await self._context.disk.offload(self._write_down, member.path, target)

    async def _fetch_small(self, members: Iterable[Member], gone: set[FileId]) -> None:
        self._check()
        sizes = {member.file_id: member.size for member in members}
        targets: dict[FileId, list[str]] = {}
        for member in members:
            targets.setdefault(member.file_id, []).append(member.path)
        report = MemberReporter(self._report, self._reports)
        fetch = SmallSwarm(self._context, self._record, sizes, targets, self._folder, report)
        with self._kept_track_of(fetch, report):
            gone.update(await fetch.run(tuple(self._offers(sizes)), self._here))

    @contextmanager
    def _kept_track_of(
        self, fetch: FileDownload | SmallSwarm, report: MemberReporter
    ) -> Iterator[None]:
        self._running.add(fetch)
        try:
            yield
        finally:
            self._running.remove(fetch)
            report.close()

    def _write_down(self, wanted: str, target: str) -> None:
        published = Published.at(wanted, target, self._inbox.path(target))
        if published is not None:
            self._record.add([published])

    def _check(self) -> None:
        if self._is_given_up:
            raise CancelledError

    # Holders

    def _holders_of(self, member: Member) -> list[Hit]:
        """Name those who have a file, or the folder that it is in."""
        return [
            attrs.evolve(hit, name=member.path, size=member.size, kind="file", file=member.file_id)
            for hit in self._hits
            if hit.file in (member.file_id, self._folder)
        ]

    def _offers(self, wanted: Container[FileId]) -> Iterator[SmallFileOffer]:
        """Name those who have some of the small files, or the folder that they are in."""
        files: dict[PeerName, set[FileId]] = {}
        for hit in self._hits:
            if hit.file is not None and hit.file in wanted:
                files.setdefault(hit.peer, set()).add(hit.file)
        for hit in self._hits:
            if hit.file == self._folder:
                yield SmallFileOffer(hit)
            elif hit.peer in files:
                yield SmallFileOffer(hit, frozenset(files.pop(hit.peer)))
