"""One download on its way to its final name: a hidden part file beside it."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Final

from p2p_twisted.runtime.holes import has_data
from p2p_twisted.runtime.openat import native
from p2p_twisted.runtime.parallel_map import ParallelMap
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import Disk, DiskFault, check_space, make_safe, write_sparse
from p2p_twisted.storage.file_attributes import AttributeWriter
from p2p_twisted.storage.foreign_writes import ForeignWrites
from p2p_twisted.storage.free_names import (
    NO_LINKS,
    candidates,
    longest_name,
    move_without_links,
)
from p2p_twisted.storage.page_cache import PageCache
from p2p_twisted.wire.attributes import UNKNOWN, Attributes
from p2p_twisted.wire.chunks import chunk_count
from p2p_twisted.wire.chunks_on_disk import digest_on_disk
from p2p_twisted.wire.limits import CHUNK_BYTES

_PART: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# From linux/fs.h; elsewhere it means nothing, and fails.
_FICLONE: Final = 0x40049409


class PartFile:
    """
    The part file of some content; only verified bytes get into it.

    Chunks of zeros are there from the beginning: as holes, where the file system has any.

    Its methods block, and raise :class:`DiskFault` for whatever the disk does.
    :meth:`write` is mostly quick, the others are not.

    :param folder: a file descriptor of the folder that it is in; closed with it.
    :param part: its own name there.
    :ivar name: what to publish it as.
    :ivar is_new: whether nothing of it was there.
    :ivar foreign_writes: those of other programs, after which it must be :meth:`verified` again.
    """

    def __init__(
        self,
        folder: int,
        part: str,
        name: str,
        content: Content,
        *,
        disk: Disk,
        attribute_writer: AttributeWriter,
    ) -> None:
        self.content = content
        self._folder = folder
        self._part = part
        self.name = name
        self._disk = disk
        self._attribute_writer = attribute_writer
        self._fd = -1
        try:
            self._fd = open_part(folder, part)
            size = os.fstat(self._fd).st_size
            self.is_new = not size
            if size > content.size:
                os.ftruncate(self._fd, content.size)
            check_space(disk, self._fd, content.size - sum(map(content.length, content.zeros())))
            self._cache = PageCache(disk, self._fd, content.size)
            self._clear_zeros()
            self.foreign_writes = ForeignWrites(self._fd)
        except OSError as error:
            self.close()
            raise DiskFault.of(error) from error
        except DiskFault:
            self.close()
            raise

    def write(self, index: int, chunk: memoryview) -> None:
        """
        Keep one chunk.

        :raises WrongContent: when it is not that chunk; nothing is written then.
        :raises DiskFault: when it cannot be written.
        """
        self.content.check(index, chunk)
        if self.content.is_zero(index):
            return
        try:
            with self.foreign_writes.told_apart():
                write_sparse(self._disk, self._fd, chunk, index * CHUNK_BYTES)
            self._cache.wrote(index)
        except OSError as error:
            raise DiskFault.of(error) from error

    @property
    def chunks_held(self) -> int:
        """How many chunks may be there, the first ones."""
        return chunk_count(os.fstat(self._fd).st_size)

    @property
    def modified(self) -> int:
        """When it was written to last, in nanoseconds."""
        return os.fstat(self._fd).st_mtime_ns

    def duplicate(self) -> int:
        """Give one more file descriptor, which the caller closes; names do not matter to it."""
        self._cache.keep_all()
        return os.dup(self._fd)

    def duplicate_folder(self) -> int:
        """Give one more file descriptor of its folder, which the caller closes."""
        return os.dup(self._folder)

    def verified(self, parallel_map: ParallelMap, indexes: Sequence[int]) -> list[int]:
        """Tell which of some chunks are there and right."""
        return list(compress(indexes, parallel_map(self._is_right, indexes)))

    def clone(self, file: int) -> bool:
        """
        Let it share the blocks of another file, where the file system can do that.

        What it then has must be :meth:`verified`, and shows how much of it was right.

        :param file: a file descriptor.
        """
        try:
            with self.foreign_writes.told_apart():
                fcntl.ioctl(self._fd, _FICLONE, file)
                # The other file may have grown since its digests were made.
                os.ftruncate(self._fd, self.content.size)
                self._clear_zeros()
        except OSError:
            return False
        return True

    def copied(self, file: int, indexes: Iterable[int]) -> list[int]:
        """
        Copy some chunks from another file; tell which were right.

        Each passes through here anyway to be verified: the kernel could not copy it faster.
        """
        return [index for index in indexes if self._copy(file, index)]

    def publish(self, attributes: Attributes = UNKNOWN) -> str:
        """
        Make it safe on the disk under its final name, or ``name (1)`` if that exists.

        :param attributes: what it is to have beside its content.
        :returns: the name, in its folder.
        """
        name = self.place(attributes)
        self.sync_folder()
        return name

    def place(self, attributes: Attributes = UNKNOWN) -> str:
        """Publish it, but for making the name itself safe: :meth:`sync_folder` does that."""
        try:
            self._attribute_writer.write(self._fd, attributes)
            self._make_safe()
            if os.fstat(self._fd).st_size != self.content.size:
                raise DiskFault("the part file was changed by another program", is_kept=False)
            return self._take_a_name()
        except OSError as error:
            raise DiskFault.of(error) from error

    def sync_folder(self) -> None:
        """Make all names that were given in its folder safe."""
        make_safe(self._disk, self._folder)

    def is_in(self, folder: int) -> bool:
        """Return whether it has its name in an open folder."""
        try:
            there = os.stat(self._part, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._fd))

    def move_to(self, folder: int) -> bool:
        """Move it to another open folder; return whether it could be: it may have been removed."""
        if not self.is_in(self._folder):
            return False
        try:
            os.rename(self._part, self._part, src_dir_fd=self._folder, dst_dir_fd=folder)
        except OSError:
            return False
        os.dup2(folder, self._folder, inheritable=False)
        return True

    def close(self) -> None:
        """Let go of it; what is written stays. Twice does no harm."""
        for fd in (self._fd, self._folder):
            if fd >= 0:
                os.close(fd)
        self._fd = self._folder = -1

    def _clear_zeros(self) -> None:
        """Make the chunks of zeros that, whatever an earlier run or another file has there."""
        size = os.fstat(self._fd).st_size
        end = 0
        for index in self.content.zeros():
            start, length = index * CHUNK_BYTES, self.content.length(index)
            end = start + length
            if start < size and has_data(self._fd, start, length) and not self._is_right(index):
                write_sparse(self._disk, self._fd, memoryview(bytes(length)), start)
        if end > size:
            os.ftruncate(self._fd, end)

    def _make_safe(self) -> None:
        try:
            self._disk.fsync(self._fd)
        except OSError as error:
            # What could not be written may read well until the next crash, and then be gone.
            fault = DiskFault.of(error)
            raise DiskFault(str(fault), is_kept=False, is_full=fault.is_full) from error

    def _is_right(self, index: int) -> bool:
        try:
            digest = digest_on_disk(self._fd, self.content.size, index)
        except OSError:
            return False
        return digest == self.content.digest(index)

    def _copy(self, file: int, index: int) -> bool:
        try:
            chunk = os.pread(file, self.content.length(index), index * CHUNK_BYTES)
            self.write(index, memoryview(chunk))
        except (OSError, WrongContent):
            return False
        return True

    def _take_a_name(self) -> str:
        for name in candidates(self.name, longest_name(self._folder)):
            try:
                self._move_to(native(name))
            except FileExistsError:
                continue
            return name
        raise DiskFault(f"too many files are called {self.name}")

    def _move_to(self, name: str) -> None:
        folder = self._folder
        try:
            self._disk.link(
                self._part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False
            )
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            move_without_links(folder, self._part, name)
        else:
            os.unlink(self._part, dir_fd=folder)


def open_part(folder: int, part: str) -> int:
    """
    Open a part file to go on with it, or make it.

    Whatever stands in its place and is not a file of ours with one name only,
    somebody put there: it is removed, never written to.
    """
    try:
        fd = os.open(part, _PART, dir_fd=folder)
    except FileNotFoundError:
        return _make_part(folder, part)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO, errno.EACCES, errno.EISDIR):
            raise
    else:
        if _is_ours(os.fstat(fd)):
            return fd
        os.close(fd)
    try:
        os.unlink(part, dir_fd=folder)
    except IsADirectoryError:
        os.rmdir(part, dir_fd=folder)
    return _make_part(folder, part)


def _make_part(folder: int, part: str) -> int:
    return os.open(part, _PART | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)


def _is_ours(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and status.st_nlink == 1
