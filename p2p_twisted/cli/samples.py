"""Make sample files to try a network with, and distribute them over its peers."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from p2p_twisted.wire.limits import KIB, MIB

Sample = tuple[str, bytes | int]
"""A relative path, and its content or its number of random bytes."""

AGE_SECONDS: Final = 60
"""A file that was not written to for so long is shared at once."""

_FOLDER: Final[tuple[Sample, ...]] = (
    ("album/about.txt", b"Everything in this folder travels together.\n"),
    ("album/summer/lake.raw", 200 * KIB),
    ("album/summer/mountains.raw", 300 * KIB),
    ("album/winter/first snow.raw", 100 * KIB),
)
_SPECIAL: Final[tuple[tuple[Sample, ...], ...]] = (
    (("big.bin", 64 * MIB),),
    _FOLDER,
    (("crème brûlée.txt", b"Six yolks, cream, sugar, vanilla, fire.\n"),),
    (("noise.bin", 2 * MIB),),
)


def samples_of(number: int, peers: int) -> list[Sample]:
    """
    Choose what a peer shares: a text of its own, and some of the special files.

    :param number: of the peer, from 1.
    :param peers: how many there are; the first gets none of the special files unless it is
        alone, so that it has something to download.
    """
    samples: list[Sample] = [(f"f{number}.txt", f"This is f{number}.txt, of s{number}.\n".encode())]
    for index, special in enumerate(_SPECIAL):
        holder = 1 if peers == 1 else 2 + index % (peers - 1)
        if holder == number:
            samples.extend(special)
    return samples


def write_samples(directory: Path, samples: Iterable[Sample]) -> None:
    """Write files below a directory, dated a minute ago."""
    written = time.time() - AGE_SECONDS
    for path, content in samples:
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                for start in range(0, content, MIB):
                    file.write(os.urandom(min(MIB, content - start)))
        os.utime(target, (written, written))
