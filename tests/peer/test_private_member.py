"""A peer's part in a private network, in its own files; and how it comes by it."""

import errno
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.peer import coming_in
from p2p_twisted.peer.private_member import (
    PrivateMember,
    load_member,
    member_folder,
    newcomer_key,
    save_member,
)
from p2p_twisted.registry.joining_private import CannotJoin, Joined
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.openat import Fsync
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import key_hash, key_to_pem
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.key_folder import KeyFileFault
from p2p_twisted.wire.names import PeerName
from tests.trust.private_network import DAY, NOW, PrivateNetwork

membership = partial(coming_in.membership, date=lambda: NOW)
NETWORK = PrivateNetwork()
ANNA = NETWORK.let_in("anna")
WHERE = ("127.0.0.1", 9_011)
CODE = Invite.make(bytes(32), ["127.0.0.1:9011"], NETWORK.rng).to_text()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the folder of a peer's own files, which is not there yet."""
    return tmp_path / "s1" / ".p2p"


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Invite, PeerName]]:
    """Have a registry that lets everybody in; return who has come by which invite."""
    came: list[tuple[Invite, PeerName]] = []

    def join(invite: Invite, name: PeerName, _key: object) -> Joined:
        came.append((invite, name))
        return Joined(ANNA, "default", WHERE)

    monkeypatch.setattr(coming_in, "join", join)
    monkeypatch.delenv("P2P_INVITE", raising=False)
    return came


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


def test_link_to_all(state: Path) -> None:
    """It is that of which it is said, where it is the folder of all of its files."""
    save_member(state, PrivateMember(ANNA, "default", WHERE))
    _link(state)
    with pytest.raises(KeyFileFault, match=f"^{state} has to be a folder, and no link to one"):
        load_member(state)


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


