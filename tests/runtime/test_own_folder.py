"""A folder of one's own, and others who can write to the one that it is in."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from p2p_twisted.runtime.own_folder import NotOurs, OwnFolder

_WIDE_OPEN = 0o777


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """Return a file that somebody would like to see overwritten."""
    path = tmp_path / "precious"
    path.write_bytes(b"precious")
    path.chmod(0o600)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> OwnFolder:
    """Return a folder that is not there yet, nor is the one above it."""
    return OwnFolder(tmp_path / "s1" / ".p2p")


def modes(path: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.lstat().st_mode) for each in path.rglob("*")}


def test_files(folder: OwnFolder) -> None:
    """Files are written and read, in it and below it, held or not, and are this user's alone."""
    before = os.umask(0)
    try:
        for each in (folder, folder.below("wants"), folder.below("wants").below("deeper")):
            for content in (b"old", b"new"):
                each.replace("f", content)
                assert each.read("f") == content
            each.append("g", b"one\n")
            each.append("g", b"two\n")
            with each.opened_file("g") as lines:
                assert list(lines) == [b"one\n", b"two\n"]
            each.rename("f", "h")
            assert {"g", "h"} <= set(each.names())
            each.remove("h")
            folder.open()
    finally:
        os.umask(before)
        folder.close()
    assert modes(folder.path) == {"g": 0o600, "wants": 0o700, "deeper": 0o700}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_missing(folder: OwnFolder) -> None:
    """What is not there is not made by reading."""
    for read in (folder.names, lambda: folder.read("f"), folder.below("wants").names):
        with pytest.raises(FileNotFoundError):
            read()
    assert not folder.path.exists()


def test_links(folder: OwnFolder, precious: Path) -> None:
    """Nothing is read or written through a link, wherever somebody has put it."""
    for each in (folder, folder.below("wants")):
        each.replace("f", b"old")
        for name in ("f.new", "g"):
            (each.path / name).symlink_to(precious)
        each.replace("f", b"new")
        with pytest.raises(OSError, match="symbolic links"):
            each.read("g")
        with pytest.raises(OSError, match="symbolic links"):
            each.append("g", b"gone")
        with pytest.raises(OSError, match="symbolic links"):
            each.path_of("g")
        each.replace("g", b"new")
        assert each.read("g") == each.read("f") == b"new"
    assert precious.read_bytes() == b"precious"


def test_is_a_link(folder: OwnFolder, tmp_path: Path) -> None:
    """The folder itself, and the one below it, must not be a link."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    for each in (folder.below("wants"), folder):
        each.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        each.path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
            each.replace("f", b"new")
        each.path.unlink()
        if each is not folder:
            each.path.parent.rmdir()
    assert os.listdir(tmp_path / "elsewhere") == []


def test_others_may_write(folder: OwnFolder) -> None:
    """A folder to which others may write is refused; one that they may read is closed to them."""
    folder.path.mkdir(parents=True)
    for mode in (0o770, 0o702, _WIDE_OPEN):
        folder.path.chmod(mode)
        with pytest.raises(NotOurs, match=r"others may write to .*/\.p2p: .*700"):
            folder.open()
    folder.path.chmod(0o755)
    folder.open()
    folder.close()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_of_another_user(folder: OwnFolder) -> None:
    """A folder that belongs to somebody else is refused."""
    folder.path.mkdir(parents=True, mode=0o700)
    os.chown(folder.path, 65_534, -1)
    with pytest.raises(NotOurs, match="belongs to another user"):
        folder.open()


def test_replaced(folder: OwnFolder, tmp_path: Path) -> None:
    """While it is held, another folder under its path is of no concern."""
    folder.open()
    away = tmp_path / "away"
    folder.path.rename(away)
    folder.path.mkdir(mode=0o700)
    folder.replace("f", b"new")
    folder.below("wants").replace("f", b"new")
    (folder.path / "f").write_bytes(b"theirs")
    with pytest.raises(NotOurs, match="was replaced"):
        folder.path_of("f")
    folder.close()
    assert (away / "f").exists()
    assert (away / "wants" / "f").exists()
    assert os.listdir(folder.path) == ["f"]
    assert (folder.path / "f").read_bytes() == b"theirs"


def test_many_threads(folder: OwnFolder) -> None:
    """Closing it while threads write leaves no descriptor of anybody else's written to."""
    folder.open()
    before = len(os.listdir("/dev/fd"))
    threads = [
        Thread(target=folder.replace, args=(f"f{number}", b"x" * 100_000)) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    folder.close()
    for thread in threads:
        thread.join()
    assert {len(folder.read(f"f{number}")) for number in range(8)} == {100_000}
    assert len(os.listdir("/dev/fd")) == before - 1
