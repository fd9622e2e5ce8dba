"""Options that are said several times: none of them is passed over."""

import pytest
from twisted.python.usage import UsageError

from p2p_twisted.cli.daemon import daemon_parser
from p2p_twisted.cli.main import command_parser
from p2p_twisted.p2ppeer import Options


def parsed(*words: str) -> Options:
    options = Options()
    options.parseOptions(["--name=s1", *words])
    return options


@pytest.mark.parametrize(
    ("option", "one", "other", "both"),
    [
        ("registry", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1,127.0.0.1:2"),
        ("accept", "ask", "@lab", "ask,@lab"),
        ("share", "a=/a", "b=/b", "a=/a\nb=/b"),
    ],
)
def test_as_one(option: str, one: str, other: str, both: str) -> None:
    """They are what one is that names several, for p2p as for twistd."""
    words = [f"--{option}={one}", f"--{option}={other}"]
    assert vars(daemon_parser("peer").parse_args(words)) == {option: both}
    options = Options()
    for value in (one, other):
        getattr(options, f"opt_{option}")(value)
    assert options[option] == both


def test_registries() -> None:
    """A peer knows all of them, and so does one that a command starts for itself."""
    words = ["--registry=127.0.0.1:1", "--registry", "127.0.0.1:2"]
    assert parsed(*words)["registries"] == (("127.0.0.1", 1), ("127.0.0.1", 2))
    assert command_parser().parse_args(["find", "x", *words]).registry == "127.0.0.1:1,127.0.0.1:2"


@pytest.mark.parametrize("words", [("auto", "127.0.0.1"), ("127.0.0.1", "auto")])
def test_auto(words: tuple[str, str]) -> None:
    """To find it, and to be told where it is, are two things, whichever is said first."""
    with pytest.raises(UsageError, match="takes auto, or where it listens, not both"):
        parsed(*(f"--registry={each}" for each in words))


def test_spaces() -> None:
    """Spaces between several do not make ``auto`` the name of a host."""
    with pytest.raises(UsageError, match="takes auto, or where it listens, not both"):
        parsed("--registry=127.0.0.1, auto")
