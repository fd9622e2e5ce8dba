"""All downloads of a peer."""

from collections.abc import Sequence

from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredList,
    fail,
)
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.context import DownloadContext
from p2p_twisted.download.download import Download
from p2p_twisted.download.progress import Progress
from p2p_twisted.download.reporter import Watch
from p2p_twisted.download.selection import selected, title
from p2p_twisted.runtime.background import background
from p2p_twisted.storage.journal import JournalEntry
from p2p_twisted.storage.manifests import keep_manifest, sweep
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import File, Hit, Push, Refuse
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.session import Session


class Downloads:
    """
    What this peer wants from others.

    A few files are received at once; further ones wait their turn. What is
    wanted is written down, and goes on by itself in the next run.

    """

    log = Logger()

    def __init__(self, context: DownloadContext) -> None:
        self._context = context
        self._disk = context.disk
        self._tickets = context.peers.tickets
        self._downloads: dict[int, Download] = {}
        self._last_number = 0
        self._is_stopping = False

    # What the peer calls

    def start(self) -> None:
        """Go on with whatever was wanted when the last run ended."""
        background(self.log, "resuming downloads", self._resume())

    async def stop(self) -> None:
        """Let all downloads rest; returns when nothing is being written any more."""
        self._is_stopping = True
        for download in self._downloads.values():
            download.stop()
        await DeferredList([download.idle for download in self._downloads.values()])

    def get(self, hits: Sequence[Hit], watch: Watch) -> "Deferred[Progress]":
        """
        Download a file or folder.

        What is being downloaded already is watched, not downloaded twice.

        :param hits: who has it; all name one file id.
        :param watch: is told of its progress.
        :returns: fires with its progress when it has ended, or when nobody has
            delivered for two minutes; then it goes on by itself when a holder is back.
            Fails with :class:`CancelledError` after :meth:`stop`.
        """
        first = hits[0]
        assert first.file is not None
        # A folder's target is chosen when its manifest is there.
        target = None if first.kind == "folder" else first.name.rpartition("/")[2]
        return self._get(
            JournalEntry(first.file, first.name, first.size, first.kind, target), hits, watch
        )

    async def get_selected(
        self, words: Sequence[str], files: Sequence[Sequence[Hit]], watch: Watch
    ) -> Progress:
        """
        Download several files, as one download.

        :param words: what was typed for them.
        :param files: who has each of them.
        :param watch: is told of its progress.
        :returns: as :meth:`get`.
        :raises BadManifest: when there are too many.
        :raises DiskFault: when their list cannot be kept.
        """
        manifest = selected(files)
        file = await self._disk.offload(keep_manifest, self._disk.manifests, manifest)
        size = sum(hits[0].size for hits in files)
        wanted = JournalEntry(file, title(words, len(files)), size, "files")
        return await self._get(wanted, [hit for hits in files for hit in hits], watch)

    def is_unfinished(self, name: str) -> bool:
        """Tell whether something of that name is being downloaded, or may be gone on with."""
        return any(
            download.may_be_canceled and download.progress.name.rpartition("/")[2] == name
            for download in self._downloads.values()
        )

    def cancel(self, number: int) -> Progress:
        """
        Give a download up; what is unfinished of it is removed.

        :returns: how it stood.
        :raises KeyError: when there is none of that number to give up.
        """
        download = self._downloads[number]
        if not download.may_be_canceled:
            raise KeyError(number)
        progress = download.progress
        download.cancel()
        return progress

    def pause(self, number: int | None = None) -> tuple[Progress, ...]:
        """
        Let a download rest, or all of them, also over a restart.

        :returns: how those that will rest stood.
        """
        chosen = [each for each in self._numbered(number) if each.may_be_paused]
        stood = tuple(download.progress for download in chosen)
        for download in chosen:
            download.pause()
        return stood

    def resume(self, number: int | None = None) -> tuple[Progress, ...]:
        """
        Go on with a download that rests or waits for space, or with all of them.

        :returns: how those that go on stood.
        """
        numbered = [] if self._is_stopping else self._numbered(number)
        chosen = [each for each in numbered if each.may_be_resumed]
        stood = tuple(download.progress for download in chosen)
        for download in chosen:
            download.start()
        return stood

    def all(self) -> tuple[Progress, ...]:
        """Tell how the downloads of this run stand, oldest first."""
        return tuple(download.progress for download in self._downloads.values())

    # What connections bring

    def session_for_push(self, connection: Connection, push: Push) -> Session:
        """Make the session of a connection that began with a push; unwanted ones are closed."""
        connection.input.pace(self._context.bandwidth.limits.down.pace())
        return self._tickets.session_for_push(connection, push)

    def refused(self, refuse: Refuse) -> None:
        """Take note that a holder cannot serve."""
        self._tickets.refused(refuse)

    def file_arrives(self, connection: Connection, file: File) -> None:
        """Take a small file from a link; call it while the message is received."""
        self._tickets.file_arrives(connection, file)

    # How it works

    async def _resume(self) -> None:
        wants = await self._disk.offload(self._disk.journal.all)
        await self._disk.offload(sweep, self._disk.inbox, self._disk.manifests, wants)
        for wanted in wants:
            # It may have been asked for again since.
            if not self._is_stopping and self._running(wanted.file) is None:
                download = self._add(wanted, ())
                if not wanted.is_paused:
                    self.log.info("going on with {name}", name=wanted.name)
                    download.start()

    def _get(self, wanted: JournalEntry, hits: Sequence[Hit], watch: Watch) -> "Deferred[Progress]":
        if self._is_stopping:
            # It was still being looked for, and nobody would stop it any more.
            return fail(CancelledError())
        download = self._running(wanted.file)
        if download is not None:
            done = download.reporter.watch(watch)
            if download.may_be_resumed:
                download.start()
            return done
        download = self._add(wanted, hits)
        done = download.reporter.watch(watch)
        download.start()
        return done

    def _numbered(self, number: int | None) -> list[Download]:
        """Give the download of a number, if there is one; all of them without a number."""
        return [
            download for key, download in self._downloads.items() if number is None or key == number
        ]

    def _running(self, file: FileId) -> Download | None:
        for download in self._downloads.values():
            if download.progress.file == file and not download.progress.is_ended:
                return download
        return None

    def _add(self, wanted: JournalEntry, hits: Sequence[Hit]) -> Download:
        self._last_number += 1
        download = Download(self._context, wanted, hits, self._last_number)
        self._downloads[self._last_number] = download
        self._forget_old()
        return download

    def _forget_old(self) -> None:
        ended = [
            number for number, download in self._downloads.items() if download.progress.is_ended
        ]
        for number in ended[: -limits.ENDED_DOWNLOADS]:
            del self._downloads[number]
