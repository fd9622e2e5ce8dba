"""``p2p accept``, ``refuse`` and ``unpush``: what is done with each of some pushes."""

from pathlib import Path

import pytest

from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.runtime.exit_status import Exit
from tests.cli.fake_pushes import Client, run


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """Make a peer with pushes."""
    return Client(tmp_path)


@pytest.mark.parametrize(
    ("verb", "asked", "said"),
    [
        ("unpush", ("DELETE", "/v1/offers/{}"), "push {} has ended"),
        ("accept", ("POST", "/v1/offers/{}/accept"), "getting push {}"),
        ("refuse", ("POST", "/v1/offers/{}/refuse"), "refused push {}"),
    ],
)
def test_each(
    client: Client,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    asked: tuple[str, str],
    said: str,
) -> None:
    """What can be done is, and what cannot is told."""
    assert run(client, verb, "1-2", "9") == Exit.SOME_FAILED
    assert client.asked == [(asked[0], asked[1].format(number)) for number in (1, 2, 9)]
    told = capsys.readouterr()
    assert told.out.splitlines() == [said.format(number) for number in (1, 2)]
    assert told.err == "there is no push 9\n"
    with pytest.raises(CommandFailed, match="there is no push 9") as failed:
        run(client, verb, "9")
    assert failed.value.code == Exit.NOT_FOUND
    with pytest.raises(CommandFailed, match="say which by numbers"):
        run(client, verb, "all")


def test_accept_again(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what is here already, that is said."""
    client.is_here = True
    assert run(client, "accept", "1") == Exit.DONE
    assert capsys.readouterr().out == "push 1 is here already\n"
