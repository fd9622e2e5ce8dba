"""Save many small files at a time, while others arrive."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.content import WholeContent
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.small_file_saver import SmallFileSaver
from p2p_twisted.wire.names import FileId

_JOBS: Final = 2


class SmallFileWriter:
    """
    Has small files saved, in jobs of as many as wait, and in a second one at once where it is full.

    :param saver: saves them, in threads.
    :param saved: is called with the files that are safe on the disk under their final names.
    :param failed: is called once, when a file cannot be saved; no other is saved afterwards.
    """

    log = Logger()

    def __init__(
        self,
        offload: Offload,
        saver: SmallFileSaver,
        *,
        saved: Callable[[Sequence[FileId]], None],
        failed: Callable[[DiskFault], None],
    ) -> None:
        self._offload = offload
        self._saver = saver
        self._saved = saved
        self._failed = failed
        self._waiting: dict[FileId, WholeContent] = {}
        self._jobs = 0
        self._idle: Deferred[None] | None = None
        self._fault: DiskFault | None = None

    def put(self, content: WholeContent) -> None:
        """Queue a file to be saved, unless an earlier one failed."""
        if self._fault is not None:
            return
        self._waiting[content.file_id] = content
        if self._jobs < _JOBS and self._may_begin(self._jobs):
            self._jobs += 1
            self._idle = self._idle or Deferred()
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
        await self._offload(self._saver.conclude)

    def _may_begin(self, others: int) -> bool:
        """Return whether there is work for a job beside so many others."""
        if not others:
            return bool(self._waiting)
        return self._saver.gains_by_two and len(self._waiting) >= self._saver.at_once

    async def _save_all(self, idle: "Deferred[None]") -> None:
        while work := self._next_work():
            try:
                self._saved(await work)
            except DiskFault as fault:
                self._give_up(fault)
            except Exception:
                self.log.failure("while saving small files")
                self._give_up(DiskFault.unexpected())
        self._jobs -= 1
        if self._jobs:
            return
        self._idle = None
        if self._fault is not None:
            self._failed(self._fault)
        idle.callback(None)

    def _next_work(self) -> "Deferred[list[FileId]] | None":
        if self._may_begin(self._jobs - 1):
            some = list(islice(self._waiting, self._saver.at_once))
            contents = [self._waiting.pop(file_id) for file_id in some]
            return self._offload(self._saver.save, contents, self._has_more)
        if self._jobs == 1 and not self._saver.is_settled:
            # What waited was forgotten, or two jobs left it to each other.
            return self._offload(self._saver.settle)
        return None

    def _has_more(self) -> bool:
        return bool(self._waiting) or self._jobs > 1

    def _give_up(self, fault: DiskFault) -> None:
        self._fault = self._fault or fault
        self._waiting.clear()
