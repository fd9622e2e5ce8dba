"""Write a file into what a peer shares, and take one out of it, for its person."""

import errno
import os
import stat
import unicodedata
from collections.abc import Collection, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from attrs import define

from p2p_twisted.library.entries import Place
from p2p_twisted.library.ignore_file import IGNORE_FILE
from p2p_twisted.library.ignoring import Ignoring, RulesUnreadable
from p2p_twisted.runtime.openat import native, open_folder, opened_folder
from p2p_twisted.storage.disk import Disk, DiskFault, check_space, write_all
from p2p_twisted.storage.free_names import (
    NO_LINKS,
    candidates,
    longest_name,
    move_without_links,
)
from p2p_twisted.wire.names import check_path, collision_key

UNSHARED: Final = ".unshared"
"""Where files go that are no longer shared: a folder that is hidden, and so is not shared."""

_NEW: Final = os.O_RDWR | os.O_CLOEXEC
# Of Linux. Without it, the folder itself would be opened, which fails like that.
_UNNAMED: Final = getattr(os, "O_TMPFILE", 0)
_NO_UNNAMED: Final = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


class NotShared(Exception):
    """There is no such file or folder, or it is not to be touched; the text says which."""


class NewFile:
    """
    A file that is being written, and has no name that others could see; its methods block.

    Nothing is left of it after a crash, where the file system has files without names; it
    has a hidden one elsewhere.

    :param folder: a file descriptor of the folder that it will be in; closed with it.
    :ivar folders: those that it is in, by their names.
    :ivar made: those of them that were made for it, the outermost first.
    :ivar is_published: whether it has its name.
    :raises OSError: when it cannot be made.
    """

    def __init__(
        self, folder: int, name: str, disk: Disk, folders: Sequence[str], made: list[str]
    ) -> None:
        self.folders = folders
        self.made = made
        self.is_published = False
        self._folder = folder
        self._name = native(name)
        self._disk = disk
        self._hidden: str | None = None
        self._size = 0
        try:
            self._fd = os.open(".", _NEW | _UNNAMED, 0o666, dir_fd=folder)
        except OSError as error:
            if error.errno not in _NO_UNNAMED:
                raise
            self._hidden = f".p2p-{os.urandom(8).hex()}.part"
            new = _NEW | os.O_CREAT | os.O_EXCL
            self._fd = os.open(self._hidden, new, 0o666, dir_fd=folder)

    def expect(self, size: int) -> None:
        """
        Check that there is space for so many bytes.

        :raises DiskFault: when there is not.
        """
        check_space(self._disk, self._fd, size)

    def write(self, content: bytes) -> None:
        """
        Write what comes next.

        :raises DiskFault: when it cannot be written.
        """
        try:
            write_all(self._disk, self._fd, memoryview(content), self._size)
        except OSError as error:
            raise DiskFault.of(error) from error
        self._size += len(content)

    def reopened(self) -> int:
        """
        Return a descriptor from which what was written can be read; its caller closes it.

        :raises DiskFault: when there is none.
        """
        try:
            return os.dup(self._fd)
        except OSError as error:
            raise DiskFault.of(error) from error

    def publish(self) -> None:
        """
        Make it safe on the disk under its name.

        :raises FileExistsError: when there is something of that name; it is not replaced.
        :raises DiskFault: when the disk fails.
        """
        try:
            self._disk.fsync(self._fd)
            self._take_name()
            self.is_published = True
            self._disk.fsync(self._folder)
        except FileExistsError:
            raise
        except OSError as error:
            raise DiskFault.of(error) from error

    def close(self) -> None:
        """Let go of it; without :meth:`publish` nothing is left."""
        if self._hidden is not None:
            with suppress(FileNotFoundError):
                os.unlink(self._hidden, dir_fd=self._folder)
        os.close(self._fd)
        os.close(self._folder)

    def _take_name(self) -> None:
        folder, hidden = self._folder, self._hidden
        source = f"/proc/self/fd/{self._fd}" if hidden is None else hidden
        follow = hidden is None
        try:
            self._disk.link(
                source, self._name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=follow
            )
        except OSError as error:
            if hidden is None or error.errno not in NO_LINKS:
                raise
            move_without_links(folder, hidden, self._name)


