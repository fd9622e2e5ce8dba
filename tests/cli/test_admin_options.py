"""How an admin says for how many, and for how long."""

import argparse

import pytest

from p2p_twisted.cli.main import command_parser


def parsed(*words: str) -> argparse.Namespace:
    return command_parser().parse_args(words)


@pytest.mark.parametrize(
    ("typed", "seconds"), [("30m", 1_800), ("2h", 7_200), ("7d", 604_800), ("30d", 2_592_000)]
)
def test_times(typed: str, seconds: int) -> None:
    """Minutes, hours and days."""
    assert parsed("invite", "--for", typed).seconds == seconds


@pytest.mark.parametrize("typed", ["", "h", "0h", "-1h", "1.5h", "31d", "2w", "2", "9" * 12 + "m"])
def test_no_time(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is refused, with what would do."""
    with pytest.raises(SystemExit):
        parsed("invite", f"--for={typed}")
    assert "is no time such as 30m, 2h or 7d, of at most 30d" in capsys.readouterr().err


def test_invite() -> None:
    """By default it lets in one, for a day."""
    usual = parsed("invite")
    assert (usual.uses, usual.seconds, usual.admin, usual.groups) == (1, 86_400, False, [])
    more = parsed("invite", "--uses", "30", "--admin", "--group", "lab", "--group", "office")
    assert (more.uses, more.admin, more.groups) == (30, True, ["lab", "office"])


def test_revoke() -> None:
    """Somebody is revoked by name."""
    assert parsed("revoke", "anna").name == "anna"
