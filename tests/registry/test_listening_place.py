"""Where people have a registry listen."""

import pytest

from p2p_twisted.registry import listening_place
from p2p_twisted.registry.listening_place import BadEndpoint, places_of, read_endpoint


@pytest.mark.parametrize(
    ("typed", "endpoint"),
    [
        ("127.0.0.1:9011", "tcp:9011:interface=127.0.0.1"),
        ("[::1]:9011", r"tcp6:9011:interface=\:\:1"),
        ("0.0.0.0:9012", "tcp:9012:interface=0.0.0.0"),
        ("localhost:0", "tcp:0:interface=localhost"),
        (r"tcp6:0:interface=\:\:1", r"tcp6:0:interface=\:\:1"),
    ],
)
def test_read(typed: str, endpoint: str) -> None:
    """A place is written as everywhere else, or as Twisted has it."""
    assert read_endpoint(typed) == endpoint


@pytest.mark.parametrize(
    "typed",
    ["", "9011", "::1", "::1:9011", "[::1]", "[::1:9011", "unix:/tmp/s", "tcp:9011:interface=::1"],
)
def test_no_place(typed: str) -> None:
    """What cannot be meant is refused, and not by what Python says of it."""
    with pytest.raises(BadEndpoint, match=r"^$"):
        read_endpoint(typed)


@pytest.mark.parametrize(
    ("endpoint", "places"),
    [
        ("tcp:9012:interface=127.0.0.1", (["127.0.0.1"], 9_012)),
        (r"tcp6:9012:interface=fd00\:\:2", (["fd00::2"], 9_012)),
        ("tcp:9012", (["10.0.0.2"], 9_012)),
        ("tcp:9012:interface=0.0.0.0", (["10.0.0.2"], 9_012)),
        (r"tcp6:9012:interface=\:\:", (["10.0.0.2"], 9_012)),
        ("systemd:domain=INET:index=0", (["10.0.0.2"], 9_011)),
    ],
)
def test_places(
    endpoint: str, places: tuple[list[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are told addresses, and never that of no machine, as invites are."""
    monkeypatch.setattr(listening_place, "own_addresses", lambda: ["10.0.0.2", "fd00::2"])
    assert places_of(endpoint) == places
