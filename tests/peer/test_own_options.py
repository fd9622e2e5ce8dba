"""What a peer in the background cannot do."""

from typing import Any

import pytest
from twisted.python.usage import Options, UsageError

from p2p_twisted.peer import own_options
from p2p_twisted.peer.own_options import read_host, read_results


def options(is_background: bool, **given: Any) -> Options:
    made = Options()
    made.parent = Options()
    made.parent["nodaemon"] = not is_background
    made.update({"results": None, "leave-at-end": False} | given)
    return made


@pytest.mark.parametrize("given", [{"results": "1"}, {"leave-at-end": True}])
def test_no_input(given: dict[str, Any]) -> None:
    """It reads no script, so it does not end with one, nor tell how its lines went."""
    with pytest.raises(UsageError, match=f"reads no input: leave --{next(iter(given))} away"):
        read_results(options(True, **given))
    read_results(options(False, **given))


def test_nothing_said() -> None:
    """By default it has none of that."""
    assert read_results(options(True)) is None


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("[::FFFF:a00:1]", "10.0.0.1"),
        (" 10.0.0.1 ", "10.0.0.1"),
    ],
)
def test_host(typed: str, host: str) -> None:
    """An address counts however it is spelled."""
    assert read_host("advertise", typed) == host


@pytest.mark.parametrize(
    "typed", ["eth0", "", "localhost", "10.0.0.1:9000", "0.0.0.0", "fe80::1%lo"]
)
def test_no_host(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no address of a peer is refused, with those that this machine has."""
    monkeypatch.setattr(own_options, "own_addresses", lambda: ["10.0.0.2", "fd00::2"])
    with pytest.raises(UsageError) as refused:
        read_host("interface", typed)
    assert typed in str(refused.value)
    assert str(refused.value).endswith("; this machine has 10.0.0.2 and fd00::2")
    monkeypatch.setattr(own_options, "own_addresses", list)
    with pytest.raises(UsageError, match="no address that others can use: connect it"):
        read_host("interface", typed)
