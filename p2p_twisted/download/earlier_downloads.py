"""The downloads that earlier runs have left, and those who watch them."""

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.download.context import DownloadDisk
from p2p_twisted.download.download import Download
from p2p_twisted.download.progress import Checking, Paused, Progress, Saved
from p2p_twisted.download.reporter import Watch
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.gate import Gate
from p2p_twisted.storage.inbox import IsWanted
from p2p_twisted.storage.left_over import left_over
from p2p_twisted.wire.names import FileId


@define(eq=False)
class EarlierDownloads:
    """
    Shows what goes on by itself to those who have not asked for it in this run.

    :param joined: opens when this peer is in its network: then they go on.
    :param disk: has what is there of them.
    """

    log = Logger()

    _joined: Gate
    _disk: DownloadDisk
    _downloads: list[Download] = field(factory=list, init=False)
    _watches: list[Watch] = field(factory=list, init=False)
    _all_known: Gate = field(factory=Gate, init=False)

    def __attrs_post_init__(self) -> None:
        going_on = self._joined.passed().addCallback(lambda _: self._all_go_on())
        background(self.log, "going on with downloads", going_on)

    def add(self, download: Download) -> None:
        """Have one go on."""
        self._downloads.append(download)
        if self._joined.is_open:
            self._goes_on(download)

    def watch(self, watch: Watch) -> None:
        """Watch all of them from when they go on."""
        self._watches.append(watch)
        for download in self._downloads if self._joined.is_open else ():
            if not download.progress.is_ended:
                download.reporter.watch(watch)

    async def measure(self, is_wanted: IsWanted) -> None:
        """Have those that do not go on yet tell how much of them is there."""
        disk = self._disk
        kept = disk.journal, disk.inbox, disk.manifests
        for download in self._downloads:
            if isinstance(download.progress.state, Paused) or not self._joined.is_open:
                left = await disk.offload(left_over, download.file_id, *kept, is_wanted)
                download.reporter.had(left)

    def saved(self, file_id: FileId) -> Download | None:
        """Return the one of some content, if that is saved."""
        saved = (each for each in self._downloads if isinstance(each.progress.state, Saved))
        return next((each for each in saved if each.file_id == file_id), None)

    def show(self, progress: Progress) -> None:
        """Show how something else stands that an earlier run has left."""
        for watch in self._watches if self._joined.is_open else ():
            watch(progress)

    def known(self) -> "Deferred[None]":
        """Fire once all are known."""
        return self._all_known.passed()

    def all_are_known(self) -> None:
        """Have those go on who wait for that."""
        self._all_known.open()

    def _all_go_on(self) -> None:
        for download in self._downloads:
            if not download.progress.is_ended:
                self._goes_on(download)

    def _goes_on(self, download: Download) -> None:
        if not isinstance(download.progress.state, Paused):
            self.log.info("going on with {name}", name=download.progress.name)
            download.reporter.become(Checking())
        for watch in self._watches:
            download.reporter.watch(watch)
