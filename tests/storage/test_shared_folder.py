"""Files that are written into what is shared, and moved out of it."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.shared_folder import NotShared, SharedFolder
from p2p_twisted.wire.names import BadName


@pytest.fixture
def shared(tmp_path: Path) -> SharedFolder:
    (tmp_path / "Downloads").mkdir()
    (tmp_path / "Downloads" / "d.txt").write_bytes(b"d")
    (tmp_path / "f1.txt").write_bytes(b"one")
    return SharedFolder(tmp_path, (tmp_path / "Downloads", tmp_path / ".p2p"))


def write(shared: SharedFolder, name: str, content: bytes) -> None:
    file = shared.begin(name)
    try:
        file.write(content)
        file.publish()
    finally:
        file.close()


@pytest.mark.parametrize("unnamed", [True, False])
def test_new(
    shared: SharedFolder, tmp_path: Path, unnamed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its name only when it is whole; nothing else is left."""
    if not unnamed:
        monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY | os.O_WRONLY)
    file = shared.begin("a/b ä.txt")
    file.write(b"abc")
    file.write(b"def")
    assert [each for each in os.listdir(tmp_path / "a") if not each.startswith(".")] == []
    file.publish()
    file.close()
    assert os.listdir(tmp_path / "a") == ["b ä.txt"]
    assert (tmp_path / "a" / "b ä.txt").read_bytes() == b"abcdef"
    file = shared.begin("a/c")
    file.write(b"abc")
    file.close()
    assert os.listdir(tmp_path / "a") == ["b ä.txt"]


def test_not_replaced(shared: SharedFolder, tmp_path: Path) -> None:
    """What is there stays, also if it came meanwhile."""
    with pytest.raises(FileExistsError):
        shared.begin("f1.txt")
    (tmp_path / "docs").mkdir()
    for like in ("F1.txt", "f\u200b1.txt", "Docs/new.txt"):
        with pytest.raises(FileExistsError):
            shared.begin(like)
    write(shared, "docs/F1.txt", b"another place")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        shared.begin("link")
    file = shared.begin("late")
    (tmp_path / "late").write_bytes(b"first")
    with pytest.raises(FileExistsError):
        file.publish()
    file.close()
    assert (tmp_path / "late").read_bytes() == b"first"


@pytest.mark.parametrize("name", ["../x", "/etc/x", ".hidden", "a/.b", "", "a//b", "x" * 300])
def test_bad_names(shared: SharedFolder, name: str) -> None:
    """Nothing lands outside, or where it could not be shared."""
    with pytest.raises(BadName):
        shared.begin(name)
    with pytest.raises(BadName):
        shared.set_aside(name)


def test_not_shared(shared: SharedFolder, tmp_path: Path) -> None:
    """What is not shared is not touched."""
    with pytest.raises(NotShared):
        shared.begin("Downloads/x")
    for name in ("Downloads", "Downloads/d.txt", "nothing", "f1.txt/x"):
        with pytest.raises(NotShared):
            shared.set_aside(name)
    (tmp_path / "link").symlink_to("f1.txt")
    (tmp_path / "away").symlink_to(tmp_path / "Downloads")
    with pytest.raises(NotShared):
        shared.set_aside("link")
    with pytest.raises((NotShared, DiskFault)):
        shared.set_aside("away/d.txt")
    with pytest.raises(DiskFault):
        shared.begin("away/x")
    assert (tmp_path / "Downloads" / "d.txt").exists()


def test_set_aside(shared: SharedFolder, tmp_path: Path) -> None:
    """Nothing is removed, and nothing replaced: neither files nor folders."""
    assert shared.set_aside("f1.txt") == ".unshared/f1.txt"
    (tmp_path / "f1.txt").write_bytes(b"two")
    assert shared.set_aside("f1.txt") == ".unshared/f1 (1).txt"
    assert (tmp_path / ".unshared" / "f1.txt").read_bytes() == b"one"
    assert (tmp_path / ".unshared" / "f1 (1).txt").read_bytes() == b"two"
    write(shared, "a/b/c", b"c")
    assert shared.set_aside("a/b") == ".unshared/a/b"
    assert (tmp_path / ".unshared/a/b/c").read_bytes() == b"c"


def test_full(shared: SharedFolder, tmp_path: Path) -> None:
    """A full disk is said, before or while it is written to, and nothing is left."""

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def pwrite(self, *_: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    file = shared.begin("large")
    with pytest.raises(DiskFault, match="the disk is full"):
        file.expect(10**18)
    file.close()
    full = SharedFolder(tmp_path, (), Full())
    with pytest.raises(DiskFault, match="the disk is full"):
        write(full, "large", b"x")
    assert not (tmp_path / "large").exists()


def test_unreadable_rules(shared: SharedFolder, tmp_path: Path) -> None:
    """Nothing is taken where an ignore file cannot be read, and that is what is said."""
    (tmp_path / ".p2pignore").mkdir()
    with pytest.raises(NotShared, match=r"f would not be shared: \.p2pignore: "):
        shared.begin("f")


def test_ignored(shared: SharedFolder, tmp_path: Path) -> None:
    """What an ignore file names is not taken, as nobody could find it."""
    (tmp_path / ".p2pignore").write_text("*.log\n/new/\n")
    for name in ("a.log", "deep/new/a.log", "new/a.txt"):
        with pytest.raises(NotShared, match="names it"):
            shared.begin(name)
    shared.begin("a.txt").close()
    assert not (tmp_path / "new").exists()
