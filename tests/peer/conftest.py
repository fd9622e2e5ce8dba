"""Fixtures of tests of how a peer comes into a private network."""

from pathlib import Path

import pytest

from p2p_twisted.peer import coming_in
from p2p_twisted.registry.joining_private import Joined
from p2p_twisted.trust.invite import Invite
from p2p_twisted.trust.limits import CERTIFICATE_DAYS
from p2p_twisted.wire.names import PeerName
from tests.peer.invited import ANNA, WHERE


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return the folder of a peer's own files, which is not there yet."""
    return tmp_path / "s1" / ".p2p"


@pytest.fixture
def joins(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Invite, PeerName]]:
    """Have a registry that lets everybody in; return who has come by which invite."""
    came: list[tuple[Invite, PeerName]] = []

    def join(invite: Invite, name: PeerName, _key: object, days: int) -> Joined:
        assert days == CERTIFICATE_DAYS
        came.append((invite, name))
        return Joined(ANNA, "default", WHERE)

    monkeypatch.setattr(coming_in, "join", join)
    monkeypatch.delenv("P2P_INVITE", raising=False)
    return came
