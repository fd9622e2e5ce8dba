"""Read a file while it is downloaded: what is read next is asked for before all else."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed

from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.limits import CHUNKS_READ_AHEAD
from p2p_twisted.picker.ranges import Range
from p2p_twisted.storage.partial import PartialContent, PartialSource
from p2p_twisted.wire.names import FileId


def _unheard(_file_id: FileId) -> None:
    """Tell nobody."""


def _unhurried() -> None:
    """Tell nobody."""


class DownloadEnded(Exception):
    """What is waited for does not come at the moment: its download has ended, or rests."""


@define(eq=False)
class FileReaders:
    """
    Those who read one file as it comes.

    :param ask: has holders asked for what there is to ask for.
    """

    _picker: ChunkPicker
    _ask: Callable[[], None]
    _ahead: dict[object, Range] = field(factory=dict, init=False)
    _waiting: dict["Deferred[None]", int] = field(factory=dict, init=False)
    _is_over: bool = field(default=False, init=False)

    @property
    def are_there(self) -> bool:
        """Whether anybody reads it."""
        return bool(self._ahead)

    @property
    def are_done(self) -> bool:
        """Whether nothing needs to be waited for: all of the file is there."""
        return self._picker.is_complete

    def come(self, reader: object, index: int) -> "Deferred[None]":
        """
        Wait for a chunk; it, and those behind it, are asked for before all others.

        :param reader: goes on from there, until :meth:`leave`.
        :returns: fires once it is verified; fails with :class:`DownloadEnded`.
        """
        ahead = index, CHUNKS_READ_AHEAD
        if self._ahead.get(reader) != ahead:
            # Whoever has moved last comes first: perhaps somebody has just jumped there.
            self._ahead.pop(reader, None)
            self._ahead = {reader: ahead, **self._ahead}
            self._hurry()
        if self._picker.is_verified(index):
            return succeed(None)
        if self._is_over:
            return fail(DownloadEnded("its download has ended"))
        waiting: Deferred[None] = Deferred(self._forget)
        self._waiting[waiting] = index
        self._hurry()
        self._ask()
        return waiting

    def _forget(self, waiting: "Deferred[None]") -> None:
        self._waiting.pop(waiting, None)
        self._hurry()

    def _hurry(self) -> None:
        self._picker.hurry(self._ahead.values(), dict.fromkeys(self._waiting.values()))

    def leave(self, reader: object) -> None:
        """Ask for nothing more on behalf of somebody."""
        if self._ahead.pop(reader, None) is not None:
            self._hurry()

    def verified(self, index: int) -> None:
        """One more chunk is there."""
        told = [each for each, awaited in self._waiting.items() if awaited == index]
        for waiting in told:
            if self._waiting.pop(waiting, None) is not None:
                waiting.callback(None)
        if told:
            self._hurry()

    def end(self) -> None:
        """Nothing more comes."""
        self._is_over = True
        while self._waiting:
            waiting, _index = self._waiting.popitem()
            waiting.errback(DownloadEnded("its download has ended"))


class ReadableFile(Protocol):
    """A file whose digests are proven, and which is being downloaded."""

    readers: FileReaders

    def open(self) -> tuple[PartialSource, PartialContent]:
        """Open what there is of it."""


@define(eq=False)
class ReadableDownloads:
    """
    The files that are being downloaded, for this peer's own user.

    :ivar added: is told of each as it begins to come.
    :ivar hurried: is called when somebody waits to read one.
    """

    added: Callable[[FileId], None] = field(default=_unheard, init=False)
    hurried: Callable[[], None] = field(default=_unhurried, init=False)
    _files: dict[FileId, ReadableFile] = field(factory=dict, init=False)
    _awaited: "Counter[FileId]" = field(factory=Counter, init=False)

    @contextmanager
    def awaited(self, file_id: FileId) -> Iterator[None]:
        """Have some content come soon, as somebody waits to read it."""
        self._awaited[file_id] += 1
        self.hurried()
        try:
            yield
        finally:
            self._awaited[file_id] -= 1
            self._awaited += Counter()

    def is_read(self, file_id: FileId) -> bool:
        """Return whether somebody reads some content, or waits to."""
        file = self._files.get(file_id)
        return file_id in self._awaited or (file is not None and file.readers.are_there)

    def get(self, file_id: FileId) -> ReadableFile | None:
        """Return some content, if it comes."""
        return self._files.get(file_id)

    def add(self, file_id: FileId, file: ReadableFile) -> None:
        """Let a file be read that begins to come."""
        self._files[file_id] = file
        self.added(file_id)

    def remove(self, file_id: FileId, file: ReadableFile) -> None:
        """Forget a file that has come, or comes no more."""
        if self._files.get(file_id) is file:
            del self._files[file_id]
