"""What the figures were measured on."""

import os
import platform
from pathlib import Path
from typing import Final

import twisted
from blake3 import blake3

MIB: Final = 1 << 20


def describe() -> str:
    """Tell which machine and versions this is."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), Linux {platform.release()},"
        f" Python {platform.python_version()}, Twisted {twisted.__version__}"
    )


def warm(directory: Path, size: int) -> None:
    """
    Make the machine have that much memory at hand, as if it had been used a moment ago.

    A virtual machine gives memory that is free back to its host; to get it again
    takes longer than anything measured here. So it is used and freed before each run.
    """
    place, block = directory / "warm", bytes(MIB)
    with place.open("wb", buffering=0) as file:
        for _ in range(-(-size // MIB)):
            file.write(block)
    place.unlink()


def write_content(path: Path, size: int, seed: int = 0) -> None:
    """Write a file that cannot be compressed, and has no chunk twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = blake3(seed.to_bytes(8, "big"))
    with path.open("wb", buffering=0) as file:
        for start in range(0, size, MIB):
            file.write(stream.digest(min(MIB, size - start), seek=start))
    # What has been still for long is shared at once.
    written = path.stat().st_mtime - 60
    os.utime(path, (written, written))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
