"""Save many small files in threads, so that one job goes on while another one's are flushed."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import groupby
from threading import Lock
from typing import Final

from attrs import define

from p2p_twisted.runtime.file_limit import open_files_limit
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.together import Named, SmallFile, name_together, portions
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId

_AT_ONCE: Final = 64
# A flush for many takes a disk little longer than one for a few.
_FLUSHED_AT_ONCE: Final = 32 * _AT_ONCE
# In each of three jobs, of whichever downloads, each of so many files is open, perhaps with a new
# folder, and a third as many folders; between jobs, folders of up to two jobs in each of eight
# downloads. Others need files and connections, too.
_LEFT_TO_OTHERS: Final = 16


@define(eq=False)
class _Job:
    """
    Files that are saved in one call.

    :ivar left: how many have not become safe yet.
    """

    file_ids: Sequence[FileId]
    left: int


class SmallFileSaver:
    """
    Publishes small files in the inbox, up to 2,048 with one flush where the disk can do that and
    so many may be open.

    Names are safe with the flush of a later job, or of the last one: with one flush more for
    them, very many files would take twice as long. All methods block, and may be called in two
    threads: in one at a time, but for flushes. As Python runs in one thread at a time anyway,
    more at once would take more time.

    :param record: records the published files.
    :param targets: what each file is saved as, with targets as paths; it may be several.
    """

    def __init__(
        self, inbox: Inbox, record: PublishedRecord, targets: Mapping[FileId, Sequence[Member]]
    ) -> None:
        self._inbox = inbox
        self._record = record
        self._targets = targets
        self._turn = Lock()
        # What changes from here on changes for whose turn it is.
        self._may_be_together = inbox.flushes_all
        self._named: list[tuple[_Job, Named]] = []
        self._safe: list[FileId] = []
        self._together = min(_FLUSHED_AT_ONCE, open_files_limit() // _LEFT_TO_OTHERS)

    @property
    def at_once(self) -> int:
        """How many files are worth a job."""
        return self._together if self._may_be_together else _AT_ONCE

    @property
    def gains_by_two(self) -> bool:
        """Whether a second job is of use, while the first one's files are flushed."""
        return self._may_be_together

    @property
    def is_settled(self) -> bool:
        """Whether the names of all that is saved are safe."""
        return not self._named

    def save(self, contents: Iterable[WholeContent], has_more: Callable[[], bool]) -> list[FileId]:
        """
        Save files.

        :param has_more: returns whether other jobs follow, which make the last names safe.
        :returns: those, and earlier ones, that are now safe under their names.
        :raises DiskFault: when one cannot be saved.
        """
        wholes = [
            SmallFile(member, content)
            for content in contents
            for member in self._targets[content.file_id]
        ]
        wholes.sort(key=_folder_of)
        job = _Job([content.file_id for content in contents], len(wholes))
        with self._turn:
            try:
                for portion in portions(wholes, self._together):
                    rest = self._name_together(job, portion) if self._may_be_together else portion
                    self._save_one_by_one(job, rest)
            finally:
                if not has_more():
                    self._flush()
            return self._told()

    def settle(self) -> list[FileId]:
        """
        Make the names of the last files safe.

        :returns: the files that are now safe under their names.
        :raises DiskFault: when they cannot be.
        """
        with self._turn:
            self._flush()
            return self._told()

    def conclude(self) -> None:
        """Tell whoever remembers what is published that no more comes."""
        self._inbox.published(())

    def _told(self) -> list[FileId]:
        safe, self._safe = self._safe, []
        return safe

    def _name_together(self, job: _Job, wholes: Sequence[SmallFile]) -> Sequence[SmallFile]:
        """Name files; return those that it cannot."""
        named = name_together(self._inbox, wholes, self._flush)
        if named is not None:
            self._named.append((job, named))
        rest = wholes[len(named.files) if named else 0 :]
        # What the disk cannot do, or went wrong, is so for the next ones, too.
        self._may_be_together = self._may_be_together and not rest
        return rest

    def _flush(self, folders: Sequence[int] = ()) -> bool:
        """
        Flush the disks of some folders, and of all that is named, whose names are safe then.

        :returns: whether what is in the folders is safe.
        :raises DiskFault: when names cannot be made safe, or recorded.
        """
        earlier, self._named = self._named, []
        with ExitStack() as closing:
            for _job, named in earlier:
                closing.callback(named.close)
            of_earlier = [folder for _job, named in earlier for folder in named.folders.values()]
            self._turn.release()
            try:
                are_safe = self._inbox.flush([*of_earlier, *folders])
            finally:
                self._turn.acquire()
            if not are_safe:
                self._inbox.sync_folders(of_earlier, singly=True)
            for job, named in earlier:
                self._conclude(job, named.files)
        return are_safe

    def _conclude(self, job: _Job, saved: Sequence[SmallFile]) -> None:
        """
        Record files that are safe under their names.

        :raises DiskFault: when they cannot be recorded.
        """
        if not saved:
            return
        try:
            self._record.add([each.published() for each in saved])
            self._inbox.published([each.kept() for each in saved], has_more=True)
        except OSError as error:
            raise DiskFault.of(error) from error
        job.left -= len(saved)
        if not job.left:
            self._safe.extend(job.file_ids)

    def _save_one_by_one(self, job: _Job, wholes: Iterable[SmallFile]) -> None:
        saved: list[SmallFile] = []
        try:
            for _folder, group in groupby(wholes, key=_folder_of):
                saved += self._save_in_one_folder(group)
        finally:
            self._conclude(job, saved)

    def _save_in_one_folder(self, wholes: Iterable[SmallFile]) -> list[SmallFile]:
        saved = []
        first = None
        try:
            for whole in wholes:
                path = whole.member.path
                part = self._inbox.open_part(path, whole.content, beside=first)
                first = first or part
                try:
                    if whole.content.all_bytes:
                        part.write(0, memoryview(whole.content.all_bytes))
                    whole.call(part.place(whole.member.attributes))
                    with suppress(OSError):
                        whole.status = os.lstat(self._inbox.native_path(whole.target))
                        saved.append(whole)
                finally:
                    if part is not first:
                        part.close()
            assert first is not None
            first.sync_folder()
        finally:
            if first is not None:
                first.close()
        return saved


def _folder_of(whole: SmallFile) -> str:
    return whole.folder
