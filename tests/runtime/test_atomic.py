"""Files that are replaced as a whole or not at all."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from p2p_twisted.runtime.atomic import replace_file


def replace(path: Path, content: bytes, **how: Any) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        replace_file(folder, path.name, content, mode=0o600, **how)
    finally:
        os.close(folder)


def test_replaced(tmp_path: Path) -> None:
    """The new content has the name, with the mode that was asked for, and nothing else is left."""
    path = tmp_path / "f"
    for content in (b"old", b"new"):
        replace(path, content)
        assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["f"]


def test_order(tmp_path: Path) -> None:
    """The content is safe before it has the name, and the name before the call returns."""
    path, seen = tmp_path / "f", []

    def fsync(fd: int) -> None:
        seen.append((stat.S_ISDIR(os.fstat(fd).st_mode), path.exists()))

    replace(path, b"new", fsync=fsync)
    assert seen == [(False, False), (True, True)]


def test_fault(tmp_path: Path) -> None:
    """Where the new content cannot be made safe, the old one stays."""
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fsync(_fd: int) -> None:
        raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        replace(path, b"new", fsync=fsync)
    assert path.read_bytes() == b"old"
