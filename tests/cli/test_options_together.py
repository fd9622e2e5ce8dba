"""Options of which one would be passed over."""

import pytest

from p2p_twisted.cli.main import command_parser
from p2p_twisted.cli.options_together import check_together
from p2p_twisted.cli.peer_client import CommandFailed
from p2p_twisted.runtime.exit_status import Exit


def checked(line: str) -> None:
    options = command_parser().parse_args(line.split())
    check_together(options)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("topo --dot --mermaid", "say one of --dot and --mermaid"),
        ("topo --json --dot", "say one of --json and --dot"),
        ("--json topo --mermaid", "say one of --json and --mermaid"),
        ("pause all 3", "say all, or numbers"),
        ("cancel 1-3 all", "say all, or numbers"),
        ("find x --network y", "--network is for --registry"),
        ("get x --network y", "--network is for --registry"),
        ("get x --insecure-lan", "--insecure-lan is for --registry"),
    ],
)
def test_refused(line: str, said: str) -> None:
    """None of two wins in silence, and none has no effect."""
    with pytest.raises(CommandFailed) as failed:
        checked(line)
    assert failed.value.code == Exit.USAGE
    assert str(failed.value).startswith(said)


@pytest.mark.parametrize(
    "line",
    [
        "topo --dot",
        "topo --json",
        "status --json",
        "pause",
        "resume all",
        "cancel 1 3-5",
        "find x --registry 127.0.0.1 --network y --insecure-lan",
        "doctor --network y --insecure-lan",
    ],
)
def test_taken(line: str) -> None:
    """What fits is taken."""
    checked(line)
