"""Read a recording from anywhere in it, in pieces; it may be far larger than the memory."""

import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from p2p_twisted.api.event_views import EventView
from p2p_twisted.recording.limits import (
    RECORDED_LINE_BYTES,
    RECORDED_PIECE_BYTES,
    UNPLAYABLE_BYTES,
)
from p2p_twisted.recording.recorded_state import RecordedState
from p2p_twisted.recording.recorded_views import (
    FORMAT,
    DamagedRecording,
    RecordingView,
    SnapshotView,
    decode_line,
)

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_BLOCK_BYTES: Final = 262_144


class Unplayable(Exception):
    """A file is no recording, or none that can be played; the text says why."""


@frozen
class _Start:
    """
    Where one can begin to read: at a snapshot.

    :ivar at: the time there, in seconds since 1970.
    """

    at: float
    offset: int


@frozen
class Piece:
    """
    Some of what happened.

    :ivar next: where the next piece begins; ``None`` at the end.
    """

    events: tuple[EventView, ...]
    next: int | None


@define
class RecordedRun:
    """
    A recording, of which only a place for each snapshot is kept in memory.

    Time never goes back in it: where the clock did, what follows happens at once.

    :ivar header: whose it is.
    :ivar begins: the time of its first line, in seconds since 1970.
    :ivar ends: that of its last one.
    :ivar events: how many lines it has that can be read.
    :ivar damaged: how many lines are none of a recording.
    """

    header: RecordingView
    ends: float
    events: int
    damaged: int
    _fd: int
    _size: int
    _starts: list[_Start]
    _times: list[float] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._times = [start.at for start in self._starts]

    @property
    def begins(self) -> float:
        """When it begins, in seconds since 1970."""
        return min(self.header.at, self.ends)

    def seek(self, at: float) -> tuple[RecordedState, int]:
        """
        Find how things stood at a time, and where what happened then begins.

        It blocks while what is behind the last snapshot before is read.
        """
        start = self._starts[max(0, bisect_right(self._times, at) - 1)]
        state, now = RecordedState(), start.at
        for offset, line in _lines(self._fd, start.offset, self._size):
            event = _read(line)
            if event is None:
                continue
            now = max(now, event.at)
            # A snapshot is how things stand already.
            if now > at and not isinstance(event, SnapshotView):
                return state, offset
            state.take(event)
        return state, self._size

    def piece(self, offset: int) -> Piece:
        """Read some of what follows; it blocks."""
        events: list[EventView] = []
        for place, line in _lines(self._fd, offset, self._size):
            if place - offset >= RECORDED_PIECE_BYTES:
                return Piece(tuple(events), place)
            if (event := _read(line)) is not None:
                events.append(event)
        return Piece(tuple(events), None)

    def close(self) -> None:
        """Read it no more."""
        os.close(self._fd)


def read_run(path: Path) -> RecordedRun:
    """
    Read a recording once, to know where what is in it; it blocks, for 1 s per 50 MB or so.

    :raises Unplayable: when it is none, or cannot be played.
    :raises OSError: when it cannot be read.
    """
    fd = os.open(path, _FLAGS)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise Unplayable(f"{path} is not a file")
        return _scan(path, fd, found.st_size)
    except BaseException:
        os.close(fd)
        raise


def _scan(path: Path, fd: int, size: int) -> RecordedRun:
    header: RecordingView | None = None
    starts: list[_Start] = []
    now, events, damaged = 0.0, 0, 0
    last = 0
    for offset, line in _lines(fd, 0, size):
        _check_near(path, last, offset)
        event = None
        try:
            event = None if line is None else decode_line(line)
            damaged += line is None
        except DamagedRecording:
            damaged += 1
        if header is None:
            header = _header(path, event)
            now = header.at
        if event is None:
            continue
        events += 1
        now = max(now, event.at)
        is_start = isinstance(event, SnapshotView) and event.part == 0
        # Those that follow closely are not needed.
        if is_start and (not starts or offset - last >= _BLOCK_BYTES):
            starts.append(_Start(now, offset))
            last = offset
    _check_near(path, last, size)
    if header is None:
        raise Unplayable(f"{path} is empty")
    if not starts:
        raise Unplayable(f"{path} ends before it says how things stood at its beginning")
    return RecordedRun(
        header=header, ends=now, events=events, damaged=damaged, fd=fd, size=size, starts=starts
    )


def _check_near(path: Path, last: int, offset: int) -> None:
    """Refuse one in which much has to be read from the snapshot before some place on."""
    if offset - last > UNPLAYABLE_BYTES:
        raise Unplayable(
            f"{path} cannot be played: from {last:,} bytes on it does not say how things stood"
            f" for {UNPLAYABLE_BYTES:,} bytes and more"
        )


def _header(path: Path, first: EventView | None) -> RecordingView:
    if not isinstance(first, RecordingView):
        raise Unplayable(
            f"{path} is no recording: --events of a peer and p2p events --save make one"
        )
    if first.format > FORMAT:
        raise Unplayable(
            f"{path} was recorded by p2p_twisted {first.version}: play it with that version"
        )
    return first


def _read(line: bytes | None) -> EventView | None:
    try:
        return None if line is None else decode_line(line)
    except DamagedRecording:
        return None


def _lines(fd: int, offset: int, size: int) -> Iterator[tuple[int, bytes | None]]:
    """Give the lines from a place on with their places; ``None`` for one that is too long."""
    begun: list[bytes] = []
    begun_bytes = 0
    at = offset
    while offset < size and (block := os.pread(fd, min(_BLOCK_BYTES, size - offset), offset)):
        offset += len(block)
        *ended, rest = block.split(b"\n")
        for part in ended:
            length = begun_bytes + len(part)
            line = b"".join((*begun, part)) if length <= RECORDED_LINE_BYTES else None
            yield at, line
            at += length + 1
            begun, begun_bytes = [], 0
        begun_bytes += len(rest)
        if begun_bytes <= RECORDED_LINE_BYTES:
            begun.append(rest)
        else:
            begun = []
    if begun_bytes:
        yield at, b"".join(begun) if begun_bytes <= RECORDED_LINE_BYTES else None
