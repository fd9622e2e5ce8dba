"""Keep a catalog up to date with the disk: scan, hash, and seal folders, one at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import OnDisk, Place, Visit
from p2p_twisted.library.exclusions import Exclusions
from p2p_twisted.library.files import Files
from p2p_twisted.library.hashing import Job
from p2p_twisted.library.listing import ScanCanceled
from p2p_twisted.library.queue import BATCH_CHUNKS
from p2p_twisted.library.rescan_schedule import RescanSchedule
from p2p_twisted.library.scanner import Scanned, Scanner
from p2p_twisted.library.watcher import NoWatcher, Watcher, WatcherMaker
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.process_setup import freeze_objects
from p2p_twisted.runtime.threads import Offload

_FOLDERS_AT_ONCE: Final = 64
_CHANGES_AT_ONCE: Final = 500
# So that no collection of garbage, which pauses the reactor, looks at more of a library than this.
_FROZEN_AT_ONCE: Final = 5_000

T = TypeVar("T")


class Indexer:
    """
    Runs what blocks through ``offload``, and updates the catalog in between.

    The catalog is only changed while nothing is offloaded, and in pieces that do not block
    the reactor for long.

    :param root: the library's directory, and the folder that its files are shared in.
    :param wall: returns wall time in seconds, which files' times of change are compared with.
    :ivar excluded: is called with paths that cannot be shared, and why, once for each.
    """

    log = Logger()

    def __init__(
        self,
        scanner: Scanner,
        catalog: Catalog,
        *,
        clock: IReactorTime,
        offload: Offload,
        make_watcher: WatcherMaker,
        wall: Callable[[], float],
        root: Place,
    ) -> None:
        self.excluded: Callable[[Sequence[tuple[str, str]]], None] = lambda _excluded: None
        self.exclusions = Exclusions()
        self._scanner = scanner
        self._catalog = catalog
        self._clock = clock
        self._offload = offload
        self._make_watcher = make_watcher
        self._watcher: Watcher = NoWatcher()
        self._root = root
        self._schedule = RescanSchedule(root)
        self._files = Files(catalog, self.exclusions, clock, wall)
        self._closed: set[str] = set()
        # By folder, files that did not turn out to be what was hashed.
        self._doubted: dict[str, list[OnDisk]] = {}
        self._alarm = Alarm(clock, self._wake)
        self._is_working = False
        # The new files that the first scan found, once it has ended.
        self._first: frozenset[str] | None = None
        # How much the catalog kept when the garbage collector last had to look at it.
        self._frozen = 0
        self._settling: list[Deferred[None]] = []
        self._stopping: list[Deferred[None]] = []

    def start(self) -> None:
        """Start; the first scan covers everything."""
        self._watcher = self._make_watcher(self._note_change)
        self._is_working = True
        background(self.log, "opening the cache of hashes", self._begin())

    def stop(self) -> "Deferred[None]":
        """Stop; fires when nothing is running any more."""
        self._scanner.is_canceled = True
        self._watcher.stop()
        self._alarm.stop()
        return Deferred.fromCoroutine(self._end())

    @property
    def is_settled(self) -> bool:
        """Whether all that is there has an id, but for what is still being written to."""
        root = self._catalog.root
        return self._has_begun and root.unhashed == root.growing

    @property
    def _has_begun(self) -> bool:
        """Whether all that the first scan found has been hashed, and no folder is being sealed."""
        if self._first is None or self._catalog.unsealed:
            return False
        return self._first.isdisjoint(self._files.fresh)

    def settled(self) -> "Deferred[None]":
        """Fire once the first scan has ended and all files that it found have been hashed."""
        settled: Deferred[None] = Deferred()
        self._settling.append(settled)
        self._check_settled()
        return settled

    def recheck(self, on_disk: OnDisk) -> None:
        """
        Scan the folder of a file that turned out to have changed, or not to be readable.

        If it is there as before, it is hashed again: that shows whether it can be read.
        """
        place = Place(on_disk.name.rpartition("/")[0], on_disk.path.rpartition("/")[0])
        self._doubted.setdefault(place.name, []).append(on_disk)
        self._note_change(place, False, None)

    # Scheduling

    def _note_change(self, place: Place, is_deep: bool, closed: str | None) -> None:
        if closed is not None:
            self._closed.add(closed)
        # What watches knows the directory by its path alone.
        place = place if place.path else self._root
        self._schedule.note(place, is_deep, self._clock.seconds())
        self._wake()

    def _wake(self) -> None:
        if self._is_working or self._scanner.is_canceled:
            return
        self._alarm.stop()
        then = min(self._schedule.next_time(), self._files.queue.next_time())
        wait = then - self._clock.seconds()
        if wait <= 0:
            self._is_working = True
            background(self.log, "looking after the library", self._work())
        else:
            self._alarm.set(wait)

    async def _begin(self) -> None:
        await self._offload(self._scanner.open)
        await self._work()

    async def _work(self) -> None:
        try:
            while not self._scanner.is_canceled and await self._do_something():
                self._check_settled()
        except ScanCanceled:
            pass
        finally:
            self._is_working = False
            for ended in self._stopping:
                ended.callback(None)
            self._wake()

    async def _do_something(self) -> bool:
        """Do the most urgent task; return whether there was any."""
        now = self._clock.seconds()
        self._files.release_due()
        visits = self._schedule.take_due(now)
        if visits:
            await self._scan(visits)
        elif self._catalog.unsealed:
            for name, ids in await self._offload(self._scanner.seal):
                self._catalog.seal(name, ids)
        elif self._files.queue:
            await self._hash(self._files.queue.take())
        else:
            self._report()
            return False
        return True

    def _report(self) -> None:
        """Tell what cannot be shared: once for all that a scan, or much hashing, has found."""
        fresh = self.exclusions.report()
        if fresh:
            self.excluded(fresh)

    # Scanning

    async def _scan(self, visits: list[Visit]) -> None:
        began = self._clock.seconds()
        closed, self._closed = self._closed, set()
        # What was left out, and is not seen again where everything is looked at.
        unseen = set[str]()
        deep = {visit.place.name for visit in visits if visit.is_deep}
        self.exclusions.forget(deep)
        for name in deep:
            unseen |= self._catalog.left_out.counted(name)
        try:
            while visits or self._scanner.is_hashing:
                batch = [visits.pop() for _ in range(min(len(visits), _FOLDERS_AT_ONCE))]
                following, ended = await self._scan_batch(batch, closed)
                visits += following
                for scanned in ended:
                    unseen -= {f"{folder}/" for folder in scanned.diff.left_out}
                    await self._apply(scanned, closed)
            for name in unseen:
                self._files.not_seen(name)
        finally:
            self._schedule.record_scan(began, self._clock.seconds())
        self._report()
        if self._first is None:
            await self._offload(self._scanner.prune)
            self._first = frozenset(self._files.fresh)

    async def _scan_batch(
        self, batch: list[Visit], closed: set[str]
    ) -> tuple[list[Visit], list[Scanned]]:
        """Scan some folders: see :meth:`Scanner.scan`."""
        # Watch first: a change while the folder is read is then seen twice, not missed.
        for visit in batch:
            if not self._watcher.watch(visit.place):
                self._schedule.is_blind = True
        return await self._offload(self._scanner.scan, batch, closed, self._files.still())

    async def _apply(self, scanned: Scanned, closed: set[str]) -> None:
        diff = scanned.diff
        for folder, reasons in diff.unshared.items():
            self.exclusions.put(folder, reasons)
        for folder, count in diff.left_out.items():
            self._catalog.left_out.put(f"{folder}/", count)
        for folder, count in diff.ignored.items():
            self._catalog.ignored.put(f"{folder}/", count)
        for name in diff.not_empty:
            self._catalog.set_empty(name, False)
        for name in diff.empty:
            self._catalog.set_empty(name, True)
        for names in _pieces(diff.gone):
            for name in names:
                self._files.gone(name)
            await self._yield_to_reactor(names)
        for found in _pieces(list(scanned.found())):
            self._files.found(found, closed)
            self._freeze()
            await self._yield_to_reactor(found)
        for visit in scanned.visits:
            self._files.doubt(self._doubted.pop(visit.place.name, ()))

    async def _yield_to_reactor(self, piece: Sequence[Any]) -> None:
        """Yield to the reactor after a full piece."""
        if len(piece) == _CHANGES_AT_ONCE:
            await deferLater(self._clock, 0)

    def _freeze(self) -> None:
        """
        Have the garbage collector look no more at what the catalog keeps, some at a time.

        What else there is then is not looked at any more, either: so this is only done as the
        catalog grows.
        """
        totals = self._catalog.root
        kept = 2 * totals.files - totals.unhashed
        if kept >= self._frozen + _FROZEN_AT_ONCE:
            self._frozen = kept
            freeze_objects()

    # Hashing

    async def _hash(self, jobs: list[Job]) -> None:
        try:
            has_more = bool(self._files.queue)
            outcomes = await self._offload(self._scanner.hash, jobs, BATCH_CHUNKS, has_more)
        except Exception:
            for job in jobs:
                self._files.queue.add(job)
            raise
        self._files.conclude(outcomes)
        self._freeze()

    # Ending

    def _check_settled(self) -> None:
        if self._has_begun:
            settling, self._settling = self._settling, []
            for settled in settling:
                settled.callback(None)

    async def _end(self) -> None:
        if self._is_working:
            ended: Deferred[None] = Deferred()
            self._stopping.append(ended)
            await ended
        for settled in self._settling:
            settled.cancel()
        await self._offload(self._scanner.close)


def _pieces(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), _CHANGES_AT_ONCE):
        yield items[start : start + _CHANGES_AT_ONCE]
