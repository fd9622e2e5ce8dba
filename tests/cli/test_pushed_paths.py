"""What is to be pushed and is not shared yet."""

from pathlib import Path
from typing import cast

import pytest

from p2p_twisted.cli.peer_client import CommandFailed, PeerClient
from p2p_twisted.cli.pushed_paths import shared_name
from p2p_twisted.runtime.exit_status import Exit
from tests.cli.fake_pushes import Client


@pytest.fixture
def client(tmp_path: Path) -> Client:
    (tmp_path / "s2").mkdir()
    return Client(tmp_path / "s2")


def shared(client: Client, path: Path) -> str:
    return shared_name(cast(PeerClient, client), str(path), [])


def test_copied(client: Client, tmp_path: Path) -> None:
    """What is elsewhere is copied first; again, only what is new of it is."""
    other = tmp_path / "other" / "photos"
    other.mkdir(parents=True)
    (other / "a.jpg").write_text("a")
    for name in ("a.jpg", "b.jpg"):
        (other / name).write_text(name)
        assert shared(client, other) == "photos"
        assert (client.directory / "photos" / name).read_text() == name


def test_bad_name(client: Client, tmp_path: Path) -> None:
    """Nothing of a folder is copied where one name cannot be shared; how to go on is told."""
    other = tmp_path / "other" / "photos"
    other.mkdir(parents=True)
    for name in ("a.jpg", "con.txt", "nul.txt"):
        (other / name).write_text(name)
    with pytest.raises(CommandFailed, match=r"/con\.txt cannot be shared: .*1 more") as failed:
        shared(client, other)
    assert failed.value.code == Exit.USAGE
    assert "nothing of" in str(failed.value)
    assert "rename it, or name it in" in str(failed.value)
    assert not (client.directory / "photos").exists()
    (other / ".p2pignore").write_text("con.*\nnul.*\n")
    assert shared(client, other) == "photos"
    assert [each.name for each in (client.directory / "photos").iterdir()] == ["a.jpg"]


def test_conflict(client: Client, tmp_path: Path) -> None:
    """What is there with other content is not replaced, nor pushed: what to do is told."""
    (client.directory / "lesson.tar").write_text("a lesson")
    (tmp_path / "lesson.tar").write_text("another lesson")
    with pytest.raises(CommandFailed, match=r"p2p --peer s2 unshare lesson\.tar first") as failed:
        shared(client, tmp_path / "lesson.tar")
    assert failed.value.code == Exit.CONFLICT
    assert (client.directory / "lesson.tar").read_text() == "a lesson"


def test_more_is_there(client: Client, tmp_path: Path) -> None:
    """A folder is not pushed with what is shared in its place and is not in it, such as removed."""
    other, there = tmp_path / "other" / "photos", client.directory / "photos"
    other.mkdir(parents=True)
    there.mkdir()
    (other / "a.jpg").write_text("a")
    (other / "cafe\u0301.jpg").write_text("the same name in another form")
    for name in ("caf\u00e9.jpg", "secret.jpg"):
        (there / name).write_text("the same name in another form")
    with pytest.raises(CommandFailed, match=r"photos/secret\.jpg .* is not in .*/photos") as failed:
        shared(client, other)
    assert failed.value.code == Exit.CONFLICT
    assert not (there / "a.jpg").exists()
    (there / "secret.jpg").unlink()
    assert shared(client, other) == "photos"
