"""Open and make folders below a folder of ours, never through a symbolic link."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from p2p_twisted.storage.disk import Disk

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def make_folder(path: str, disk: Disk, mode: int = 0o777) -> None:
    """Make a folder and those above it; its name is safe on the disk afterwards."""
    above = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(above):
        make_folder(above, disk, mode)
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        return
    sync_folder(above, disk)


def sync_folder(path: str, disk: Disk) -> None:
    """Make the names in a folder safe on the disk."""
    fd = os.open(path, _FOLDER)
    try:
        disk.fsync(fd)
    finally:
        os.close(fd)


def open_folder(root: str, components: Sequence[str], disk: Disk, make: bool = False) -> int:
    """
    Open a folder below another one, a component at a time.

    :param root: its path may lead through links: a person chose it.
    :param make: whether to make what is missing, and make that safe on the disk.
    :returns: a file descriptor, which the caller closes.
    :raises OSError: among others ``ENOTDIR`` or ``ELOOP`` for a link on the way.
    """
    fd = os.open(root, _FOLDER)
    for component in components:
        try:
            below = _open_below(fd, component, disk, make)
        finally:
            os.close(fd)
        fd = below
    return fd


@contextmanager
def opened(root: str, components: Sequence[str], disk: Disk) -> Iterator[int]:
    """Open a folder as :func:`open_folder` does, for as long as the block runs."""
    fd = open_folder(root, components, disk)
    try:
        yield fd
    finally:
        os.close(fd)


def _open_below(fd: int, component: str, disk: Disk, make: bool) -> int:
    if make:
        try:
            os.mkdir(component, dir_fd=fd)
        except FileExistsError:
            pass
        else:
            disk.fsync(fd)
    return os.open(component, _FOLDER | os.O_NOFOLLOW, dir_fd=fd)
