"""Which files to hash next."""

import heapq

from p2p_twisted.library.hashing import Job

BATCH_CHUNKS = 64
BATCH_FILES = 256


class HashQueue:
    """
    Files that wait to be hashed; the smallest is the next.

    A huge file is hashed in turns: smaller ones that come meanwhile overtake it.
    """

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        # May hold names of jobs that were taken away, or have grown since.
        self._heap: list[tuple[int, str]] = []

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        """Let a file wait; a job of the same name is replaced."""
        self._jobs[job.on_disk.name] = job
        heapq.heappush(self._heap, (job.chunks_left, job.on_disk.name))

    def discard(self, name: str) -> None:
        """Take away a file that need not be hashed any more."""
        self._jobs.pop(name, None)

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
