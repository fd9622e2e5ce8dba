"""What can go wrong with a disk, as one sentence for people."""

import errno
import os
from typing import Final, Protocol

from p2p_twisted.runtime.holes import HOLE_BYTES, data_runs, has_data

_SENTENCES: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EIO: "the disk could not write; it may be failing",
    errno.EROFS: "the disk is read-only",
    errno.ENOENT: "its folder was removed meanwhile",
    errno.EACCES: "this folder may not be written to",
    errno.EPERM: "nothing may be changed there, such as after chattr +i: chattr -i allows it again",
    errno.EMFILE: "this peer may not open more files: start it with a higher ulimit -n",
    errno.ENFILE: "this machine may not open more files: raise fs.file-max, or end other programs",
    errno.ESTALE: "the file system was taken away: mount it again, and ask again",
    errno.EISDIR: "a folder is in its way",
    errno.ENOTEMPTY: "a folder that is not empty is in its way",
    errno.ENAMETOOLONG: "a name is too long for this disk",
    errno.EFBIG: "the file system, or ulimit -f, allows no file that large",
}
_IN_ITS_WAY: Final = (errno.ENOTDIR, errno.ELOOP)

# After an input/output error, it is unknown what is on the disk; a folder has a part file's place.
_LOST: Final = (errno.EIO, errno.EISDIR, errno.ENOTEMPTY)


class DiskFault(Exception):
    """
    The disk fails a download; the message says how, for people.

    :ivar is_kept: whether what was written can still be trusted, so that the download may
        be resumed later.
    :ivar is_full: whether it may be resumed as soon as there is space.
    """

    def __init__(self, sentence: str, is_kept: bool = True, is_full: bool = False) -> None:
        super().__init__(sentence)
        self.is_kept = is_kept
        self.is_full = is_full

    @classmethod
    def of(cls, error: OSError, place: "str | os.PathLike[str] | None" = None) -> "DiskFault":
        """
        Translate an error of the operating system.

        :param place: where it was met, if not where downloads land.
        """
        sentence = _SENTENCES.get(error.errno or 0) or (error.strerror or str(error))
        if error.errno in _IN_ITS_WAY:
            # As UTF-8, whatever the locale is.
            name = os.fsencode(error.filename or "something").decode("utf-8", "replace")
            sentence = f"{name} is a file or a link, and in its way: move it away, and ask again"
        elif place is not None:
            sentence = f"{sentence} ({os.fspath(place)})"
        is_kept, is_full = error.errno not in _LOST, error.errno in (errno.ENOSPC, errno.EDQUOT)
        return cls(sentence, is_kept, is_full)

    @classmethod
    def unexpected(cls) -> "DiskFault":
        """Return the fault that ends a download on an unexpected error, which was logged."""
        return cls("something unexpected went wrong; see the log")


def free_bytes(disk: "Disk", folder: str) -> int:
    """
    Return how much room there is for downloads, where that folder is, or is to be made.

    :raises OSError: when that cannot be told.
    """
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(os.path.abspath(folder))
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        state = disk.fstatvfs(fd)
        return state.f_bavail * state.f_frsize
    finally:
        os.close(fd)


class Disk(Protocol):
    """The calls of the :mod:`os` module that fail on a full or failing disk."""

    def pwrite(self, fd: int, data: memoryview, offset: int, /) -> int:
        """Write some of the data at an offset; return how many bytes were written."""

    def fsync(self, fd: int) -> None:
        """Flush a file to the disk."""

    def posix_fadvise(self, fd: int, offset: int, length: int, advice: int, /) -> None:
        """Say what will be done with some of a file."""

    def link(
        self,
        src: str,
        dst: str,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
        follow_symlinks: bool = True,
    ) -> None:
        """Give a file a second name, unless that name exists."""

    def fstatvfs(self, fd: int, /) -> os.statvfs_result:
        """Return how full the file system is."""


def make_safe(disk: Disk, fd: int) -> None:
    """
    Flush a file, or the names in a folder, to the disk.

    :raises DiskFault: when that fails.
    """
    try:
        disk.fsync(fd)
    except OSError as error:
        raise DiskFault.of(error) from error


def write_all(disk: Disk, fd: int, content: memoryview, offset: int) -> None:
    """Write every byte, as one call may write fewer without an error."""
    while (left := len(content)) and (written := disk.pwrite(fd, content, offset)) < left:
        offset += written
        content = content[written:]


def write_sparse(disk: Disk, fd: int, content: memoryview, offset: int) -> None:
    """
    Write every byte, and leave long runs of zeros to be holes where nothing is stored yet.

    :param offset: where a page begins.
    """
    if len(content) < HOLE_BYTES:
        write_all(disk, fd, content, offset)
        return
    end = 0
    for first, last in (*data_runs(content), (len(content), len(content))):
        zeros = first - end
        if zeros and has_data(fd, offset + end, zeros):
            write_all(disk, fd, memoryview(bytes(zeros)), offset + end)
        write_all(disk, fd, content[first:last], offset + first)
        end = last
    # Where it ends in a hole, the file must still have that.
    if zeros and os.fstat(fd).st_size < offset + end:
        os.ftruncate(fd, offset + end)


def check_space(disk: Disk, fd: int, size: int) -> None:
    """
    Check that the rest of a file fits on its disk.

    :param fd: of the file, which may hold some of its bytes already.
    :param size: of the complete file, in bytes.
    :raises DiskFault: when there is too little space.
    """
    # Blocks of 512 bytes are counted, as a file with holes takes less than its length.
    needed = size - os.fstat(fd).st_blocks * 512
    state = disk.fstatvfs(fd)
    free = state.f_bavail * state.f_frsize
    if needed > free:
        raise DiskFault(
            f"the disk is full: {needed:,} bytes are needed, {free:,} are free", is_full=True
        )
