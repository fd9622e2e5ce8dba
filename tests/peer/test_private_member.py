"""A peer's part in a private network, in its own files."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from p2p_twisted.peer.private_member import (
    PrivateMember,
    load_member,
    member_folder,
    newcomer_key,
    save_member,
)
from p2p_twisted.registry.joining_private import CannotJoin
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.openat import Fsync
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.wire.names import PeerName
from tests.peer.invited import ANNA, CODE, WHERE, membership


def test_there_and_back(state: Path) -> None:
    """What is written down is read, and is this user's alone."""
    assert load_member(state) is None
    member = PrivateMember(ANNA, "default", WHERE)
    save_member(state, member)
    kept = load_member(state)
    assert kept is not None
    assert (kept.network, kept.registry) == ("default", WHERE)
    assert kept.credentials.certificates == ANNA.certificates
    for path in state.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("damaged", [b"", b"[]", b"{}", b'{"network":"../x","registry":["h",1]}'])
def test_damaged(state: Path, damaged: bytes) -> None:
    """A file that cannot be read is said to be so; it is not taken for an open network."""
    save_member(state, PrivateMember(ANNA, "default", WHERE))
    member_folder(state).replace("network.json", damaged)
    with pytest.raises(KeyFileFault, match="come in again with --join and a new invite"):
        load_member(state)
    with pytest.raises(CannotJoin) as caught:
        membership(None, "anna", state, is_said=True, conceals=False)
    assert caught.value.exit == Exit.DISK


def test_link_to_all(state: Path) -> None:
    """It is that of which it is said, where it is the folder of all of its files."""
    save_member(state, PrivateMember(ANNA, "default", WHERE))
    state.symlink_to(state.rename(state.with_name("elsewhere")))
    with pytest.raises(KeyFileFault, match=f"^{state} has to be a folder, and no link to one"):
        load_member(state)


def _lose(*names: str) -> Callable[[Path], None]:
    def lose(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return lose


def _link(folder: Path) -> None:
    folder.symlink_to(folder.rename(folder.with_name("elsewhere")))


def _dangle(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("nowhere")


def _newcomer_alone(folder: Path) -> None:
    _lose("peer.pem", "network.json")(folder)
    newcomer_key(folder.parent)


def _file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.touch()


_IS_IN_THE_WAY = (_link, _dangle, _file)


@pytest.mark.parametrize(
    "damage",
    [
        _lose("network.json"),
        _lose("peer.pem"),
        _lose("peer.pem", "network.json"),
        _newcomer_alone,
        *_IS_IN_THE_WAY,
    ],
)
def test_half_lost(
    state: Path, joins: list[tuple[Invite, PeerName]], damage: Callable[[Path], None]
) -> None:
    """Whoever has anything of a membership falls back to no open network, but may come in again."""
    save_member(state, PrivateMember(ANNA, "default", WHERE))
    damage(state / "private")
    help_ = "put the folder itself there" if damage in _IS_IN_THE_WAY else "--join"
    with pytest.raises(CannotJoin, match=help_) as caught:
        membership(None, "anna", state, is_said=False, conceals=False)
    assert caught.value.exit == Exit.DISK
    if damage in _IS_IN_THE_WAY:
        with pytest.raises(CannotJoin, match="is not a directory") as caught:
            membership(CODE, "anna", state, is_said=True, conceals=False)
        assert (caught.value.exit, joins) == (Exit.DISK, [])
    else:
        assert membership(CODE, "anna", state, is_said=True, conceals=False) is not None
        assert load_member(state) is not None


def test_full_disk(
    state: Path, joins: list[tuple[Invite, PeerName]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a disk is full while a peer comes in, the next try with an invite does it."""
    replace, left = OwnFolder.replace, 0

    def fill(folder: OwnFolder, name: str, content: bytes, *rest: Fsync) -> None:
        nonlocal left
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left -= 1
        replace(folder, name, content, *rest)

    for writes in range(3):
        place, left = state.with_name(f"{writes}"), writes
        monkeypatch.setattr(OwnFolder, "replace", fill)
        with pytest.raises(CannotJoin, match=r"No space left|disk is full") as caught:
            membership(CODE, "anna", place, is_said=True, conceals=False)
        assert caught.value.exit == Exit.DISK
        monkeypatch.setattr(OwnFolder, "replace", replace)
        assert membership(CODE, "anna", place, is_said=True, conceals=False) is not None


def test_unwritable(state: Path, joins: list[tuple[Invite, PeerName]]) -> None:
    """Where the key cannot be written, the person hears why."""
    state.parent.mkdir()
    state.write_text("a file is in the way")
    with pytest.raises(CannotJoin) as caught:
        membership(CODE, "anna", state, is_said=True, conceals=False)
    assert caught.value.exit == Exit.DISK
