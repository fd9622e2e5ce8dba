"""All downloads of a peer."""

from collections.abc import Sequence
from math import inf

import attrs
from twisted.internet.defer import CancelledError, Deferred, DeferredList, fail
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.download import Download
from p2p_twisted.download.earlier_downloads import EarlierDownloads
from p2p_twisted.download.expected import ExpectedDownload
from p2p_twisted.download.explained import facts_of
from p2p_twisted.download.file_readers import ReadableDownloads
from p2p_twisted.download.progress import Canceled, Progress
from p2p_twisted.download.reporter import Watch
from p2p_twisted.download.selection import selected, title
from p2p_twisted.download.wanted import wanted
from p2p_twisted.explain.facts import Facts
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.storage.manifests import keep_lists, sweep
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId


class Downloads:
    """
    Downloads what this peer wants from others.

    A few files are received at once; further ones wait for a slot. What is wanted is
    written into the journal, and goes on by itself in the next run.

    :ivar earlier: what earlier runs have left.
    """

    log = Logger()

    def __init__(self, context: DownloadContext) -> None:
        self._context = context
        self._disk = context.disk
        self._downloads: dict[int, Download | ExpectedDownload] = {}
        self._last_number = 0
        self.earlier = EarlierDownloads(context.joined, context.disk)
        self._is_stopping = False

    @property
    def readable(self) -> ReadableDownloads:
        """The files of which some can be read already."""
        return self._context.local.readable

    # What the peer calls

    def start(self) -> None:
        """Show what was wanted when the last run ended; it goes on once this peer has joined."""
        background(self.log, "resuming downloads", self._resume())

    def join(self) -> None:
        """Have all go on, as others can be asked now."""
        self._context.joined.open()

    async def watch(self, file_id: FileId, watch: Watch, is_recalled: bool = False) -> bool:
        """
        Watch a download of some content that goes on, or is paused, also since an earlier run.

        :param watch: is told of its progress.
        :param is_recalled: whether one counts, too, that an earlier run has left, and is saved.
        :returns: whether there is one.
        """
        await self.earlier.known()
        running = self._running(file_id)
        if running is None and is_recalled:
            running = self.earlier.saved(file_id)
        if running is not None:
            running.reporter.watch(watch)
        return running is not None

    async def stop(self) -> None:
        """Stop all until the next run, if there is one; return when nothing is being written."""
        self._is_stopping = True
        downloads = list(self._downloads.values())
        for download in downloads:
            if self._context.has_next_run:
                download.stop()
            elif download.may_be_canceled:
                download.cancel()
        await DeferredList([download.idle for download in downloads])

    def expect(self, name: str, watch: Watch, number: int | None = None) -> ExpectedDownload:
        """
        Show what is wanted, and has no id yet.

        :param watch: is told of its progress.
        :param number: that it had in an earlier run.
        :raises CancelledError: after :meth:`stop`.
        """
        if self._is_stopping:
            # It was still being looked for, and would not be stopped any more.
            raise CancelledError
        self._last_number = max(self._last_number, number or 0)
        number = number or self._new_number()
        context = self._context
        account = context.new_account()
        expected = ExpectedDownload(context.clock, number, name, watch, account)
        self._downloads[number] = expected
        return expected

    def forget_expected(self, expected: ExpectedDownload) -> None:
        """Show it no longer, unless a download goes on under its number, or it was canceled."""
        number = expected.progress.number
        if self._downloads.get(number) is expected and expected.may_be_canceled:
            del self._downloads[number]
            # For who watches it: there is nothing more to see.
            expected.reporter.become(Canceled())

    def get(
        self,
        hits: Sequence[Hit],
        watch: Watch,
        number: int | None = None,
        *,
        name: str | None = None,
        into: str = "",
        most: int | None = None,
        room: int | None = None,
    ) -> "Deferred[Progress]":
        """
        Download a file or folder.

        What is being downloaded already is watched, not downloaded twice.

        :param hits: its holders; all name one file id.
        :param watch: is told of its progress.
        :param number: under which it was expected.
        :param name: what it is to be called, where that is not what its holder calls it.
        :param into: the folder in which it is to land, below where downloads do.
        :param most: how many bytes a folder may have, as was promised.
        :param room: how much of the disk it may take, in bytes, as far as its files show.
        :returns: fires with its progress when it has ended, rests, or when no holder has
            delivered for two minutes; then it goes on by itself when one is back.
            Fails with :class:`CancelledError` after :meth:`stop`.
        """
        return self._get(wanted(hits, name, into, most, room), hits, watch, number)

    async def get_selected(
        self, words: Sequence[str], files: Sequence[Sequence[Hit]], watch: Watch
    ) -> Progress:
        """
        Download several files, as one download.

        :param words: what was typed for them.
        :param files: the holders of each of them.
        :param watch: is told of its progress.
        :returns: as :meth:`get`.
        :raises BadManifest: when there are too many.
        :raises DiskFault: when their list cannot be kept.
        """
        members = selected(files)
        file_id = await self._disk.offload(keep_lists, self._disk.manifests, members)
        size = sum(hits[0].size for hits in files)
        entry = JournalEntry(file_id, title(words, files), size, "files")
        return await self._get(entry, [hit for hits in files for hit in hits], watch)

    def is_unfinished(self, name: str) -> bool:
        """Return whether something of that name is being downloaded, or may go on."""
        return any(
            download.may_be_canceled and download.progress.name.rpartition("/")[2] == name
            for download in self._downloads.values()
        )

    def cancel(self, number: int, why: str = "") -> Progress:
        """
        Cancel a download; what is unfinished of it is removed.

        :param why: it is, unless a person says so.
        :returns: how it stood.
        :raises KeyError: when there is none of that number to cancel.
        """
        download = self._downloads[number]
        if not download.may_be_canceled:
            raise KeyError(number)
        progress = download.progress
        download.cancel(why)
        return progress

    def pause(self, number: int | None = None) -> tuple[Progress, ...]:
        """
        Pause a download, or all of them, also over a restart.

        :returns: the progress of what was paused, before that.
        """
        chosen = [each for each in self._numbered(number) if each.may_be_paused]
        stood = tuple(download.progress for download in chosen)
        for download in chosen:
            download.pause()
        return stood

    def resume(self, number: int | None = None) -> tuple[Progress, ...]:
        """
        Go on with a download that is paused or waits for space, or with all of them.

        :returns: the progress of what goes on, before that.
        """
        numbered = [] if self._is_stopping else self._numbered(number)
        chosen = [each for each in numbered if each.may_be_resumed]
        stood = tuple(download.progress for download in chosen)
        for download in chosen:
            download.start()
        return stood

    def all(self) -> tuple[Progress, ...]:
        """Return the progress of the downloads of this run, oldest first."""
        return tuple(download.progress for download in self._downloads.values())

    def facts(self) -> tuple[Facts, ...]:
        """Return what is known of how each of these downloads goes, or went."""
        limit = self._context.bandwidth.rates.down
        return tuple(facts_of(each.reporter, limit) for each in self._downloads.values())

    # How it works

    async def _resume(self) -> None:
        try:
            await self._resume_all()
        finally:
            self.earlier.all_are_known()
        await self.earlier.measure(lambda: not self._is_stopping)

    async def _resume_all(self) -> None:
        entries = await self._disk.offload(self._disk.journal.all)
        await self._disk.offload(
            sweep, self._disk.inbox, self._disk.manifests, entries, lambda: not self._is_stopping
        )
        self._last_number = max(self._last_number, *(entry.number for entry in entries), 0)
        for entry in sorted(entries, key=lambda entry: entry.number or inf):
            await self._context.few_per_turn.passed()
            # It may have been asked for again since.
            if not self._is_stopping and self._running(entry.file) is None:
                self._go_on(entry)

    def _go_on(self, entry: JournalEntry) -> None:
        """Go on with what an earlier run has left, under the number that it had."""
        number = None if entry.number in self._downloads else entry.number
        download = self._add(entry, entry.earlier_hits, number)
        self.earlier.add(download)
        if not entry.is_paused:
            download.start()

    def _get(
        self, entry: JournalEntry, hits: Sequence[Hit], watch: Watch, number: int | None = None
    ) -> "Deferred[Progress]":
        if self._is_stopping:
            # It was still being looked for, and would not be stopped any more.
            return fail(CancelledError())
        running = self._running(entry.file)
        download = running or self._add(entry, hits, number)
        done = download.reporter.watch(watch)
        if running is None or running.may_be_resumed:
            download.start()
        return done

    def _numbered(self, number: int | None) -> list[Download]:
        """Return the download of a number, if there is one; all of them without a number."""
        return [
            download
            for key, download in self._downloads.items()
            if isinstance(download, Download) and number in (None, key)
        ]

    def _running(self, file_id: FileId) -> Download | None:
        for download in self._numbered(None):
            if download.file_id == file_id and not download.reporter.is_ended:
                return download
        return None

    def _add(self, entry: JournalEntry, hits: Sequence[Hit], number: int | None) -> Download:
        number = number or self._new_number()
        entry, before = attrs.evolve(entry, number=number), self._downloads.get(number)
        # Its story has begun while its holder was hashing it.
        account = self._context.new_account() if before is None else before.reporter.account
        download = Download(self._context, entry, hits, account)
        self._downloads[number] = download
        self._forget_old()
        return download

    def _new_number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _forget_old(self) -> None:
        ended = [number for number, each in self._downloads.items() if each.reporter.is_ended]
        for number in ended[: -limits.ENDED_DOWNLOADS]:
            del self._downloads[number]
