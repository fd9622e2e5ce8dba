"""Make the lines of a recording of what happens."""

from collections import deque
from functools import partial
from typing import Final

import attrs
from attrs import define, field

from p2p_twisted.api.event_views import AnswerView, EventView, QuestionView
from p2p_twisted.recording.limits import SNAPSHOT_BYTES
from p2p_twisted.recording.recorded_state import RecordedState
from p2p_twisted.recording.recorded_views import RecordingView

_SHARE: Final = 8
_QUESTIONS: Final = 200


@define
class Recorder:
    """
    Writes events down, and how things stand again and again, which takes little of the whole.

    Questions for the topology, and their answers, are left out: they are put every few seconds,
    and ``peers`` says what came of them.

    :param header: says whose recording it is; its time is that of the first line.
    """

    _header: RecordingView
    _state: RecordedState = field(factory=RecordedState)
    # Since the last snapshot, and of that one.
    _bytes: int = field(default=0, init=False)
    _snapshot_bytes: int = field(default=0, init=False)
    # The questions that were left out last.
    _left_out: deque[str] = field(factory=partial(deque, maxlen=_QUESTIONS), init=False)

    def begin(self, at: float) -> bytes:
        """
        Begin a file: write whose it is, and how things stand.

        :param at: in seconds since 1970.
        """
        return _line(attrs.evolve(self._header, at=at)) + self.snapshot(at)

    def add(self, event: EventView) -> bytes:
        """Write an event, and behind it a snapshot where the last one is far away."""
        if self._is_left_out(event):
            return b""
        self._state.take(event)
        line = _line(event)
        self._bytes += len(line)
        if self._bytes < max(SNAPSHOT_BYTES, _SHARE * self._snapshot_bytes):
            return line
        return line + self.snapshot(event.at)

    def _is_left_out(self, event: EventView) -> bool:
        if isinstance(event, QuestionView) and event.what == "topo":
            self._left_out.append(event.id)
            return True
        return isinstance(event, AnswerView) and event.id in self._left_out

    def snapshot(self, at: float) -> bytes:
        """Write how things stand."""
        lines = b"".join(map(_line, self._state.snapshot(at)))
        self._bytes, self._snapshot_bytes = 0, len(lines)
        return lines


def _line(view: EventView) -> bytes:
    return view.encoded() + b"\n"
