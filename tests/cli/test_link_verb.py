"""The verbs that make, list and end links to files."""

import json
from argparse import Namespace
from typing import Any, cast

import pytest

from p2p_twisted.cli.link_verb import link, links, unlink
from p2p_twisted.cli.main import command_parser
from p2p_twisted.cli.peer_client import PeerClient
from p2p_twisted.peer.qr_code import qr_rows

URL = "http://192.168.7.9:9012/s3cr3t/song.mp3"
LINK = {
    "number": 3,
    "name": "a/song.mp3",
    "url": URL,
    "expires": 1_800_000_000.0,
    "qr": list(qr_rows(URL)),
}


class Client:
    """A peer with one link."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def get(self, path: str) -> Any:
        assert path == "/v1/links"
        return {"links": [LINK]}

    def ask(self, *asked: Any) -> Any:
        self.asked.append(asked)
        return LINK if asked[0] == "POST" else {}


@pytest.fixture
def client() -> Client:
    """Make a peer."""
    return Client()


def parsed(*words: str) -> Namespace:
    """Parse what is typed."""
    return command_parser().parse_args(words)


def run(verb: Any, client: Client, *words: str) -> int:
    """Run a verb as it was typed."""
    options = parsed(*words)
    options.json = "--json" in words
    status: int = verb(cast(PeerClient, client), options)
    return status


def test_link(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """The address is all that is written, for an hour or as long as is said."""
    assert run(link, client, "link", "song") == 0
    assert capsys.readouterr().out == f"{URL}\n"
    assert run(link, client, "link", "song", "--for", "2h") == 0
    seconds = [body["seconds"] for _method, _path, body in client.asked]
    assert seconds == [3_600, 7_200]
    assert client.asked[0] == ("POST", "/v1/links", {"name": "song", "seconds": 3_600})


def test_qr(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """A QR code follows where it is wanted; JSON has its rows in any case."""
    run(link, client, "link", "song", "--qr")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == URL
    assert len(lines) == 1 + (len(LINK["qr"]) + 5) // 2  # type: ignore[arg-type]
    run(link, client, "link", "song", "--json")
    assert json.loads(capsys.readouterr().out)["qr"] == LINK["qr"]


def test_links(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """All open links are listed with what ends them."""
    assert run(links, client, "links") == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.split()[:2] == ["3", "a/song.mp3"]
    assert first.endswith(URL)
    assert last == "1 open link"


def test_unlink(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """A link is ended by its number."""
    assert run(unlink, client, "unlink", "3") == 0
    assert client.asked == [("DELETE", "/v1/links/3", {})]
    assert capsys.readouterr().out == "link 3 leads nowhere any more\n"


@pytest.mark.parametrize("words", [("link",), ("link", "a", "--for", "8y"), ("unlink", "x")])
def test_misused(words: tuple[str, ...]) -> None:
    """What cannot be meant ends the command."""
    with pytest.raises(SystemExit):
        parsed(*words)
