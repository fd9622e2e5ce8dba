"""
How fast this machine hashes: what tables of two machines have to be compared by.

    python -m benchmarks.hashing
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import Final

from blake3 import blake3

_MIB: Final = 1 << 20
_GIB: Final = 1 << 30
_SECONDS: Final = 0.2
_TRIES: Final = 3
_FLAGS: Final = ("avx2", "avx512f", "sha_ni", "asimd", "sha1", "sha2")

_HASHES: Final[dict[str, Callable[[bytes], object]]] = {
    "BLAKE3": lambda block: blake3(block).digest(),
    "SHA-1": lambda block: hashlib.sha1(block, usedforsecurity=False).digest(),
}


def describe_hashing() -> str:
    """Return what the processor has for it, and how much it hashes a second, MiB by MiB."""
    threads = len(os.sched_getaffinity(0))
    speeds = []
    for name, hashing in _HASHES.items():
        alone, _elapsed = speed(hashing, 1)
        _alone, together = speed(hashing, threads)
        speeds.append(f"{name} {alone:.2f} GiB/s a thread and {together:.2f} on {threads}")
    has = flags(Path("/proc/cpuinfo").read_text())
    return f"{' '.join(has) or 'nothing special'}; {', '.join(speeds)}"


def flags(cpuinfo: str) -> Sequence[str]:
    """List those of a processor's flags that hashing depends on."""
    for line in cpuinfo.splitlines():
        if line.startswith(("flags", "Features")):
            known = line.partition(":")[2].split()
            return [flag for flag in _FLAGS if flag in known]
    return []


def speed(hashing: Callable[[bytes], object], threads: int) -> tuple[float, float]:
    """
    Measure how much so many threads hash, at the best of a few tries.

    :returns: GiB for each second of processor time, and GiB for each second that passes: less,
        where other programs keep the machine busy.
    """
    tries = [_speed(hashing, threads) for _ in range(_TRIES)]
    used, passed = zip(*tries, strict=True)
    return max(used), max(passed)


def _speed(hashing: Callable[[bytes], object], threads: int) -> tuple[float, float]:
    hashed, used = [0] * threads, [0.0] * threads
    end = time.monotonic() + _SECONDS

    def work(index: int) -> None:
        block, began = os.urandom(_MIB), time.thread_time()
        while not hashed[index] or time.monotonic() < end:
            hashing(block)
            hashed[index] += _MIB
        used[index] = time.thread_time() - began

    began = time.monotonic()
    working = [Thread(target=work, args=(index,)) for index in range(threads)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    amount = sum(hashed) / _GIB
    return amount / sum(used), amount / (time.monotonic() - began)


if __name__ == "__main__":
    print(describe_hashing())
