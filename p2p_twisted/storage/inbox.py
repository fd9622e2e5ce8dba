"""Create, find, publish and remove files in the folder of downloads."""

import os
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import suppress
from typing import Final

from twisted.logger import Logger

from p2p_twisted.runtime.openat import Fsync, make_folder, native, open_folder, opened_folder
from p2p_twisted.storage.content import Content
from p2p_twisted.storage.disk import Disk, DiskFault, make_safe
from p2p_twisted.storage.file_attributes import AttributeWriter
from p2p_twisted.storage.free_names import candidates, longest_name
from p2p_twisted.storage.id_of_file import id_of_file
from p2p_twisted.storage.part_file import PartFile
from p2p_twisted.storage.part_names import part_name, remove_abandoned
from p2p_twisted.storage.unnamed import UnnamedFile
from p2p_twisted.wire.names import BadName, FileId, check_component, check_placed

_SHORTEST_FOLDER_BYTES: Final = 24

Kept = tuple[str, FileId, bytes, os.stat_result | None]
"""A published file: path in the inbox, id, digests, and its status since, where that is known."""

Keep = Callable[[Sequence[Kept], bool], None]
"""Remembers published files, and is told whether more of them are to come soon."""

Known = Callable[[str], FileId | None]
"""Returns the id of a file that was remembered by its path, and has not been changed since."""

FlushAll = Callable[[int], bool]
"""Flushes the file system of an open file: see :func:`p2p_twisted.runtime.flush.flush_all`."""

IsWanted = Callable[[], bool]
"""Returns whether what takes long is still wanted."""


def _always() -> bool:
    return True


