"""How a peer comes by its part in a private network."""

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from p2p_twisted.peer import coming_in
from p2p_twisted.peer.private_member import (
    PrivateMember,
    newcomer_key,
    save_member,
)
from p2p_twisted.registry.joining_private import CannotJoin, Joined
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.trust.credentials import key_hash, key_to_pem
from p2p_twisted.trust.invite import Invite
from p2p_twisted.wire.names import PeerName
from tests.peer.invited import ANNA, CODE, NETWORK, WHERE, membership
from tests.trust.private_network import DAY, NOW


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


def test_once(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes in for one run asks for a day; a member is what it is."""
    asked: list[int] = []

    def join(*_who: object, days: int) -> Joined:
        asked.append(days)
        return Joined(ANNA, "default", WHERE)

    monkeypatch.setattr(coming_in, "join", join)
    for _run in range(2):
        membership(CODE, "anna", state, is_said=False, conceals=False, is_once=True)
    assert asked == [1]


def test_said_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who repeats the command by which it came in goes on as what it is."""
    exits = [Exit.CONFLICT]

    def refuse(_invite: Invite, _name: PeerName, _key: object, days: int) -> Joined:
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

    def join(
        _invite: Invite, _name: PeerName, key: ec.EllipticCurvePrivateKey, days: int
    ) -> Joined:
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
