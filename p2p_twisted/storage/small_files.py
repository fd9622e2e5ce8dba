"""Save many small files at a time, while others arrive."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.content import Content
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.storage.published import Published, PublishedRecord
from p2p_twisted.wire.manifest import Member
from p2p_twisted.wire.names import FileId

_AT_ONCE: Final = 64

_Whole = tuple[Member, Content, bytes]


class SmallFileWriter:
    """
    Publishes verified files in the inbox, in jobs of up to 64.

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
        self._waiting: dict[FileId, tuple[Content, bytes]] = {}
        self._idle: Deferred[None] | None = None
        self._has_failed = False

    def put(self, content: Content, whole: bytes) -> None:
        """Queue a file to be saved, unless an earlier one failed; its bytes are verified again."""
        if self._has_failed:
            return
        self._waiting[content.file_id] = (content, whole)
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

    async def _save_all(self, idle: "Deferred[None]") -> None:
        try:
            while some := list(islice(self._waiting, _AT_ONCE)):
                files = [self._waiting.pop(file_id) for file_id in some]
                await self._offload(self._save, files)
                self._saved(some)
        except DiskFault as fault:
            self._give_up(fault)
        except Exception:
            self.log.failure("while saving small files")
            self._give_up(DiskFault.unexpected())
        finally:
            self._idle = None
            idle.callback(None)

    def _give_up(self, fault: DiskFault) -> None:
        self._has_failed = True
        self._waiting.clear()
        self._failed(fault)

    def _save(self, files: Iterable[tuple[Content, bytes]]) -> None:
        """
        Save files, sorted by folder; blocks.

        :raises DiskFault: when one cannot be saved.
        """
        wholes = [
            (member, content, whole)
            for content, whole in files
            for member in self._targets[content.file_id]
        ]
        wholes.sort(key=_folder_of)
        contents = {member.path: content for member, content, _whole in wholes}
        for _folder, group in groupby(wholes, key=_folder_of):
            try:
                published = self._save_in_one_folder(group)
                self._record.add(published)
                self._inbox.published([(p.target, contents[p.wanted]) for p in published])
            except OSError as error:
                raise DiskFault.of(error) from error

    def _save_in_one_folder(self, wholes: Iterable[_Whole]) -> list[Published]:
        published = []
        first = None
        try:
            for member, content, whole in wholes:
                part = self._inbox.open_part(member.path, content, beside=first)
                first = first or part
                try:
                    if whole:
                        part.write(0, memoryview(whole))
                    name = part.place(member.attributes)
                    published.append(self._described(member.path, name))
                finally:
                    if part is not first:
                        part.close()
            assert first is not None
            first.sync_folder()
        finally:
            if first is not None:
                first.close()
        return list(filter(None, published))

    def _described(self, target: str, name: str) -> Published | None:
        folder, slash, _name = target.rpartition("/")
        became = folder + slash + name
        return Published.at(target, became, self._inbox.native_path(became))


def _folder_of(whole: _Whole) -> str:
    return whole[0].path.rpartition("/")[0]
