"""Read a file while it comes from an origin."""

import os

from attrs import define, field
from twisted.internet.defer import Deferred

from p2p_twisted.download.file_readers import DownloadEnded
from p2p_twisted.gateway import limits
from p2p_twisted.peer_errors import PeerError
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.shared_folder import NewFile
from p2p_twisted.wire.source import read_exactly


@define(eq=False)
class ComingFile:
    """
    A file that is being written, for those who read it meanwhile.

    What it should be is known of all of it alone: its last part is given only when all was
    checked, so that nobody has all of something else.

    :ivar size: in bytes.
    """

    size: int
    _offload: Offload
    _fd: int | None = field(default=None, init=False)
    _there: int = field(default=0, init=False)
    _readers: int = field(default=0, init=False)
    _is_checked: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)
    _fault: PeerError | None = field(default=None, init=False)
    _waiting: dict["Deferred[None]", None] = field(factory=dict, init=False)

    @property
    def given(self) -> int:
        """How many bytes of it are given, from its beginning."""
        return self.size if self._is_checked else self._there - limits.ORIGIN_HELD_BACK_BYTES

    def begun(self, file: NewFile) -> None:
        """Let what is written be read from now on."""
        self._fd = file.reopened()

    def came(self, there: int) -> None:
        """Record how many bytes of it are written."""
        self._there = there
        self._tell()

    def checked(self) -> None:
        """Record that all of it is written, and is what it should be."""
        self._is_checked = True
        self._tell()

    def fail(self, fault: PeerError) -> None:
        """Record why it does not come."""
        self._fault = fault

    def end(self) -> None:
        """Record that nothing more of it is written."""
        self._is_over = True
        self._tell()
        self._let_go()

    async def open(self) -> bool:
        """
        Wait until some of it can be read, by who then must close it.

        :returns: whether that is so; otherwise it is there already, and nothing was written.
        :raises PeerError: when it does not come.
        """
        await self._until(0)
        if self.given <= 0 and not self._is_checked:
            if self._fault is not None:
                raise self._fault
            return False
        self._readers += 1
        return True

    async def read(self, offset: int, most: int) -> bytes:
        """
        Read some bytes, at least one, once they are there.

        :raises DownloadEnded: when they do not come.
        """
        await self._until(offset)
        if self.given <= offset or self._fd is None:
            raise DownloadEnded(str(self._fault or "it has ended"))
        length = min(most, self.given - offset)
        # Whoever closes it must not do so while a thread reads.
        return await uninterrupted(self._offload(read_exactly, self._fd, offset, length))

    def close(self) -> None:
        """Read no more of it."""
        self._readers -= 1
        self._let_go()

    async def _until(self, offset: int) -> None:
        while not (self.given > offset or self._is_checked or self._is_over):
            waiting: Deferred[None] = Deferred(self._forget)
            self._waiting[waiting] = None
            await waiting

    def _forget(self, waiting: "Deferred[None]") -> None:
        self._waiting.pop(waiting, None)

    def _tell(self) -> None:
        told, self._waiting = self._waiting, {}
        for waiting in told:
            waiting.callback(None)

    def _let_go(self) -> None:
        if self._is_over and not self._readers and self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)
