"""Wait for what a download brings that was begun by reading."""

from attrs import define, field
from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Progress
from p2p_twisted.peer_errors import PeerError


class TooManyBegun(PeerError):
    """So many downloads were begun by reading, and have not ended, that no other is."""

    code = "too_many"


@define(eq=False)
class BegunDownload:
    """
    A download that was begun by reading.

    :ivar progress: how it stands.
    """

    progress: Progress | None = field(default=None, init=False)
    _waiting: dict["Deferred[None]", None] = field(factory=dict, init=False)

    def watch(self, progress: Progress) -> None:
        """Record how it stands."""
        self.progress = progress
        if progress.is_resting:
            self.tell()

    def tell(self) -> None:
        """Wake those who wait: something has changed."""
        while self._waiting:
            waiting, _none = self._waiting.popitem()
            waiting.callback(None)

    def _forget(self, waiting: "Deferred[None]") -> None:
        self._waiting.pop(waiting, None)

    def changed(self) -> "Deferred[None]":
        """Wait until something can be read, or it rests."""
        waiting: Deferred[None] = Deferred(self._forget)
        self._waiting[waiting] = None
        return waiting
