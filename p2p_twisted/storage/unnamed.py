"""A small file on its way to its name: it has none before it is safe on the disk."""

import os
from itertools import islice
from typing import Final

from p2p_twisted.runtime.openat import native
from p2p_twisted.storage.disk import Disk, write_sparse
from p2p_twisted.storage.file_attributes import AttributeWriter
from p2p_twisted.storage.free_names import candidates
from p2p_twisted.wire.attributes import Attributes

DESCRIPTORS: Final = "/proc/self/fd"
"""The folder in which this process finds its open files by their numbers."""

# Where the system knows no such files, this fails: a folder cannot be written to.
_UNNAMED: Final = os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_TMPFILE", 0)
# As all that programs make: nobody can open it by now, and the system applies the umask.
_MODE: Final = 0o666


class UnnamedFile:
    """
    A new file of at most one chunk; nothing is left of it unless it is given a name.

    Its methods block, and raise :class:`OSError`.

    :param folder: a file descriptor of the folder that it is to be in, which stays open.
    :param name: what it is to be called.
    """

    def __init__(
        self, folder: int, name: str, *, disk: Disk, attribute_writer: AttributeWriter
    ) -> None:
        self._folder = folder
        self._name = name
        self._disk = disk
        self._attribute_writer = attribute_writer
        self._fd = os.open(".", _UNNAMED, _MODE, dir_fd=folder)

    def write(self, whole: bytes, attributes: Attributes) -> None:
        """Write all of it, and what it has beside the content."""
        if whole:
            write_sparse(self._disk, self._fd, memoryview(whole), 0)
        self._attribute_writer.complete(self._fd, attributes)

    def place(self, descriptors: int) -> tuple[str, os.stat_result]:
        """
        Give it its name, or ``name (1)`` if that exists, now that it is safe.

        :param descriptors: a file descriptor of :data:`DESCRIPTORS`: to look that up for each of
            many files would take half as long as to name it.
        :returns: the name, in its folder, and its status.
        """
        name = self._name
        # Nearly always it is free: others need not be made up.
        if not self._is_given(name, descriptors):
            others = islice(candidates(name), 1, None)
            name = next((each for each in others if self._is_given(each, descriptors)), "")
        if not name:
            raise FileExistsError(f"too many files are called {self._name}")
        return name, os.fstat(self._fd)

    def _is_given(self, name: str, descriptors: int) -> bool:
        """Give it a name, unless that exists; return whether it has it."""
        try:
            self._disk.link(
                str(self._fd),
                native(name),
                src_dir_fd=descriptors,
                dst_dir_fd=self._folder,
                follow_symlinks=True,
            )
        except FileExistsError:
            return False
        return True

    def close(self) -> None:
        """Let go of it: without a name it is gone."""
        os.close(self._fd)
