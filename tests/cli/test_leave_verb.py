"""``p2p leave`` and ``p2p stop``: what runs no more once they have ended."""

from pathlib import Path
from typing import Any, cast

import pytest

from p2p_twisted.api.socket_index import SocketPlace
from p2p_twisted.cli import peer_verbs
from p2p_twisted.cli.main import command_parser
from p2p_twisted.cli.peer_client import PeerClient
from tests.cli.fake_pushes import Time


class Leaving:
    """A peer that leaves, and ends a while later."""

    def __init__(self, path: Path) -> None:
        self.place = SocketPlace("s1", 11, path)
        self.asked: list[str] = []
        path.touch()

    def ask(self, method: str, path: str, _body: Any) -> Any:
        self.asked.append(f"{method} {path}")
        return {}


class Ending(Time):
    """Time in which a peer ends."""

    def __init__(self, path: Path, looks: int) -> None:
        super().__init__()
        self._path = path
        self._looks = looks

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == self._looks:
            self._path.unlink()


@pytest.mark.parametrize("verb", ["leave", "stop"])
def test_waits(verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed next does not find the peer any more; one that does not end is left alone."""
    client = Leaving(tmp_path / "s1.11.sock")
    run = getattr(peer_verbs, verb)
    options = command_parser().parse_args([verb])
    for looks, waited in ((3, 3), (10_000, 250)):
        client.place.path.touch()
        time = Ending(client.place.path, looks)
        monkeypatch.setattr(peer_verbs, "time", time)
        assert run(cast(PeerClient, client), options) == 0
        assert abs(len(time.slept) - waited) <= 1
    assert client.asked == [f"POST /v1/{verb}"] * 2
