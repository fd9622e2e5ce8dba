"""Describe and prepare the machine that figures are measured on."""

import os
import platform
from pathlib import Path
from typing import Final

import twisted
from blake3 import blake3

MIB: Final = 1 << 20


def describe() -> str:
    """Return which machine and versions this is."""
    return (
        f"{os.cpu_count()} cores ({_processor()}), Linux {platform.release()},"
        f" Python {platform.python_version()}, Twisted {twisted.__version__}"
    )


def file_system(directory: Path) -> str:
    """Return the type and page size of a directory's file system."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    place = directory.resolve()
    _device, _point, kind, flags, *_ = max(
        (mount for mount in mounts if place.is_relative_to(mount[1])), key=lambda m: len(m[1])
    )
    pages = [flag for flag in flags.split(",") if flag.startswith("huge=")]
    return f"{kind} with {pages[0] if pages else 'small pages'}"


def warm(directory: Path, size: int) -> None:
    """
    Make the machine have so much memory at hand, as if it had just been used.

    A virtual machine gives free memory back to its host, and to get it again takes
    longer than anything measured here. So it is used and freed before each run:
    twice as much, because it is not the last that was freed that is taken first.
    """
    place, block = directory / "warm", bytes(MIB)
    with place.open("wb", buffering=0) as file:
        for _ in range(-(-2 * size // MIB)):
            file.write(block)
    place.unlink()


def write_content(path: Path, size: int, seed: int = 0) -> None:
    """Write a file that cannot be compressed, without equal chunks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = blake3(seed.to_bytes(8, "big"))
    with path.open("wb", buffering=0) as file:
        for start in range(0, size, MIB):
            file.write(stream.digest(min(MIB, size - start), seek=start))
    # A file that was not written to for long is shared at once.
    written = path.stat().st_mtime - 60
    os.utime(path, (written, written))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
