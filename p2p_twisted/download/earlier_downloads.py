"""The downloads that earlier runs have left, and those who watch them."""

from attrs import define, field
from twisted.internet.defer import Deferred, succeed

from p2p_twisted.download.download import Download
from p2p_twisted.download.progress import Progress
from p2p_twisted.download.reporter import Watch


@define(eq=False)
class EarlierDownloads:
    """Shows what goes on by itself to those who have not asked for it in this run."""

    _downloads: list[Download] = field(factory=list, init=False)
    _watches: list[Watch] = field(factory=list, init=False)
    _is_known: bool = field(default=False, init=False)
    _waiting: list[Deferred[None]] = field(factory=list, init=False)

    def add(self, download: Download) -> None:
        """Have one go on."""
        self._downloads.append(download)
        for watch in self._watches:
            download.reporter.watch(watch)

    def watch(self, watch: Watch) -> None:
        """Watch all of them from when they go on."""
        self._watches.append(watch)
        for download in self._downloads:
            if not download.progress.is_ended:
                download.reporter.watch(watch)

    def show(self, progress: Progress) -> None:
        """Show how something else stands that an earlier run has left."""
        for watch in self._watches:
            watch(progress)

    def known(self) -> "Deferred[None]":
        """Fire once all are known."""
        if self._is_known:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def all_are_known(self) -> None:
        """Have those go on who wait for that."""
        self._is_known = True
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)
