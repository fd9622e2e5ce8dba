"""Whether newcomers find the registry by themselves."""

from typing import Any

import pytest

from p2p_twisted.cli.multicast_check import multicast
from p2p_twisted.registry.lan_search import HeardRegistry, IsWanted
from p2p_twisted.wire.beacon import Beacon

OWN, REGISTRY = "10.9.0.2", "10.9.0.1"


def heard(*hosts: str) -> Any:
    """Return a search that hears registries there."""

    def search(is_wanted: IsWanted) -> tuple[HeardRegistry, ...]:
        return tuple(HeardRegistry(each, 9_011, Beacon("default", 9_011)) for each in hosts)

    return search


def unheard(_is_wanted: IsWanted) -> tuple[HeardRegistry, ...]:
    """Hear nothing, as that is impossible here."""
    raise PermissionError(1, "Operation not permitted")


def test_heard() -> None:
    """It is, also where it is one of several; in a private network, where others are there, too."""
    for registries in ("10.9.0.1:9011", "10.9.0.7:9011,10.9.0.1:9011"):
        for network, others in (("default", ()), (None, ("10.9.0.66",))):
            found = multicast(registries, OWN, heard(*others, REGISTRY), network)
            assert found.is_ok, found


def test_several() -> None:
    """A newcomer to an open network goes to none where several are heard, be they ours or not."""
    for registries in ("10.9.0.1:9011", "10.9.0.66:9011,10.9.0.1:9011"):
        found = multicast(registries, OWN, heard("10.9.0.66", REGISTRY), "default")
        assert found.is_ok is None
        assert found.text.startswith("newcomers have to choose: 2 registries of network default")


@pytest.mark.parametrize(
    ("search", "why"),
    [(heard(), "is not heard"), (heard("10.9.0.66"), "is not heard"), (unheard, "not permitted)")],
)
def test_not_heard(search: Any, why: str) -> None:
    """It is not: that is no fault, but newcomers have to say where it is."""
    found = multicast("10.9.0.1:9011", OWN, search, "default")
    assert found.is_ok is None
    assert why in found.text
    assert found.text.endswith("newcomers say --registry 10.9.0.1:9011")


def test_on_loopback() -> None:
    """A network on one machine is not asked for by multicast."""
    assert multicast("127.0.0.1:9011", "127.0.0.1", unheard, "default").is_ok
