"""The file of a recording."""

import os
from pathlib import Path

import pytest

from p2p_twisted.recording.recorded_views import RecordingView
from p2p_twisted.recording.recording_file import (
    NotRecordable,
    RecordingFile,
    check_recordable,
    earlier,
)
from tests.recording.builders import events, recorded


def test_private(tmp_path: Path) -> None:
    """Only its user can read it, also where others could read an earlier one."""
    path = tmp_path / "events"
    path.write_bytes(recorded(*events()))
    path.chmod(0o644)
    RecordingFile(path).open()
    assert path.stat().st_mode & 0o777 == 0o600


def test_goes_on(tmp_path: Path) -> None:
    """An earlier recording goes on behind its last whole line."""
    path = tmp_path / "events"
    path.write_bytes(recorded(*events()) + b'{"kind":"warn')
    file = RecordingFile(path)
    assert file.open() == path.stat().st_size - 1
    file.write(b"{}\n")
    file.close()
    assert path.read_bytes().endswith(b'{"kind":"warn\n{}\n')


def test_moved_aside(tmp_path: Path) -> None:
    """What is long is moved aside, and what had been moved before is no more."""
    path = tmp_path / "events"
    file = RecordingFile(path)
    file.open()
    for content in (b"1\n", b"2\n", b"3\n"):
        file.write(content)
        file.begin_another()
    assert (path.read_bytes(), earlier(path).read_bytes()) == (b"", b"3\n")
    assert earlier(path).stat().st_mode & 0o777 == 0o600
    path.unlink()
    file.begin_another()
    assert path.read_bytes() == b""


@pytest.mark.parametrize("kind", ["text", "folder", "link", "pipe", "nowhere"])
def test_nothing_else(tmp_path: Path, kind: str) -> None:
    """Nothing that is something else is written to, or changed."""
    path = tmp_path / "events"
    match kind:
        case "text":
            path.write_text("my notes\n")
        case "folder":
            path.mkdir()
        case "link":
            (tmp_path / "notes").write_bytes(recorded())
            path.symlink_to(tmp_path / "notes")
        case "pipe":
            os.mkfifo(path)
        case "nowhere":
            path = tmp_path / "missing" / "events"
    before = path.lstat() if path.parent.exists() else None
    with pytest.raises(NotRecordable):
        check_recordable(path)
    with pytest.raises(OSError, match=r"\w"):
        RecordingFile(path).open()
    assert before is None or path.lstat() == before


def test_later_version(tmp_path: Path) -> None:
    """What a later version records in another way does not go on, as this one could not play it."""
    path = tmp_path / "events"
    header = RecordingView(at=1.0, of="peer", name="s1", network="n", version="99", format=2)
    path.write_bytes(header.encoded() + b"\n")
    before = path.read_bytes()
    with pytest.raises(NotRecordable, match=r"begun by p2p_twisted 99, .*: name another file"):
        check_recordable(path)
    with pytest.raises(NotRecordable):
        RecordingFile(path).open()
    assert path.read_bytes() == before
    # It may be moved aside.
    path.rename(earlier(path))
    check_recordable(path)


def test_aside(tmp_path: Path) -> None:
    """Nothing else is where a recording is moved when it is long: it would be lost."""
    path = tmp_path / "events"
    earlier(path).write_text("my notes\n")
    with pytest.raises(NotRecordable, match=r"events\.1 is there, and is no recording"):
        check_recordable(path)


def test_one_writer(tmp_path: Path) -> None:
    """Of two that would write one file, the second is refused."""
    path = tmp_path / "events"
    first = RecordingFile(path)
    first.open()
    with pytest.raises(NotRecordable, match="another process"):
        RecordingFile(path).open()
    first.close()
    RecordingFile(path).open()


def test_new(tmp_path: Path) -> None:
    """One that is to be new does not go on with what is there."""
    path = tmp_path / "events"
    path.write_bytes(recorded())
    with pytest.raises(FileExistsError):
        RecordingFile(path, is_new=True).open()
