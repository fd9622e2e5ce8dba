"""A member of a private network that a command is for a moment."""

import argparse
from pathlib import Path
from types import SimpleNamespace

import pytest

from p2p_twisted.cli import lent_membership
from p2p_twisted.cli.lent_membership import lend, take_member
from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.peer.private_member import PrivateMember, load_member, save_member
from p2p_twisted.runtime.exit_status import Exit
from tests.trust.private_network import PrivateNetwork


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    """Return the own files of a member."""
    member = PrivateMember(PrivateNetwork().let_in("anna"), "default", ("10.0.0.1", 9_011))
    save_member(tmp_path / "anna", member)
    return tmp_path / "anna"


def asked(state: Path, registry: str | None = None) -> argparse.Namespace:
    options = argparse.Namespace(state=str(state), registry=registry)
    take_member(options)
    return options


def test_taken(anna: Path) -> None:
    """Its registry is asked, unless another one is said; a temporary peer has its name and key."""
    assert asked(anna).registry == "10.0.0.1:9011"
    options = asked(anna, "10.0.0.2")
    assert options.registry == "10.0.0.2"
    state = anna.parent / "temporary"
    assert lend(options.member, state) == "anna"
    lent, own = load_member(state), load_member(anna)
    assert lent is not None
    assert own is not None
    assert lent.credentials.to_pem() == own.credentials.to_pem()
    for path in state.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_none(tmp_path: Path) -> None:
    """Where there is no member, it is said what to name."""
    for state in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CommandFailed, match=r"such as anna/\.p2p: .* has none") as failed:
            asked(state)
        assert failed.value.code == Exit.USAGE


def test_damaged(anna: Path) -> None:
    """A key that cannot be read is a fault of the disk."""
    [key] = anna.rglob("peer.pem")
    key.write_bytes(b"")
    with pytest.raises(CommandFailed) as failed:
        asked(anna)
    assert failed.value.code == Exit.DISK


def test_running(anna: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member that runs is to be asked itself."""
    monkeypatch.setattr(lent_membership, "running_peers", lambda: [SimpleNamespace(name="anna")])
    with pytest.raises(CommandFailed, match="anna runs: say --peer anna") as failed:
        asked(anna)
    assert failed.value.code == Exit.CONFLICT
