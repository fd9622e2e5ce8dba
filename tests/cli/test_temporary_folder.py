"""A folder for one command."""

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from p2p_twisted.cli.temporary_folder import temporary_folder


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_removed(place: Path) -> None:
    """It goes with its block, whatever is in it."""
    with temporary_folder() as (made, _lock):
        assert list(place.iterdir()) == [made]
        (made / "logs").mkdir()
        (made / "logs" / "peer.log").write_bytes(b"x")
    assert list(place.iterdir()) == []


def test_left_by_others(place: Path) -> None:
    """What a killed command has left goes with the next one; what is in use, or no such, stays."""
    with temporary_folder() as (used, _lock):
        left = used.with_name(f"{used.name}x")
        (left / "state").mkdir(parents=True)
        (left / "state" / "journal").write_bytes(b"x")
        (place / "p2p-one-shot").mkdir()
        (place / f"{used.name}y").symlink_to(place / "p2p-one-shot")
        (place / "p2p-one-shot" / "mine").write_bytes(b"x")
        (place / "p2p-one-shot-file").write_bytes(b"x")
        with temporary_folder() as (other, _lock):
            assert used.exists()
            assert not left.exists()
            assert other != used
    names = sorted(each.name for each in place.iterdir())
    assert names == sorted(["p2p-one-shot", "p2p-one-shot-file", f"{used.name}y"])
    assert (place / "p2p-one-shot" / "mine").exists()


def test_in_use_by_a_child(place: Path) -> None:
    """A folder stays while a process uses it, though the one that made it was killed."""
    left = place / "p2p-one-shot-left"
    left.mkdir()
    lock = os.open(left, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,)
    ) as child:
        os.close(lock)
        with temporary_folder():
            assert left.exists()
        child.communicate(b"\n")
    with temporary_folder():
        assert not left.exists()
