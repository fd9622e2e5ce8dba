"""The names that a download may be published under: the first that is free is taken."""

import errno
import os
from collections.abc import Iterator
from typing import Final

from p2p_twisted.wire.limits import COMPONENT_BYTES
from p2p_twisted.wire.name_forms import shortened

NO_LINKS: Final = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems without hard links answer; FAT and Android among them."""

_NAMES_TRIED: Final = 10_000


def candidates(name: str, most: int = COMPONENT_BYTES) -> Iterator[str]:
    """
    Yield a name, then ``name (1).txt``, ``name (2).txt`` and so on, cut where they are too long.

    :param most: how many bytes they may have.
    """
    yield shortened(name, most)
    for number in range(1, _NAMES_TRIED):
        yield shortened(name, most, f" ({number})")


def longest_name(folder: int | str) -> int:
    """Return how many bytes a name may have in a folder: some file systems take fewer."""
    try:
        return min(COMPONENT_BYTES, os.pathconf(folder, "PC_NAME_MAX"))
    except (OSError, ValueError):
        return COMPONENT_BYTES


def move_without_links(folder: int, part: str, name: str) -> None:
    """Claim a name with an empty file, then replace what is ours anyway."""
    os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder))
    try:
        os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(name, dir_fd=folder)
        raise
