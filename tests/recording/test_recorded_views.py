"""The lines of a recording."""

import attrs
import pytest

from p2p_twisted.api import view_of
from p2p_twisted.api.event_views import DownloadEventView, WarningView
from p2p_twisted.recording.recorded_views import KINDS, DamagedRecording, decode_line, event_of
from tests.console.fake_peer import saved
from tests.recording.builders import HEADER, events, state_of

DEEP = b'{"kind":"warning","at":1,"text":' + b"[" * 100_000


def test_all_come_back() -> None:
    """What is written is read again."""
    every = [HEADER, *state_of(*events()).snapshot(5.0), *events()]
    assert [decode_line(each.encoded()) for each in every] == every


def test_odd_paths() -> None:
    """So is a path whose bytes are no UTF-8."""
    download = attrs.evolve(view_of.download(saved(1)), path="/a\udcff")
    event = DownloadEventView(at=1.0, download=download)
    assert decode_line(event.encoded()) == event


def test_later_kinds() -> None:
    """What later versions write is passed over, and so are their fields."""
    assert decode_line(b'{"kind":"pushed","at":1}') is None
    told = {"kind": "warning", "at": 1, "text": "x", "more": [1]}
    assert event_of(told) == WarningView(at=1.0, text="x")
    assert {"recording", "snapshot", "linked", "forgotten"} < KINDS.keys()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b'{"kind":1,"at":1}',
        b'{"kind":"warning","text":"no time"}',
        b'{"kind":"warning","at":NaN,"text":""}',
        b'{"kind":"warning","at":1e999,"text":""}',
        b'{"kind":"warning","at":-1,"text":""}',
        b'{"kind":"warning","at":1e18,"text":""}',
        b'{"kind":"warning","at":1,"text":"torn',
        b'{"kind":"peers","at":1,"came":["a"],"went":[],"peers":1,"changed":[{"name":{}}]}',
        b'{"kind":"snapshot","at":1,"part":0,"parts":0}',
        DEEP,
    ],
)
def test_damaged(line: bytes) -> None:
    """Everything else is refused, by one exception."""
    with pytest.raises(DamagedRecording):
        decode_line(line)
