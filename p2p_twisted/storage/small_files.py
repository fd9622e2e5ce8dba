"""Save many small files at a time, while others arrive."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from itertools import groupby, islice
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.file_limit import open_files_limit
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.storage.together import Named, SmallFile, name_together
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId

_AT_ONCE: Final = 64
# A flush for many takes a disk little longer than one for a few.
_FLUSHED_AT_ONCE: Final = 32 * _AT_ONCE
# Each of them is open meanwhile, with up to three folders; and eight downloads have some of these
# open between their jobs, of which two run at a time. Others need files and connections, too.
_LEFT_TO_OTHERS: Final = 16


class SmallFileWriter:
    """
    Publishes files in the inbox, in jobs of up to 64, or 2,048 where they can be flushed
    together and so many may be open.

    :param record: records the published files.
    :param targets: what each file is saved as, with targets as paths; it may be several.
    :param saved: is called with the files that are safe on the disk under their final names.
    :param failed: is called once, when a file cannot be saved; no other is saved afterwards.
    """

    log = Logger()

    def __init__(
        self,
        offload: Offload,
        inbox: Inbox,
        *,
        record: PublishedRecord,
        targets: Mapping[FileId, Sequence[Member]],
        saved: Callable[[Sequence[FileId]], None],
        failed: Callable[[DiskFault], None],
    ) -> None:
        self._offload = offload
        self._inbox = inbox
        self._record = record
        self._targets = targets
        self._saved = saved
        self._failed = failed
        self._waiting: dict[FileId, WholeContent] = {}
        self._idle: Deferred[None] | None = None
        self._has_failed = False
        self._may_be_together = inbox.flushes_all
        # The last ones, while others wait, whose flush makes their names safe.
        self._named = Named()
        self._together = min(_FLUSHED_AT_ONCE, open_files_limit() // _LEFT_TO_OTHERS)

    def put(self, content: WholeContent) -> None:
        """Queue a file to be saved, unless an earlier one failed."""
        if self._has_failed:
            return
        self._waiting[content.file_id] = content
        if self._idle is None:
            self._idle = Deferred()
            background(self.log, "saving small files", self._save_all(self._idle))

    async def emptied(self) -> None:
        """Return when every queued file is saved, or cannot be."""
        if self._idle is not None:
            emptied: Deferred[None] = Deferred()
            self._idle.chainDeferred(emptied)
            await emptied

    async def close(self) -> None:
        """Forget queued files; returns when nothing is being written any more."""
        self._waiting.clear()
        await self.emptied()
        await self._offload(self._inbox.published, ())

    async def _save_all(self, idle: "Deferred[None]") -> None:
        untold: list[FileId] = []
        try:
            while some := list(islice(self._waiting, self._at_once)):
                contents = [self._waiting.pop(file_id) for file_id in some]
                await self._offload(self._save, contents)
                told, untold = (untold, some) if self._named.files else ([*untold, *some], [])
                if told:
                    self._saved(told)
            if self._named.folders:
                # What waited was forgotten.
                await self._offload(self._settle)
        except DiskFault as fault:
            self._give_up(fault)
        except Exception:
            self.log.failure("while saving small files")
            self._give_up(DiskFault.unexpected())
        finally:
            self._idle = None
            idle.callback(None)

    @property
    def _at_once(self) -> int:
        return self._together if self._may_be_together else _AT_ONCE

    def _give_up(self, fault: DiskFault) -> None:
        self._has_failed = True
        self._waiting.clear()
        self._failed(fault)

    def _save(self, contents: Iterable[WholeContent]) -> None:
        """
        Save files, sorted by folder, but for the names of the last ones while others wait; blocks.

        :raises DiskFault: when one cannot be saved.
        """
        wholes = [
            SmallFile(member, content)
            for content in contents
            for member in self._targets[content.file_id]
        ]
        wholes.sort(key=_folder_of)
        has_more = False
        try:
            for start in range(0, len(wholes), self._together):
                rest: Sequence[SmallFile] = wholes[start : start + self._together]
                if self._may_be_together:
                    rest = self._name_together(rest)
                self._save_one_by_one(rest)
            has_more = bool(self._waiting)
        finally:
            if not has_more:
                self._settle()

    def _name_together(self, wholes: Sequence[SmallFile]) -> Sequence[SmallFile]:
        """Name files, which makes the names of earlier ones safe; return those that it cannot."""
        earlier = self._named
        named = name_together(self._inbox, wholes, earlier)
        self._named = named or Named()
        with closing(earlier):
            if named is None:
                self._inbox.sync_folders([*earlier.folders.values()], singly=True)
            self._conclude(earlier.files)
        rest = wholes[len(self._named.files) :]
        # What the disk cannot do, or went wrong, is so for the next ones, too.
        self._may_be_together = not rest
        return rest

    def _settle(self) -> None:
        """
        Make the names of the last files safe; blocks.

        :raises DiskFault: when they cannot be.
        """
        named, self._named = self._named, Named()
        with closing(named):
            self._inbox.sync_folders([*named.folders.values()])
            self._conclude(named.files)

    def _save_one_by_one(self, wholes: Iterable[SmallFile]) -> None:
        saved: list[SmallFile] = []
        try:
            for _folder, group in groupby(wholes, key=_folder_of):
                saved += self._save_in_one_folder(group)
        finally:
            self._conclude(saved)

    def _conclude(self, saved: Sequence[SmallFile]) -> None:
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
