"""Recordings that are read."""

import json
import os
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from p2p_twisted.api.event_views import EventView, WarningView
from p2p_twisted.recording import recorded_run
from p2p_twisted.recording.limits import RECORDED_LINE_BYTES, UNPLAYABLE_BYTES
from p2p_twisted.recording.recorded_run import RecordedRun, Unplayable, read_run
from p2p_twisted.recording.recorded_views import FORMAT, SnapshotView
from p2p_twisted.wire.limits import MIB
from tests.recording.builders import HEADER, events, peers, recorded, state_of


def read(path: Path, content: bytes) -> RecordedRun:
    """Write a recording, and read it."""
    path = path / "events"
    path.write_bytes(content)
    return read_run(path)


def rest(run: RecordedRun, offset: int) -> list[EventView]:
    """Read all from a place on, but snapshots."""
    found: list[EventView] = []
    following: int | None = offset
    while following is not None:
        piece = run.piece(following)
        found += piece.events
        following = piece.next
    return [each for each in found if not isinstance(each, SnapshotView)]


def test_whole(tmp_path: Path) -> None:
    """Whose it is, and from when to when."""
    run = read(tmp_path, recorded(*events()))
    assert (run.header.name, run.begins, run.ends) == ("s1", 0.5, 9.0)
    assert (run.events, run.damaged) == (2 + len(events()), 0)


def test_seek(tmp_path: Path) -> None:
    """How things stood at any time, and what happened behind it."""
    run = read(tmp_path, recorded(*events()))
    for at in (-1.0, 0.0, 0.5, 1.0, 3.5, 6.0, 7.7, 9.0, 1e9):
        state, offset = run.seek(at)
        assert state == state_of(*(each for each in events() if each.at <= at))
        assert rest(run, offset) == [each for each in events() if each.at > at]


def test_long(tmp_path: Path) -> None:
    """So it is in a long one, of which only what is near is read."""
    rng = Random(1)
    happened: list[EventView] = []
    for second in range(6_000):
        event = rng.choice(events()) if rng.random() < 0.2 else WarningView(at=0.0, text="x" * 900)
        happened.append(attrs.evolve(event, at=second + 1.0))
    run = read(tmp_path, recorded(*happened))
    assert os.path.getsize(tmp_path / "events") > 4 * MIB
    for at in (0.0, 1.0, 17.5, 2_999.0, 5_900.0, 6_000.0):
        state, offset = run.seek(at)
        assert state == state_of(*(each for each in happened if each.at <= at))
        assert rest(run, offset) == [each for each in happened if each.at > at]


def test_clock_went_back(tmp_path: Path) -> None:
    """Where the clock went back, what follows is not lost, but happens at once."""
    times = [5.0, 9.0, 3.0, 10.0]
    happened = [WarningView(at=at, text=str(at)) for at in times]
    run = read(tmp_path, recorded(*happened))
    assert [each.at for each in rest(run, run.seek(8.0)[1])] == [9.0, 3.0, 10.0]
    assert [each.at for each in rest(run, run.seek(9.0)[1])] == [10.0]


def test_damaged_lines(tmp_path: Path) -> None:
    """Lines that are none are counted and passed over, also a torn and a far too long one."""
    first, second, *others = recorded(*events()).splitlines()
    bad = [
        b"\xff\xfe",
        b"{}{",
        b"",
        b'{"kind":"warning","at":1,"text":"' + bytes(RECORDED_LINE_BYTES),
    ]
    lines = [first, second, *(line for pair in zip(others, bad * 9, strict=False) for line in pair)]
    run = read(tmp_path, b"\n".join((*lines, b'{"kind":"warn')))
    assert run.damaged == len(others) + 1
    assert rest(run, run.seek(0.0)[1])[1:] == events()[1:]


def test_truncated_anywhere(tmp_path: Path) -> None:
    """One that ends anywhere is played up to there, or refused by a sentence."""
    whole = recorded(*events())
    for end in range(0, len(whole), 7):
        try:
            run = read(tmp_path, whole[:end])
        except Unplayable:
            continue
        assert run.damaged <= 1
        run.seek(5.0)
        run.close()


def test_noise(tmp_path: Path) -> None:
    """Whatever bytes are changed in one, it is played or refused, and nothing else."""
    rng, whole = Random(1), recorded(*events())
    for _ in range(300):
        noisy = bytearray(whole)
        for _ in range(rng.randrange(1, 5)):
            noisy[rng.randrange(len(noisy))] = rng.randrange(256)
        try:
            run = read(tmp_path, bytes(noisy))
        except Unplayable:
            continue
        state, offset = run.seek(rng.uniform(0, 10))
        for each in (*state.snapshot(1.0), *run.piece(offset).events):
            json.loads(each.encoded())
        run.close()


@pytest.mark.parametrize("content", [b"", b"my notes\n", bytes(10_000), b"{}\n"])
def test_no_recording(tmp_path: Path, content: bytes) -> None:
    """What is none is refused."""
    with pytest.raises(Unplayable, match=r"is no recording|is empty"):
        read(tmp_path, content)


def test_later_format(tmp_path: Path) -> None:
    """One of a later version is refused, and says which plays it."""
    header: Any = attrs.evolve(HEADER, format=FORMAT + 1, version="9.1")
    with pytest.raises(Unplayable, match=r"p2p_twisted 9\.1: play it with that version"):
        read(tmp_path, header.encoded() + b"\n")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_no_file(tmp_path: Path, kind: str) -> None:
    """Nothing but a file is read, and nobody waits for a pipe."""
    path = tmp_path / "odd"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(Unplayable, match="is not a file"):
        read_run(path)


def test_no_snapshots(tmp_path: Path) -> None:
    """One in which to begin anywhere would take long is refused."""
    line = WarningView(at=1.0, text="x" * 1_000_000).encoded() + b"\n"
    for each in (line, line[1:], line.strip()):
        with pytest.raises(Unplayable, match="does not say how things stood"):
            read(tmp_path, recorded() + each * (UNPLAYABLE_BYTES // len(line) + 2))


def test_little_memory(tmp_path: Path) -> None:
    """A large one takes little memory, however many snapshots somebody has put into it."""
    snapshot = b"".join(each.encoded() + b"\n" for each in state_of().snapshot(1.0))
    line = WarningView(at=1.0, text="x" * 10_000).encoded() + b"\n"
    content = recorded(peers(1.0, "s1", s1="")) + (snapshot * 20 + line) * 2_000
    path = tmp_path / "events"
    path.write_bytes(content)
    del content
    tracemalloc.start()
    try:
        run = read_run(path)
        run.piece(run.seek(1.0)[1])
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 25_000_000
    assert most < 5_000_000
    assert recorded_run._BLOCK_BYTES < MIB


def test_endless_line(tmp_path: Path) -> None:
    """Neither does a line that never ends."""
    path = tmp_path / "events"
    path.write_bytes(recorded() + bytes(40_000_000))
    tracemalloc.start()
    try:
        run = read_run(path)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert run.damaged == 1
    assert most < 15_000_000
