"""One download: what its requester sees of fetching a file or a folder."""

from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto
from typing import Final

import attrs
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.file import FileDownload
from p2p_twisted.download.folder import FolderDownload, SomeGone
from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Failed,
    Incomplete,
    Paused,
    Progress,
    Saved,
    Seeking,
)
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.storage.manifests import Item
from p2p_twisted.wire.manifest import BadManifest
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName

_FIRST_WAIT_SECONDS: Final = 2.0
_LONGEST_WAIT_SECONDS: Final = 60.0


class _Aim(Enum):
    """What a download is to come to."""

    SAVED = auto()
    PAUSED = auto()
    CANCELED = auto()
    STOPPED = auto()
    """It goes on in the next run."""


class Download:
    """
    A download from its first request to its end.

    :param hits: who has it.
    :param number: what the person calls it by.
    :ivar report: tells how it stands.
    :ivar idle: fires when nothing is being done for it.
    """

    log = Logger()

    def __init__(
        self,
        context: DownloadContext,
        wanted: JournalEntry,
        hits: Iterable[Hit],
        number: int,
    ) -> None:
        self._context = context
        self._wanted = wanted
        self._hits = tuple(hits)
        self.report = Reporter(
            context.clock, Progress(number, wanted.name, wanted.file, wanted.size)
        )
        self.idle: Deferred[None] = succeed(None)
        self._aim = _Aim.SAVED
        self._is_aim_new = False
        self._fetch = self._new_fetch()
        self._patience: Deferred[None] | None = None
        if wanted.is_paused:
            self.report.become(Paused())

    @property
    def progress(self) -> Progress:
        """How it stands."""
        return self.report.progress

    @property
    def may_be_canceled(self) -> bool:
        """Whether anything of it goes on, or is kept."""
        state = self.progress.state
        return self._aim is not _Aim.CANCELED and (
            not self.progress.is_ended
            or isinstance(state, Incomplete)
            or (isinstance(state, Failed) and state.is_kept)
        )

    @property
    def may_be_paused(self) -> bool:
        """Whether it goes on, now or by itself."""
        return self._aim is _Aim.SAVED and not isinstance(
            self.progress.state, Paused | Saved | Incomplete | Failed
        )

    @property
    def may_be_resumed(self) -> bool:
        """Whether it rests, or waits for space."""
        return self._aim is not _Aim.CANCELED and (
            self._aim is _Aim.PAUSED or isinstance(self.progress.state, Paused | Blocked)
        )

    def start(self) -> None:
        """Begin, or go on with what is there; a wait for space is over."""
        if isinstance(self.progress.state, Paused):
            self.report.become(Seeking())
        self._head_for(_Aim.SAVED)

    def pause(self) -> None:
        """Let it rest until :meth:`start`, in this run or a later one."""
        self._head_for(_Aim.PAUSED)

    def cancel(self) -> None:
        """Give it up, and remove what is unfinished of it."""
        self._head_for(_Aim.CANCELED)

    def stop(self) -> None:
        """Let it rest until the next run."""
        if not self.idle.called:
            self._head_for(_Aim.STOPPED)

    # How it works

    def _head_for(self, aim: _Aim) -> None:
        self._aim, self._is_aim_new = aim, True
        if self.idle.called:
            self.idle = Deferred()
            background(self.log, "downloading", self._pursue())
        elif self._patience is not None:
            self._patience.cancel()
        elif aim is not _Aim.SAVED:
            self._fetch.give_up()

    async def _pursue(self) -> None:
        """Do what is aimed at, and then what has been aimed at meanwhile."""
        try:
            while self._is_aim_new:
                self._is_aim_new = False
                await self._step()
        finally:
            self.idle.callback(None)
            # Last: whoever waited may ask for the same file again at once.
            if self.progress.is_ended or self._aim is _Aim.STOPPED:
                self.report.close()

    async def _step(self) -> None:
        """Do what is aimed at; whatever nobody has thought of ends it, or it would hang."""
        try:
            await _STEPS[self._aim](self)
        except CancelledError:
            raise
        except Exception:
            self.log.failure("while downloading {name}", name=self._wanted.name)
            self.report.become(Failed(str(DiskFault.unexpected()), is_kept=True))

    async def _save(self) -> None:
        """Get it, unless that is interrupted; wait as long as it does not fit on the disk."""
        wait = _FIRST_WAIT_SECONDS
        with suppress(CancelledError):
            while not await self._try():
                self._patience = deferLater(self._context.clock, wait)
                try:
                    await self._patience
                finally:
                    self._patience = None
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    async def _try(self) -> bool:
        """Get it; tell whether it has ended, well or badly."""
        self._fetch = self._new_fetch()
        self.report.measured(self._wanted.size)
        try:
            await self._context.disk.offload(self._write_down, False)
            target = await self._fetch.run()
        except SomeGone as lack:
            self._lack(lack)
        except DiskFault as fault:
            if fault.is_full:
                await self._block(fault)
                return False
            await self._fail(str(fault), fault.is_kept)
        except (BadManifest, BadName) as error:
            await self._fail(str(error), is_kept=False)
        else:
            await self._context.disk.offload(self._context.disk.journal.remove, self._wanted.file)
            path = self._context.disk.inbox.path(target)
            self.log.info("saved {path}", path=path)
            self.report.become(Saved(path, self.report.seconds, self.report.holders))
            # Whatever else was aimed at meanwhile came too late.
            self._aim, self._is_aim_new = _Aim.SAVED, False
        return True

    async def _block(self, fault: DiskFault) -> None:
        self.log.info("{name} waits: {fault}", name=self._wanted.name, fault=fault)
        if not fault.is_kept:
            await self._context.disk.offload(self._fetch.forget)
        self.report.become(Blocked(str(fault)))

    async def _rest(self) -> None:
        try:
            await self._context.disk.offload(self._write_down, True)
        except DiskFault as fault:
            self.log.warn(
                "{name} will not rest for long: {fault}", name=self._wanted.name, fault=fault
            )
        self.report.become(Paused())

    async def _give_up(self) -> None:
        await self._context.disk.offload(self._forget)
        self.report.become(Canceled())

    async def _stop(self) -> None:
        """Do nothing: what is there stays."""

    def _lack(self, lack: SomeGone) -> None:
        report, path = self.report, self._context.disk.inbox.path(lack.target)
        report.become(Incomplete(path, lack.names, report.seconds, report.holders))

    async def _fail(self, reason: str, is_kept: bool) -> None:
        self.log.info("{name}: {reason}", name=self._wanted.name, reason=reason)
        if not is_kept:
            await self._context.disk.offload(self._forget)
        self.report.become(Failed(reason, is_kept))

    def _write_down(self, is_paused: bool) -> None:
        wants, wanted = self._context.disk.journal, self._wanted
        if wanted.target is None:
            # An earlier try may have chosen a folder, and filled some of it.
            wanted = wants.get(wanted.file) or wanted
        wants.record(attrs.evolve(wanted, is_paused=is_paused))

    def _forget(self) -> None:
        self._fetch.forget()
        self._context.disk.journal.remove(self._wanted.file)

    def _new_fetch(self) -> FileDownload | FolderDownload:
        wanted, context = self._wanted, self._context
        if wanted.kind != "file":
            return FolderDownload(context, wanted, self._hits, self.report)
        item = Item(wanted.file, wanted.size, wanted.target or wanted.name.rpartition("/")[2])
        return FileDownload(context, context.disk.inbox, item, self._hits, self.report)


_STEPS: Final = {
    _Aim.SAVED: Download._save,
    _Aim.PAUSED: Download._rest,
    _Aim.CANCELED: Download._give_up,
    _Aim.STOPPED: Download._stop,
}
