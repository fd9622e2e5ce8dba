"""Decide which files are hashed next, and which are left alone for now."""

import heapq
import math
from collections import deque
from typing import Final

from p2p_twisted.library.entries import OnDisk
from p2p_twisted.library.hashing import Job

BATCH_CHUNKS: Final = 64
BATCH_FILES: Final = 256


class HashQueue:
    """
    Orders the files that wait to be hashed: the smallest is next, and of tiny ones the first.

    A huge file is hashed in several batches; smaller files that arrive meanwhile go first.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        # Both may hold names of jobs that were discarded, or have advanced since. The order of tiny
        # ones is mostly that of their folders.
        self._tiny = deque[str]()
        self._heap: list[tuple[int, str]] = []
        self._restless: dict[str, tuple[float, OnDisk]] = {}

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        """Queue a file; a job of the same name is replaced."""
        name = job.on_disk.name
        self._jobs[name] = job
        if job.is_tiny:
            self._tiny.append(name)
        else:
            heapq.heappush(self._heap, (job.chunks_left, name))

    def add_later(self, on_disk: OnDisk, then: float) -> None:
        """Queue a file at a later time, as it may still be written to."""
        self._restless[on_disk.name] = (then, on_disk)

    def discard(self, name: str) -> None:
        """Remove a file that need not be hashed any more."""
        self._jobs.pop(name, None)
        self._restless.pop(name, None)

    def next_time(self) -> float:
        """Return when the next delayed file is due, in seconds on the monotonic clock."""
        return min((then for then, _ in self._restless.values()), default=math.inf)

    def release_due(self, now: float) -> list[OnDisk]:
        """Queue the delayed files whose time has come, and return them."""
        due = [on_disk for then, on_disk in self._restless.values() if now >= then]
        for on_disk in due:
            del self._restless[on_disk.name]
            self.add(Job(on_disk))
        return due

    def take(self) -> list[Job]:
        """
        Remove and return the jobs to hash next.

        :returns: at most 256 files, about 64 MiB together; only the last may exceed that.
        """
        batch: list[Job] = []
        chunks = 0.0
        while chunks < BATCH_CHUNKS and len(batch) < BATCH_FILES:
            job = self._next_tiny() or self._next_other()
            if job is None:
                break
            del self._jobs[job.on_disk.name]
            batch.append(job)
            chunks += job.work
        return batch

    def _next_tiny(self) -> Job | None:
        while self._tiny:
            job = self._jobs.get(self._tiny.popleft())
            if job is not None and job.is_tiny:
                return job
        return None

    def _next_other(self) -> Job | None:
        while self._heap:
            left, name = heapq.heappop(self._heap)
            job = self._jobs.get(name)
            if job is not None and job.chunks_left == left:
                return job
        return None
