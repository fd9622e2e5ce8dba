"""What is said to all machines of a network; here to others on loopback."""

import select
import socket

import pytest

from p2p_twisted.runtime import multicast
from p2p_twisted.runtime.multicast import Group, GroupSocket, Packet

LOOPBACK = "127.0.0.1"
_SECONDS = 20.0


@pytest.fixture
def group() -> Group:
    """Return a group at a port that nobody else has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("", 0))
        return Group("239.192.90.12", "ff12::9012", probe.getsockname()[1])


def heard(source: GroupSocket) -> Packet | None:
    """Wait for a packet."""
    return source.receive(512) if select.select([source], [], [], _SECONDS)[0] else None


def test_heard_by_all(group: Group) -> None:
    """All programs of a machine hear it, and from whom it comes; what is longer is cut."""
    sockets = [GroupSocket.opened(group, [LOOPBACK])[0] for _ in range(2)]
    multicast.send(group, b"here I am", [LOOPBACK])
    assert [heard(each) for each in sockets] == 2 * [Packet(b"here I am", LOOPBACK)]
    multicast.send(group, bytes(600), [LOOPBACK])
    assert [heard(each) for each in sockets] == 2 * [Packet(bytes(513), LOOPBACK)]
    assert sockets[0].receive(512) is None
    for each in sockets:
        each.close()


def test_to_one_machine(group: Group) -> None:
    """What is sent to this machine alone, as from far away, is not heard."""
    [source] = GroupSocket.opened(group, [LOOPBACK])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"from afar", (LOOPBACK, group.port))
    multicast.send(group, b"from here", [LOOPBACK])
    assert heard(source) == Packet(b"from here", LOOPBACK)
    source.close()


def test_without(group: Group) -> None:
    """Addresses that are gone, or have no multicast, are passed over; without any, it is said."""
    gone = ["192.0.2.77", "2001:db8::77"]
    [source] = GroupSocket.opened(group, [gone[0], LOOPBACK])
    multicast.send(group, b"x", [*gone, LOOPBACK])
    assert heard(source) == Packet(b"x", LOOPBACK)
    source.close()
    with pytest.raises(OSError, match="no address"):
        GroupSocket.opened(group, [])


def test_port_taken(group: Group) -> None:
    """A program that has the port for itself is a fault that can be told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", group.port))
        with pytest.raises(OSError, match="in use"):
            GroupSocket.opened(group, [LOOPBACK])


def test_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every bridge of a machine with very many is used; where none is known, the usual way."""
    bridges = [f"10.0.{each}.1" for each in range(200)]
    monkeypatch.setattr(multicast, "own_addresses", lambda: bridges)
    assert multicast.usable_addresses() == bridges[:16]
    for usual, expected in (("10.9.0.2", ["10.9.0.2"]), (None, [])):
        monkeypatch.setattr(multicast, "own_addresses", list)
        monkeypatch.setattr(multicast, "address_towards", lambda _host, usual=usual: usual)
        assert multicast.usable_addresses() == expected