def test_invite_of_a_service(
    state: Path, joins: list[tuple[Invite, PeerName]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service tries again with the invite that it is always given, but not over a damaged key."""
    monkeypatch.setenv("P2P_INVITE", CODE)
    newcomer_key(state)
    assert membership(None, "anna", state, is_said=False, conceals=False) is not None
    joins.clear()
    (state / "private" / "peer.pem").write_text("nonsense")
    with pytest.raises(CannotJoin, match="is no key"):
        membership(None, "anna", state, is_said=False, conceals=False)
    assert joins == []


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


@pytest.mark.parametrize(
    ("name", "now", "exit_", "says"),
    [
        (
            "ben",
            NOW,
            Exit.USAGE,
            "the one of anna, a member of the private network default: say",
        ),
        ("anna", NOW + 31 * DAY, Exit.REFUSED, "anna is no member any more: the certificate ended"),
        ("anna", 86_400.0, Exit.NO_NETWORK, "machine's clock says 1970-01-02 00:00 UTC: set it"),
    ],
)
def test_no_use(state: Path, name: str, now: float, exit_: Exit, says: str) -> None:
    """A certificate that nobody would take is told of before anything is tried with it."""
    save_member(state, PrivateMember(ANNA, "default", WHERE))
    with pytest.raises(CannotJoin, match=says) as caught:
        coming_in.membership(None, name, state, is_said=False, conceals=False, date=lambda: now)
    assert caught.value.exit == exit_


def test_option(state: Path, joins: list[tuple[Invite, PeerName]], tmp_path: Path) -> None:
    """An invite is given as it is, in a file, or in the environment, and used once."""
    assert membership(None, "anna", state, is_said=True, conceals=False) is None
    (tmp_path / "code").write_text(f"{CODE}\n")
    for number, given in enumerate((CODE, f"@{tmp_path / 'code'}")):
        member = membership(
            given, "anna", state.with_name(f"{number}"), is_said=True, conceals=False
        )
        assert member is not None
        assert joins.pop() == (Invite.read(CODE), "anna")


def test_environment(
    state: Path, joins: list[tuple[Invite, PeerName]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that is started with one in its environment comes in once, and then is a member."""
    monkeypatch.setenv("P2P_INVITE", CODE)
    for _start in range(3):
        assert membership(None, "anna", state, is_said=False, conceals=False) is not None
    assert len(joins) == 1
    # So was one in a configuration; who says one means to come in again.
    membership(CODE, "anna", state, is_said=False, conceals=False)
    assert len(joins) == 1
    membership(CODE, "anna", state, is_said=True, conceals=False)
    assert len(joins) == 2


def test_said_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who repeats the command by which it came in goes on as what it is."""
    exits = [Exit.CONFLICT]

    def refuse(_invite: Invite, _name: PeerName, _key: object) -> Joined:
        raise CannotJoin("the name anna is taken", exits[0])

    monkeypatch.setattr(coming_in, "join", refuse)
    root_hash = key_hash(NETWORK.root.key.public_key())
    mine, others = (
        Invite.make(each, ["127.0.0.1:9011"], NETWORK.rng).to_text()
        for each in (root_hash, bytes(32))
    )
    with pytest.raises(CannotJoin):
        membership(mine, "anna", state, is_said=True, conceals=False)
    save_member(state, PrivateMember(ANNA, "default", WHERE))
    for exits[0] in (Exit.CONFLICT, Exit.NO_NETWORK):
        assert membership(mine, "anna", state, is_said=True, conceals=False) is not None
        with pytest.raises(CannotJoin):
            membership(others, "anna", state, is_said=True, conceals=False)
    exits[0] = Exit.REFUSED
    with pytest.raises(CannotJoin):
        membership(mine, "anna", state, is_said=True, conceals=False)


def test_lost_answer(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who tries again does so with the key that it had, until it is in."""
    keys: list[bytes] = []

    def join(_invite: Invite, _name: PeerName, key: ec.EllipticCurvePrivateKey) -> Joined:
        keys.append(key_to_pem(key))
        if len(keys) < 3:
            raise CannotJoin("the registry does not answer", Exit.NO_NETWORK)
        return Joined(ANNA, "default", WHERE)

    monkeypatch.setattr(coming_in, "join", join)
    for _ in range(2):
        with pytest.raises(CannotJoin):
            membership(CODE, "anna", state, is_said=True, conceals=False)
        # It is a member of nothing yet, and no peer of an open network either.
        with pytest.raises(CannotJoin, match="come in with --join") as caught:
            membership(None, "anna", state, is_said=False, conceals=False)
        assert caught.value.exit == Exit.DISK
    assert membership(CODE, "anna", state, is_said=True, conceals=False) is not None
    assert len(set(keys)) == 1
    assert key_to_pem(newcomer_key(state)) != keys[0]


def test_standard_input(
    state: Path, joins: list[tuple[Invite, PeerName]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of standard input one line is read, and nothing behind it."""
    reading, writing = os.pipe()
    os.write(writing, f"{CODE}\nfind x\n".encode())
    monkeypatch.setattr(coming_in, "_STDIN", reading)
    membership("-", "anna", state, is_said=True, conceals=False)
    assert os.read(reading, 100) == b"find x\n"
    assert len(joins) == 1
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("given", [CODE, "@FILE"])
def test_concealed(
    state: Path,
    joins: list[tuple[Invite, PeerName]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    given: str,
) -> None:
    """All invites that a program was started with are hidden, but no name of a file with one."""
    concealed: list[object] = []
    monkeypatch.setattr(coming_in, "conceal", lambda *what: concealed.append(what))
    monkeypatch.setenv("P2P_INVITE", "another")
    (tmp_path / "FILE").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    membership(given, "anna", state, is_said=True, conceals=True)
    codes = {CODE, "another"} - ({CODE} if given == "@FILE" else set())
    assert concealed == [("--join", ("P2P_INVITE", "P2P_JOIN"), codes)]


@pytest.mark.parametrize(
    "given", ["", "hello", "@", "@/nonexistent", "@~nobody-here/x", CODE[:-20]]
)
def test_wrong(state: Path, joins: list[tuple[Invite, PeerName]], given: str) -> None:
    """What is no invite is said to be none, before anybody is asked."""
    with pytest.raises(CannotJoin) as caught:
        membership(given, "anna", state, is_said=True, conceals=False)
    assert caught.value.exit == Exit.USAGE
    assert joins == []


def test_unwritable(state: Path, joins: list[tuple[Invite, PeerName]]) -> None:
    """Where the key cannot be written, the person hears why."""
    state.parent.mkdir()
    state.write_text("a file is in the way")
    with pytest.raises(CannotJoin) as caught:
        membership(CODE, "anna", state, is_said=True, conceals=False)
    assert caught.value.exit == Exit.DISK
