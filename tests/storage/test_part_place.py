"""What somebody else has put in the place of a part file."""

import errno
import os
from pathlib import Path

import pytest

from p2p_twisted.storage.content import Content
from p2p_twisted.storage.disk import DiskFault
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.wire.chunks import chunk_digest, content_id

_TEXT = b"content"
_CONTENT = Content(content_id(_TEXT), len(_TEXT), chunk_digest(_TEXT))


def part_at(inbox: Inbox) -> Path:
    return Path(inbox.folder, inbox.part_path("f1", _CONTENT.file_id))


@pytest.mark.parametrize("kind", ["folder", "link", "another name"])
def test_taken_away(tmp_path: Path, kind: str) -> None:
    """An empty folder, a link, and what has a second name are taken away, and never written to."""
    inbox, other = Inbox(str(tmp_path / "Downloads")), tmp_path / "other"
    Path(inbox.folder).mkdir()
    other.write_bytes(b"of somebody else")
    match kind:
        case "folder":
            part_at(inbox).mkdir()
        case "link":
            part_at(inbox).symlink_to(other)
        case _:
            part_at(inbox).hardlink_to(other)
    part = inbox.open_part("f1", _CONTENT)
    part.write(0, memoryview(_TEXT))
    part.publish()
    part.close()
    assert Path(inbox.path("f1")).read_bytes() == _TEXT
    assert other.read_bytes() == b"of somebody else"


def test_stays(tmp_path: Path) -> None:
    """A folder that is not empty stays, and is named as what it is."""
    inbox = Inbox(str(tmp_path / "Downloads"))
    (part_at(inbox) / "in").mkdir(parents=True)
    with pytest.raises(DiskFault, match="a folder that is not empty is in its way"):
        inbox.open_part("f1", _CONTENT)
    assert (part_at(inbox) / "in").is_dir()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EPERM, "chattr -i allows it again"),
        (errno.EMFILE, "a higher ulimit -n"),
        (errno.EROFS, "the disk is read-only"),
    ],
)
def test_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str) -> None:
    """What the system refuses names the folder, and what to do, where something can be done."""

    def refuse(*_args: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    inbox = Inbox(str(tmp_path))
    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(DiskFault, match=words) as failed:
        inbox.make_folders(["a"])
    assert str(failed.value).endswith(f"({tmp_path})")
    assert os.strerror(number) not in str(failed.value)
