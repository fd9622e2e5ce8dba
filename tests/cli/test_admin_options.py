"""How an admin says for how many, and for how long."""

import argparse

import pytest

from p2p_twisted.cli.main import command_parser


def parsed(*words: str) -> argparse.Namespace:
    return command_parser().parse_args(words)


@pytest.mark.parametrize("word", ["--for=2w", "--uses=0"])
def test_refused(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no time, or no number of uses, is refused, with what would do."""
    with pytest.raises(SystemExit):
        parsed("invite", word)
    assert ("is not a time from 1s to 30d" in (said := capsys.readouterr().err)) is ("for" in word)
    assert ("is not a number from 1 to 1,000" in said) is ("uses" in word)


def test_invite() -> None:
    """By default it lets in one, for a day."""
    usual = parsed("invite")
    assert (usual.uses, usual.seconds, usual.admin, usual.groups) == (1, 86_400, False, [])
    assert parsed("invite", "--for", "2h", "--qr").seconds == 7_200
    more = parsed("invite", "--uses", "30", "--admin", "--group", "lab", "--group", "office")
    assert (more.uses, more.admin, more.groups) == (30, True, ["lab", "office"])
    assert not more.for_registry
    assert parsed("invite", "--for-registry", "--of-registry").for_registry


def test_revoke() -> None:
    """Somebody is revoked by name, or an invite is taken back by its id."""
    assert parsed("revoke", "anna").name == "anna"
    assert parsed("revoke", "--invite", "3f2a91bc").invite == "3f2a91bc"


@pytest.mark.parametrize(
    ("words", "most"),
    [
        (("invite", "--for"), 30),
        (("link", "a", "--for"), 7),
        (("push", "a", "--to", "@all", "--for"), 30),
        (("pushes", "1", "--timeout"), 30),
        (("revoke", "--since"), 60),
    ],
)
def test_times(words: tuple[str, ...], most: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each time is refused beyond its own bound, and is told that one."""
    parsed(*words, f"{most}d")
    for typed in ("0s", f"{most + 1}d"):
        with pytest.raises(SystemExit):
            parsed(*words, typed)
        assert f"{typed!r} is not a time from 1s to {most}d" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--invite", "--registry"])
def test_one_at_a_time(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """None of two invites, or registries, stays good in silence."""
    with pytest.raises(SystemExit):
        parsed("revoke", option, "3f2a91bc", option, "b74d20c1")
    assert f"p2p revoke: {option} takes one: say another one in" in capsys.readouterr().err