class Inbox:
    """
    A folder in which downloads are saved.

    Targets are relative paths with ``/``, and are checked. All methods block, except
    :meth:`exists` and :meth:`path`.

    :param folder: its path; it is created if missing.
    :param disk: makes the calls that write.
    :param keep: remembers what is published.
    :param known: saves reading what is remembered.
    :param keeps_times: whether what is published has the time of its original.
    :param flush_all: makes many files safe with one call, where the disk can do that.
    """

    log = Logger()

    def __init__(
        self,
        folder: str,
        disk: Disk = os,
        keep: Keep | None = None,
        known: Known = lambda _path: None,
        *,
        keeps_times: bool = True,
        flush_all: FlushAll | None = None,
    ) -> None:
        self.folder = folder
        self._keep = keep
        self._known = known
        self._flush_all = flush_all
        self._disk = disk
        # Asked for once and early, as that is not safe while threads run.
        self._attribute_writer = AttributeWriter.of_process(keeps_times)

    def path(self, target: str) -> str:
        """Return the path of a target, as a person may type it; of the folder itself for ``""``."""
        return os.path.join(self.folder, target) if target else self.folder

    def native_path(self, target: str) -> str:
        """Return the path of a target, as the system takes it."""
        return os.path.join(self.folder, native(target))

    def exists(self, target: str) -> bool:
        """Return whether a target exists already."""
        check_placed(target)
        return os.path.lexists(self.native_path(target))

    def find_same(
        self,
        target: str,
        file_id: FileId,
        size: int | None = None,
        is_wanted: IsWanted = _always,
    ) -> str | None:
        """
        Look for content under all names that it could have been published as.

        The name of what is found is made safe: an earlier run may have crashed before that.

        :param size: of the content in bytes, if known: files of other sizes are not read.
        :param is_wanted: is called before each chunk that is read.
        :returns: the target that has it, or ``None``, also once it is not wanted any more.
        :raises DiskFault: when its folder cannot be flushed to the disk.
        """
        folder, name = _split(target)
        try:
            with opened_folder(self.folder, native(folder)) as folder_fd:
                ids = (
                    (
                        each,
                        self._known(os.path.join(folder, each))
                        or id_of_file(folder_fd, each, size, is_wanted),
                    )
                    for each in candidates(name, longest_name(folder_fd))
                )
                found = next((each for each, each_id in ids if each_id == file_id), None)
                if found is not None:
                    make_safe(self._disk, folder_fd)
        except OSError:
            # There is no such folder, or no such name in it.
            return None
        return found and os.path.join(folder, found)

    def is_bare(self, folder: str) -> bool:
        """Return whether nothing is in a folder, or there is none."""
        try:
            with (
                opened_folder(self.folder, native(folder)) as folder_fd,
                os.scandir(folder_fd) as entries,
            ):
                return next(entries, None) is None
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def open_part(self, target: str, content: Content, beside: PartFile | None = None) -> PartFile:
        """
        Open the part file of a target; create it and its folders if missing.

        :param beside: the open part file of another target in the same folder, if any.
        :raises DiskFault: when it cannot be opened, or does not fit on the disk.
        """
        _folder, name = _split(target)
        folder_fd = beside.duplicate_folder() if beside is not None else self.open_folder(target)
        return PartFile(
            folder_fd,
            part_name(target, content.file_id),
            name,
            content,
            disk=self._disk,
            attribute_writer=self._attribute_writer,
        )

    def open_folder(self, target: str, made: Fsync | None = None) -> int:
        """
        Open the folder of a target; create it if missing.

        :param made: is given the folder above each that is created, to have the new name safe;
            by default that is flushed at once.
        :returns: a file descriptor, which the caller closes.
        :raises DiskFault: when it cannot be opened.
        """
        made = made or self._disk.fsync
        try:
            make_folder(self.folder, self._disk.fsync)
            return open_folder(self.folder, native(_split(target)[0]), made)
        except OSError as error:
            raise DiskFault.of(error, self.folder) from error

    @property
    def flushes_all(self) -> bool:
        """Whether it is worth a try to make many files safe with one call."""
        return self._flush_all is not None

    def open_unnamed(self, folder: int, name: str) -> UnnamedFile:
        """
        Make a file that has no name yet, in the open folder of its target.

        :raises OSError: also where the file system has no such files.
        """
        check_component(name)
        return UnnamedFile(folder, name, disk=self._disk, attribute_writer=self._attribute_writer)

    def flush(self, folders: Sequence[int]) -> bool:
        """
        Flush the disks of some open folders.

        :param folders: the first of each disk was opened before anything that is to be safe was
            written there.
        :returns: whether all that was written is safe: see :func:`flush_all`.
        """
        if self._flush_all is None:
            return False
        of_disks = {os.fstat(folder).st_dev: folder for folder in reversed(folders)}
        return all(map(self._flush_all, of_disks.values()))

    def sync_folders(self, folders: Sequence[int], singly: bool = False) -> None:
        """
        Make the names in some open folders safe.

        :param singly: because a flush of all has failed: a second one may not tell that any more.
        :raises DiskFault: when those of one cannot be.
        """
        if singly or not self.flush(folders):
            for folder in folders:
                make_safe(self._disk, folder)

    def published(self, files: Sequence[Kept], *, has_more: bool = False) -> None:
        """
        Have published targets remembered.

        :param has_more: whether others follow soon; if not, a crash cannot take them any more.
        """
        if self._keep is not None:
            self._keep(files, has_more)

    def discard(self, target: str, file_id: FileId) -> None:
        """Remove the part file of a target, if there is one; whatever goes wrong is logged."""
        try:
            folder, _name = _split(target)
            with opened_folder(self.folder, native(folder)) as folder_fd:
                os.unlink(part_name(target, file_id), dir_fd=folder_fd)
        except FileNotFoundError:
            pass
        except (OSError, BadName) as error:
            self.log.warn("a part file stays in {folder}: {error}", folder=self.folder, error=error)

    def make_folder(self, target: str, room: int) -> str:
        """
        Create a new folder for a download, ``name (1)`` if ``name`` exists.

        :param room: how many bytes its name should have at most, for the sake of what is to be
            in it.
        :returns: the target that it has.
        :raises DiskFault: when it cannot be created.
        """
        above, name = _split(target)
        above_fd = self.open_folder(target)
        try:
            most = min(longest_name(above_fd), max(room, _SHORTEST_FOLDER_BYTES))
            for candidate in candidates(name, most):
                try:
                    os.mkdir(native(candidate), dir_fd=above_fd)
                except FileExistsError:
                    continue
                self._disk.fsync(above_fd)
                return os.path.join(above, candidate)
        except OSError as error:
            raise DiskFault.of(error, self.folder) from error
        finally:
            os.close(above_fd)
        raise DiskFault(f"too many folders are called {name}")

    def make_folders(self, targets: Iterable[str]) -> None:
        """
        Create folders that stay empty, unless they exist.

        :raises DiskFault: when one cannot be created.
        """
        for target in targets:
            check_placed(target)
            try:
                os.close(open_folder(self.folder, native(target), self._disk.fsync))
            except OSError as error:
                raise DiskFault.of(error, self.folder) from error

    def remove_folders(self, targets: Iterable[str]) -> None:
        """Remove folders, unless there is something in them."""
        for target in targets:
            with suppress(OSError, BadName):
                folder, name = _split(target)
                with opened_folder(self.folder, native(folder)) as folder_fd:
                    os.rmdir(native(name), dir_fd=folder_fd)

    def part_path(self, target: str, file_id: FileId) -> str:
        """Return the path of a target's part file, relative to the folder."""
        return os.path.join(_split(target)[0], part_name(target, file_id))

    def sweep(self, spared: Container[str], now: float, is_wanted: IsWanted) -> None:
        """
        Remove part files that were last written to more than a day ago.

        :param spared: part files, and folders of part files, that are still wanted.
        :param now: seconds since the epoch, as files have them.
        :param is_wanted: is called before each folder that is looked into.
        """
        if os.path.isdir(self.folder):
            remove_abandoned(self.folder, spared, now, is_wanted)


def _split(target: str) -> tuple[str, str]:
    check_placed(target)
    return os.path.split(target)
