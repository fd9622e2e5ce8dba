"""The lines that are written."""

from typing import Any

from p2p_twisted.api.event_views import AnswerView, QuestionView, WarningView
from p2p_twisted.recording.limits import SNAPSHOT_BYTES
from p2p_twisted.recording.recorded_views import RecordingView, SnapshotView, decode_line
from p2p_twisted.recording.recorder import Recorder
from tests.recording.builders import HEADER, events, peers, recorded


def test_begins() -> None:
    """The first line says whose it is and since when; the next how things stand."""
    first, second, *_rest = map(decode_line, recorded(*events()).splitlines())
    assert isinstance(first, RecordingView)
    assert (first.at, first.name, first.network, first.of) == (0.5, "s1", "default", "peer")
    assert isinstance(second, SnapshotView)


def test_snapshots() -> None:
    """How things stand comes again and again, and takes an eighth of the whole at most."""
    names = [f"s{i}" for i in range(3_000)]
    recorder = Recorder(HEADER)
    recorder.begin(0.0)
    recorder.add(peers(1.0, " ".join(names), **dict.fromkeys(names, "s1 s2 s3 s4 s5")))
    written = [recorder.add(WarningView(at=2.0, text="x" * 1_000)) for _ in range(10_000)]
    with_one = [i for i, each in enumerate(written) if each.count(b"\n") > 1]
    whole = sum(map(len, written))
    assert 3 < len(with_one) < whole / SNAPSHOT_BYTES
    assert sum(len(written[i]) for i in with_one) < whole / 8


def test_topology_questions() -> None:
    """What is asked every few seconds is left out, with its answers, and all else is not."""
    answer: Any = {"is_own": True, "hits": 0, "answered": 1, "silent": 0, "seconds": 0.1}
    question: Any = {"text": "", "peer": None, "is_own": True}
    told = [
        QuestionView(at=1.0, id="1", what="topo", **question),
        QuestionView(at=1.0, id="2", what="text", **question),
        AnswerView(at=1.0, id="1", **answer),
        AnswerView(at=1.0, id="2", **answer),
    ]
    lines = recorded(*told).splitlines()[2:]
    assert [decode_line(each) for each in lines] == [told[1], told[3]]