@define
class SharedFolder:
    """
    A folder of which everything is shared but some; all methods block.

    :param root: its path.
    :param excluded: paths that are not shared, wherever they lie.
    """

    _root: Path
    _excluded: Collection[Path]
    _disk: Disk = os

    def begin(self, name: str) -> NewFile:
        """
        Begin to write a file.

        :raises BadName: when it could not be shared under that name.
        :raises NotShared: when it would not be shared there.
        :raises FileExistsError: when there is something of that name, or of one that differs only
            in case, accents or invisible characters: one of the two would not be shared.
        :raises DiskFault: when it cannot be made.
        """
        check_path(name)
        if self._is_excluded(name):
            raise NotShared(f"{name} would not be shared there")
        if self._looks_like_another(name):
            raise FileExistsError(name)
        try:
            if self._is_ignored(name):
                raise NotShared(f"{name} would not be shared: {IGNORE_FILE} names it")
            return self._begun(name)
        except FileExistsError:
            raise
        except RulesUnreadable as error:
            raise NotShared(f"{name} would not be shared: {error.strerror}") from None
        except OSError as error:
            raise DiskFault.of(error) from error

    def _begun(self, name: str) -> NewFile:
        folder, _, last = name.rpartition("/")
        folders = _on_the_way(name)
        made = [each for each in folders if not self._has(each)]
        with ExitStack() as undoing:
            undoing.callback(self.remove_folders, made)
            fd = open_folder(self._root, native(folder), self._disk.fsync)
            undoing.callback(os.close, fd)
            if _is_there(fd, last):
                raise FileExistsError(name)
            file = NewFile(fd, last, self._disk, folders, made)
            undoing.pop_all()
            return file

    def remove_folders(self, names: Sequence[str]) -> None:
        """Remove folders in which there is nothing, the last one first."""
        for name in reversed(names):
            folder, _, last = name.rpartition("/")
            try:
                with opened_folder(self._root, native(folder)) as fd:
                    os.rmdir(native(last), dir_fd=fd)
            except OSError:
                return

    def set_aside(self, name: str) -> str:
        """
        Move a file or folder to :data:`UNSHARED`, from where its person can have it back.

        :returns: its name now.
        :raises BadName: when nothing is shared under such a name.
        :raises NotShared: when there is no such file or folder, or it is not shared.
        :raises DiskFault: when the disk fails.
        """
        check_path(name)
        if self._is_excluded(name):
            raise NotShared(f"{name} is not shared")
        folder, _, last = name.rpartition("/")
        aside = f"{UNSHARED}/{folder}".rstrip("/")
        try:
            with opened_folder(self._root, native(folder)) as source:
                mode = os.lstat(native(last), dir_fd=source).st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    raise NotShared(f"{name} is neither a file nor a folder")
                target = open_folder(self._root, native(aside), self._disk.fsync)
                try:
                    free = self._move(last, source, target)
                finally:
                    os.close(target)
        except (FileNotFoundError, NotADirectoryError):
            raise NotShared(f"nothing that is shared here is called {name}") from None
        except OSError as error:
            raise DiskFault.of(error) from error
        return f"{aside}/{free}"

    def path(self, name: str) -> str:
        """Return the path of a name, as a person may type it."""
        return os.path.join(self._root, name)

    def _move(self, name: str, source: int, target: int) -> str:
        for free in candidates(name, longest_name(target)):
            if not _is_there(target, free):
                os.rename(native(name), native(free), src_dir_fd=source, dst_dir_fd=target)
                self._disk.fsync(target)
                self._disk.fsync(source)
                return free
        raise DiskFault(f"too many files are called {name}")

    def _looks_like_another(self, name: str) -> bool:
        """Return whether one of its components collides with an entry of another name."""
        folder = ""
        for part in name.split("/"):
            try:
                with opened_folder(self._root, native(folder)) as fd:
                    entries = {unicodedata.normalize("NFC", each) for each in os.listdir(fd)}
            except OSError:
                # Below here there is nothing yet, or no folder.
                return False
            if part not in entries:
                return collision_key(part) in map(collision_key, entries)
            folder = f"{folder}/{part}".lstrip("/")
        return False

    def _is_ignored(self, name: str) -> bool:
        """
        Return whether an ignore file names it, or a folder that it is to be in.

        :raises OSError: when such a file cannot be read.
        """
        folder, _, last = name.rpartition("/")
        ignored = Ignoring(self._root).in_folder(Place(folder, native(folder)))
        return ignored is None or ignored.names(last, False)

    def _has(self, folder: str) -> bool:
        return os.path.lexists(self._root / native(folder))

    def _is_excluded(self, name: str) -> bool:
        """Return whether it is, or is in, or has in it, what is not shared."""
        path = os.path.abspath(self._root / native(name))
        excluded = [os.path.abspath(each) for each in self._excluded]
        return any(os.path.commonpath((path, each)) in (path, each) for each in excluded)


def _on_the_way(name: str) -> list[str]:
    """List the folders that a file is in, the outermost first."""
    return [name[:end] for end, character in enumerate(name) if character == "/"]


def _is_there(folder: int, name: str) -> bool:
    try:
        os.lstat(native(name), dir_fd=folder)
    except FileNotFoundError:
        return False
    return True
