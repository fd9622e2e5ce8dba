"""One download: what a person sees of it, and does to it."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import attrs
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.download.aim import Aim
from p2p_twisted.download.change_check import ContentChanged, ContentRemoved
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.file import FileDownload
from p2p_twisted.download.folder import FolderDownload, SomeGone, TakesTooMuch
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
from p2p_twisted.explain.download_account import DownloadAccount
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.storage.manifests import Item
from p2p_twisted.wire.manifest import BadManifest
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import BadName, FileId

_FIRST_WAIT_SECONDS: Final = 2.0
_LONGEST_WAIT_SECONDS: Final = 60.0


class Download:
    """
    A download from its first request to its end.

    :param hits: the holders that are known.
    :param account: of how it goes, and went before it could begin.
    :ivar reporter: tells how it stands.
    :ivar idle: fires when nothing is being done for it.
    """

    log = Logger()

    def __init__(
        self,
        context: DownloadContext,
        entry: JournalEntry,
        hits: Iterable[Hit],
        account: DownloadAccount,
    ) -> None:
        self._context = context
        self._disk = context.disk
        self._entry = entry
        self._hits = tuple(hits)
        progress = Progress(entry.number, entry.name, entry.file, entry.size)
        self.reporter = Reporter(context.clock, progress, account)
        self.idle: Deferred[None] = succeed(None)
        self._aim = Aim.SAVED
        self._is_aim_new = False
        self._canceled: Canceled | None = None
        self._content = self._new_content()
        # What may be canceled of the current step: the download itself, or a wait before it.
        self._work: Deferred[Any] | None = None
        self._patience: Deferred[None] | None = None
        if entry.is_paused:
            self.reporter.become(Paused())

    @property
    def progress(self) -> Progress:
        """How it stands."""
        return self.reporter.progress

    @property
    def file_id(self) -> FileId:
        """What it downloads."""
        return self._entry.file

    @property
    def may_be_canceled(self) -> bool:
        """Whether anything of it goes on, or is kept for later."""
        progress = self.progress
        return self._aim is not Aim.CANCELED and (progress.is_kept or not progress.is_ended)

    @property
    def may_be_paused(self) -> bool:
        """Whether it goes on, now or by itself."""
        rests = isinstance(self.progress.state, Paused | Saved | Incomplete | Failed)
        return self._aim is Aim.SAVED and not rests

    @property
    def may_be_resumed(self) -> bool:
        """Whether it is paused, or waits for space."""
        rests = self._aim is Aim.PAUSED or isinstance(self.progress.state, Paused | Blocked)
        return self._aim is not Aim.CANCELED and rests

    def start(self) -> None:
        """Begin, or go on with what is there; a wait for space is over."""
        if isinstance(self.progress.state, Paused):
            self.reporter.become(Seeking())
        self._head_for(Aim.SAVED)

    def pause(self) -> None:
        """Stop it until :meth:`start`, in this run or a later one."""
        self._head_for(Aim.PAUSED)

    def cancel(self, why: str = "") -> None:
        """End it, and remove what is unfinished of it."""
        self._canceled = Canceled(why)
        self._head_for(Aim.CANCELED)

    def stop(self) -> None:
        """Stop it until the next run."""
        if not self.idle.called:
            self._head_for(Aim.STOPPED)

    # How it works

    def _head_for(self, aim: Aim) -> None:
        self._aim, self._is_aim_new = aim, True
        if self.idle.called:
            self.idle = Deferred()
            background(self.log, "downloading", self._pursue())
        elif self._patience is not None:
            self._patience.cancel()
        else:
            self._context.few_per_turn.passed().addCallback(self._interrupt)

    def _interrupt(self, _passed: None) -> None:
        """Leave what is being done, unless that has come to its end, or is aimed at again."""
        if self._work is not None and self._is_aim_new and self._aim is not Aim.SAVED:
            self._work.cancel()

    async def _pursue(self) -> None:
        """Do what is aimed at, and then what has been aimed at meanwhile."""
        try:
            while self._is_aim_new:
                self._is_aim_new = False
                await self._step()
        finally:
            self.idle.callback(None)
            # Last: what waited for this may ask for the same file again at once.
            if self.progress.is_ended or self._aim is Aim.STOPPED:
                self.reporter.close()

    async def _step(self) -> None:
        """Do what is aimed at; end it on an unexpected error, or it would hang."""
        try:
            await _STEPS[self._aim](self)
        except CancelledError:
            raise
        except Exception:
            self.log.failure("while downloading {name}", name=self._entry.name)
            fault, has_arrived = str(DiskFault.unexpected()), self.progress.received > 0
            self.reporter.become(Failed(fault, True, has_arrived, Exit.UNEXPECTED))

    async def _save(self) -> None:
        """Download it, unless that is canceled; wait while it does not fit on the disk."""
        wait = _FIRST_WAIT_SECONDS
        with suppress(CancelledError):
            await self._wait_for(self._context.joined.passed())
            await self._wait_for(self._context.few_per_turn.passed())
            while not await self._try() and not self._is_aim_new:
                await self._wait_for(deferLater(self._context.clock, wait))
                wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    async def _wait_for(self, patience: "Deferred[None]") -> None:
        self._patience = patience
        try:
            await patience
        finally:
            self._patience = None

    async def _try(self) -> bool:
        """Download it; return whether it has ended, well or badly."""
        self._content = self._new_content()
        self.reporter.measured(self._entry.size)
        self._work = Deferred.fromCoroutine(self._run())
        try:
            target = await self._work
        except SomeGone as lack:
            self._lack(lack)
        except DiskFault as fault:
            if fault.is_full:
                await self._block(fault)
                return False
            await self._fail(Failed(str(fault), fault.is_kept))
        except TakesTooMuch as error:
            await self._fail(Failed(str(error), exit=Exit.REFUSED))
        except ContentRemoved as loss:
            await self._fail(Failed(str(loss), is_kept=True, exit=Exit.NOT_FOUND))
        except (BadManifest, BadName, ContentChanged) as error:
            await self._fail(Failed(str(error), exit=Exit.UNVERIFIED))
        else:
            await self._disk.offload(self._disk.journal.remove, self._entry.file)
            path = self._disk.inbox.path(target)
            self.log.info("saved {path}", path=path)
            self.reporter.become(self._saved(path))
            # Whatever else was aimed at meanwhile came too late.
            self._aim, self._is_aim_new = Aim.SAVED, False
        finally:
            self._work = None
        return True

    async def _run(self) -> str:
        await self._disk.call(self._write_down, False)
        return await self._content.run()

    async def _block(self, fault: DiskFault) -> None:
        self.log.info("{name} waits: {fault}", name=self._entry.name, fault=fault)
        if not fault.is_kept:
            await self._content.forget()
        self.reporter.become(Blocked(str(fault)))

    async def _rest(self) -> None:
        try:
            await self._disk.offload(self._write_down, True)
        except DiskFault as fault:
            self.log.warn(
                "{name} will not rest for long: {fault}", name=self._entry.name, fault=fault
            )
        self.reporter.become(Paused())

    async def _give_up(self) -> None:
        await self._forget()
        self.reporter.become(self._canceled or Canceled())

    async def _stop(self) -> None:
        """Leave what is there for the next run, unless it was to be canceled."""
        if self._canceled is not None:
            await self._disk.offload(self._disk.journal.remove, self._entry.file)

    def _saved(self, path: str) -> Saved:
        reporter, content = self.reporter, self._content
        return Saved(
            path,
            reporter.seconds,
            reporter.holders,
            older=content.taken,
            was_here=content.was_here,
            unshared=self._entry.unshared,
        )

    def _lack(self, lack: SomeGone) -> None:
        reporter, path = self.reporter, self._disk.inbox.path(lack.target)
        how = reporter.seconds, reporter.holders, self._entry.unshared
        reporter.become(Incomplete(path, lack.names, *how, lack.changed))

    async def _fail(self, failed: Failed) -> None:
        self.log.info("{name}: {reason}", name=self._entry.name, reason=failed.reason)
        if not failed.is_kept:
            await self._forget()
        has_arrived = await self._disk.offload(self._content.has_arrived)
        self.reporter.become(attrs.evolve(failed, has_arrived=has_arrived))

    def _write_down(self, is_paused: bool) -> None:
        journal, entry = self._disk.journal, self._entry
        before = journal.get(entry.file) if entry.target is None else None
        if before is not None and before.into == entry.into:
            # An earlier try may have chosen a folder, and filled some of it.
            entry = before
        journal.record(attrs.evolve(entry, is_paused=is_paused, number=self._entry.number))

    async def _forget(self) -> None:
        """Remove what is left of it; a stop ends that early, and it is forgotten all the same."""
        self._work = Deferred.fromCoroutine(self._content.forget())
        try:
            with suppress(CancelledError):
                await self._work
        finally:
            self._work = None
            await self._disk.offload(self._disk.journal.remove, self._entry.file)

    def _new_content(self) -> FileDownload | FolderDownload:
        context, entry = self._context, self._entry
        if entry.kind != "file":
            return FolderDownload(context, entry, self._hits, self.reporter)
        target = entry.target or entry.usual_target
        item = Item(entry.file, entry.size, target, entry.attributes)
        return FileDownload(context, self._disk.inbox, item, self._hits, self.reporter)


_STEPS: Final = {
    Aim.SAVED: Download._save,
    Aim.PAUSED: Download._rest,
    Aim.CANCELED: Download._give_up,
    Aim.STOPPED: Download._stop,
}
