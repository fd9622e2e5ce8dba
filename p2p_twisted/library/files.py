"""Keep the catalog current as files are found, hashed and removed."""

from collections.abc import Callable, Container, Iterable
from typing import Final

from msgspec.structs import replace
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import HashedFile, OnDisk
from p2p_twisted.library.exclusions import Exclusions
from p2p_twisted.library.folders import SharedFile
from p2p_twisted.library.hashing import Altered, Begun, Hashed, Job, Outcome
from p2p_twisted.library.queue import HashQueue

STILL_SECONDS: Final = 1.0
"""How long a file must have been unchanged before it is hashed, unless its writer closed it."""


class Files:
    """
    Updates the catalog, file by file.

    :param wall: returns wall time in seconds, which files' times of change are compared with.
    :ivar queue: the files to be hashed.
    :ivar fresh: new files that have neither been hashed nor written to since.
    """

    def __init__(
        self,
        catalog: Catalog,
        exclusions: Exclusions,
        clock: IReactorTime,
        wall: Callable[[], float],
    ) -> None:
        self.queue = HashQueue()
        self.fresh: set[str] = set()
        self._catalog = catalog
        self._exclusions = exclusions
        self._clock = clock
        self._wall = wall
        # The files that were closed within the last second or so, and when.
        self._closed: dict[str, float] = {}

    def still(self) -> int:
        """Return before when a file that rests was last changed, in nanoseconds of wall time."""
        return int((self._wall() - STILL_SECONDS) * 1e9)

    def found(
        self, found: Iterable[tuple[OnDisk, HashedFile | None]], closed: Container[str]
    ) -> None:
        """
        Add files that are new or have changed.

        :param found: each with its remembered hashes, if any.
        :param closed: paths of those that their writers have just closed.
        """
        still = self.still()
        self._catalog.put([self._found(*each, closed, still) for each in found])

    def _found(
        self, on_disk: OnDisk, content: HashedFile | None, closed: Container[str], still: int
    ) -> SharedFile:
        """
        Say what the catalog is to have.

        :param still: a file that was last changed before has rested, in nanoseconds of wall time.
        """
        name = on_disk.name
        is_new = self._catalog.entry(name) is None
        # Who opens it for each line, as some loggers do, closes it all the time.
        was_closed = on_disk.path in closed and not self._was_just_closed(name)
        if is_new:
            self._no_longer_unreadable(name)
        else:
            self._forget(name)
        if content is not None:
            return SharedFile(on_disk, content, 100)
        if is_new:
            self.fresh.add(name)
        if not was_closed and on_disk.signature.mtime_ns >= still:
            return self._let_rest(on_disk)
        self.queue.add(Job(on_disk))
        return SharedFile(on_disk)

    def not_seen(self, name: str) -> None:
        """Forget a file or folder that was left out, as it was not found again."""
        self._exclusions.readable(name)
        self._catalog.left_out.put(name, 0)
        self._catalog.ignored.put(name, 0)

    def gone(self, name: str) -> None:
        """Remove a file."""
        self._forget(name)
        self._catalog.drop(name)

    def doubt(self, doubted: Iterable[OnDisk]) -> None:
        """Hash files again that seem to be what they were, and are perhaps not."""
        for on_disk in doubted:
            entry = self._catalog.entry(on_disk.name)
            if entry is not None and entry.on_disk == on_disk and entry.content is not None:
                self.queue.add(Job(on_disk))
                self._catalog.put([SharedFile(on_disk)])

    def conclude(self, outcomes: Iterable[Outcome]) -> None:
        """Handle the outcomes of a batch of hashing."""
        files = []
        for outcome in outcomes:
            if isinstance(outcome, Begun):
                job = outcome.job
                self.queue.add(job)
                files.append(SharedFile(job.on_disk, None, job.percent))
            elif isinstance(outcome, Hashed):
                self.fresh.discard(outcome.on_disk.name)
                files.append(SharedFile(outcome.on_disk, outcome.content, 100))
            elif isinstance(outcome, Altered):
                self.fresh.discard(outcome.on_disk.name)
                files.append(self._let_rest(replace(outcome.on_disk, signature=outcome.signature)))
            else:
                self.gone(outcome.on_disk.name)
                if outcome.reason is not None:
                    self._exclusions.unreadable(outcome.on_disk.name, outcome.reason)
                    self._catalog.left_out.put(outcome.on_disk.name, 1)
        self._catalog.put(files)

    def release_due(self) -> None:
        """Queue the files that have rested for long enough."""
        due = self.queue.release_due(self._clock.seconds())
        self._catalog.put(map(SharedFile, due))

    def _was_just_closed(self, name: str) -> bool:
        """Record that a file was closed; return whether it was within the last second, too."""
        now = self._clock.seconds()
        # The last to be closed come last.
        before = self._closed.pop(name, None)
        self._closed[name] = now
        while now - self._closed[first := next(iter(self._closed))] >= STILL_SECONDS:
            del self._closed[first]
        return before is not None and now - before < STILL_SECONDS

    def _let_rest(self, on_disk: OnDisk) -> SharedFile:
        """Hash it later; whether it is written to until then, hashing will find out."""
        self.queue.add_later(on_disk, self._clock.seconds() + STILL_SECONDS)
        return SharedFile(on_disk, is_growing=True)

    def _forget(self, name: str) -> None:
        self.fresh.discard(name)
        self.queue.discard(name)
        self._no_longer_unreadable(name)

    def _no_longer_unreadable(self, name: str) -> None:
        if self._exclusions.readable(name):
            self._catalog.left_out.put(name, 0)
