"""Which files to hash next, and which to leave alone for now."""

import heapq
import math
from typing import Final

from p2p_twisted.library.entries import OnDisk
from p2p_twisted.library.hashing import Job

BATCH_CHUNKS: Final = 64
BATCH_FILES: Final = 256


class HashQueue:
    """
    Files that wait to be hashed; the smallest is the next.

    A huge file is hashed in turns: smaller ones that come meanwhile overtake it.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        # May hold names of jobs that were taken away, or have advanced since.
        self._heap: list[tuple[int, str]] = []
        self._restless: dict[str, tuple[float, OnDisk]] = {}

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        """Let a file wait for its turn; a job of the same name is replaced."""
        self._jobs[job.on_disk.name] = job
        heapq.heappush(self._heap, (job.chunks_left, job.on_disk.name))

    def add_later(self, on_disk: OnDisk, then: float) -> None:
        """Let a file come to rest first."""
        self._restless[on_disk.name] = (then, on_disk)

    def discard(self, name: str) -> None:
        """Take away a file that need not be hashed any more."""
        self._jobs.pop(name, None)
        self._restless.pop(name, None)

    def next_time(self) -> float:
        """Tell when the next file will have come to rest."""
        return min((then for then, _ in self._restless.values()), default=math.inf)

    def release_due(self, now: float) -> None:
        """Give the files that have come to rest their turns."""
        for name, (then, on_disk) in list(self._restless.items()):
            if now >= then:
                del self._restless[name]
                self.add(Job(on_disk))

    def take(self) -> list[Job]:
        """Take what is to be hashed next, about 64 MiB; only the last may be larger."""
        batch: list[Job] = []
        chunks = 0
        while self._heap and chunks < BATCH_CHUNKS and len(batch) < BATCH_FILES:
            left, name = heapq.heappop(self._heap)
            job = self._jobs.get(name)
            if job is not None and job.chunks_left == left:
                del self._jobs[name]
                batch.append(job)
                chunks += left
        return batch
