"""What is there of downloads in progress: others that want the same are served from it."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.picker.ranges import Range, ranges
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.storage.content import Content
from p2p_twisted.wire.messages import Hit, Want
from p2p_twisted.wire.names import FileId, PeerName
from p2p_twisted.wire.source import SourceChanged, read_exactly

_TOLD_SECONDS: Final = 0.2


class PartialPush(Protocol):
    """One push, as its audience sees it."""

    @property
    def is_idle(self) -> bool:
        """Whether the requester waits for nothing."""

    def offer(self, chunks: Iterable[Range]) -> None:
        """Say what may be asked for; from the first time on, nothing else."""


class PartialDownload(Protocol):
    """A download in progress, as others see it."""

    def hit(self, me: PeerName) -> Hit:
        """Say that this peer will have some of it."""

    def open(self) -> "tuple[PartialSource, PartialContent]":
        """Open what there is of it, for one push."""

    def heard_of(self, peer: PeerName, route: tuple[PeerName, ...]) -> None:
        """Remember a peer that downloads it, too."""


class PartialContent:
    """
    The verified chunks of a download, and the pushes of them.

    Pushes that have begun outlive the download: they go on from the file that was
    published, for as long as nobody writes to it.

    :param held: lists what is verified.
    """

    is_download = True

    def __init__(
        self, clock: IReactorTime, content: Content, held: Callable[[], Iterator[Range]]
    ) -> None:
        self.content = content
        self._held = held
        self._pushes: dict[PartialPush, None] = {}
        self._fresh: list[int] = []
        self._due = Alarm(clock, self._tell)
        self._is_lost = False
        self._modified: int | None = None

    # What the download tells

    def verified(self, index: int) -> None:
        """One more chunk is there."""
        if self._pushes:
            self._fresh.append(index)
            if not self._due.is_set:
                self._tell()

    def saved(self, modified: int) -> None:
        """
        All is there, and was published.

        :param modified: when the file was written to last, in nanoseconds.
        """
        self._modified = modified
        self._tell_now()

    def lost(self) -> None:
        """Nothing of it can be trusted to be there any more."""
        if self._modified is None:
            self._is_lost = True
        self._due.stop()

    # What pushes ask: see Audience

    def joined(self, push: PartialPush) -> bool:
        """Tell one more what is there; the rest as it comes."""
        self._pushes[push] = None
        push.offer(tuple(self._held()))
        return True

    def left(self, push: PartialPush) -> None:
        """Record that one is gone, if it ever joined."""
        self._pushes.pop(push, None)

    def sent(self, push: PartialPush, index: int, length: int) -> None:
        """Do nothing: every chunk may be sent as often as it is asked for."""

    def has(self, push: PartialPush, chunks: Iterable[Range]) -> None:
        """Do nothing: nothing is held back."""

    def check(self, fd: int) -> None:
        """
        Check that what is verified is still there.

        :raises SourceChanged: when it is not.
        """
        was_written_to = self._modified not in (None, os.fstat(fd).st_mtime_ns)
        if self._is_lost or was_written_to:
            raise SourceChanged("the download has ended")

    def _tell(self) -> None:
        """Tell of what has come, at once after a while in which nothing has."""
        if self._fresh:
            self._tell_now()
            self._due.set(_TOLD_SECONDS)

    def _tell_now(self) -> None:
        self._due.stop()
        fresh, self._fresh = tuple(ranges(sorted(self._fresh))), []
        for push in list(self._pushes):
            push.offer(fresh)


class PartialSource:
    """
    The part file of a download in progress, held open: for one push.

    :param fd: of the part file; this object closes it.
    """

    def __init__(self, growing: PartialContent, fd: int) -> None:
        self.file_id = growing.content.file_id
        self.size = growing.content.size
        self.digests = growing.content.digests
        self._growing = growing
        self._fd: int | None = fd

    @property
    def fd(self) -> int | None:
        """The open file; ``None`` once it is closed."""
        return self._fd

    def check(self) -> None:
        """
        Check that the verified chunks are still there.

        :raises SourceChanged: when they are not.
        """
        if self._fd is None:
            raise ValueError("the source is closed")
        self._growing.check(self._fd)

    def read(self, offset: int, length: int) -> bytes:
        """
        Read exactly ``length`` bytes.

        :raises SourceChanged: when they cannot be read.
        """
        self.check()
        assert self._fd is not None
        content = read_exactly(self._fd, offset, length)
        self.check()
        return content

    def doubt(self) -> None:
        """Do nothing: its requester asks others for what it did not get."""

    def close(self) -> None:
        """Let go of it; twice does no harm."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


class PartialRegister:
    """
    The downloads in progress that others may be served from.

    Nobody finds them but who asks for their very ids: what is finished is private.

    :param is_open: returns whether others are served from some content: not all may read what
        some share with a few.
    """

    def __init__(self, is_open: Callable[[FileId], bool] = lambda _file: True) -> None:
        self._is_open = is_open
        self._running: dict[FileId, PartialDownload] = {}

    def add(self, file_id: FileId, partial: "PartialDownload") -> None:
        """Serve from a download from now on, unless another one of the same content is."""
        if self._is_open(file_id):
            self._running.setdefault(file_id, partial)

    def remove(self, file_id: FileId, partial: "PartialDownload") -> None:
        """Serve from it no more, but for what goes on."""
        if self._running.get(file_id) is partial:
            del self._running[file_id]

    def hit(self, file_id: FileId, me: PeerName) -> Hit | None:
        """Tell what there is of some content."""
        running = self._running.get(file_id)
        return running.hit(me) if running is not None else None

    def open(self, file_id: FileId) -> "tuple[PartialSource, PartialContent] | tuple[None, None]":
        """Open what there is of some content, for one push."""
        running = self._running.get(file_id)
        return running.open() if running is not None else (None, None)

    def wanted_by(self, want: Want) -> None:
        """Record that somebody else downloads some content: it may be asked in return."""
        running = self._running.get(want.file)
        # Only who is named as the first on the way can be reached by the way back.
        if running is not None and want.via[:1] == (want.name,):
            running.heard_of(want.name, want.via[::-1])
