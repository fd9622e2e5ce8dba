"""What can be read without waiting for a disk."""

import os
import tempfile
from pathlib import Path

import pytest

from p2p_twisted.wire import source
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.source import bring_to_hand, is_at_hand, is_in_memory


def test_at_hand() -> None:
    """What was written or read lately is at hand; what the system has let go of is not."""
    # Temporary files may be in memory, where everything is at hand.
    fd, path = tempfile.mkstemp(dir="/var/tmp")
    try:
        os.unlink(path)
        os.write(fd, os.urandom(3 * MIB))
        os.fsync(fd)
        if not is_at_hand(fd, 0, 3 * MIB):
            pytest.skip("this file system does not say what is at hand")
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        if is_at_hand(fd, 0, 3 * MIB):
            pytest.skip("this file system keeps everything at hand")
        assert bring_to_hand(os.dup(fd), MIB, MIB)
        assert is_at_hand(fd, MIB, MIB)
        assert not is_at_hand(fd, 0, 3 * MIB)
    finally:
        os.close(fd)


def test_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system does not say, nothing is at hand; a file that was cut is nobody's."""
    path = tmp_path / "f"
    path.write_bytes(b"content")
    fd = os.open(path, os.O_RDONLY)
    before = len(os.listdir("/dev/fd"))

    def refuse(*_arguments: object) -> int:
        raise OSError(95, "Operation not supported")

    with monkeypatch.context() as patched:
        patched.setattr(os, "preadv", refuse)
        assert not is_at_hand(fd, 0, 7)
        assert not bring_to_hand(os.dup(fd), 0, 7)
    bring_to_hand(os.dup(fd), 0, 3 * MIB)
    assert len(os.listdir("/dev/fd")) == before
    os.close(fd)


def test_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no disk is known by its type; what the system does not tell has one."""
    for kind, expected in (("tmpfs", True), ("ext4", False), ("nfs4", False), (None, False)):
        monkeypatch.setattr(source, "kind_of", lambda _fd, kind=kind: kind)
        assert is_in_memory(0) == expected
