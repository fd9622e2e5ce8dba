"""What is heard on a network."""

from collections.abc import Iterable
from unittest import mock

from p2p_twisted.registry.lan_search import (
    HeardRegistry,
    IsWanted,
    _keep,
    has_root,
    places_of_root,
    search,
    search_lan,
)
from p2p_twisted.registry.limits import BEACONS_PER_SECOND, REGISTRIES_HEARD, SEARCH_SECONDS
from p2p_twisted.runtime import multicast
from p2p_twisted.runtime.multicast import Packet
from p2p_twisted.wire.beacon import QUESTION, Beacon, read_beacon, write_beacon

ROOT = "0123456789abcdef"
HASH = bytes.fromhex(ROOT) + bytes(24)


def a_beacon(network: str = "default", port: int = 9_011, root: str | None = None) -> bytes:
    return write_beacon(Beacon(network, port, root))


def is_default(heard: HeardRegistry) -> bool:
    return heard.beacon.network == "default"


class FakeLan:
    """
    A network on which packets come at certain times, in seconds.

    :ivar asked: when somebody has asked.
    """

    def __init__(self, packets: Iterable[tuple[float, str, bytes]]) -> None:
        self.now = 100.0
        self._packets = [(100.0 + at, Packet(content, host)) for at, host, content in packets]
        self.asked: list[float] = []

    def ask(self) -> None:
        self.asked.append(self.now - 100.0)

    def receive(self, seconds: float) -> Packet | None:
        if self._packets and self._packets[0][0] <= self.now + seconds:
            at, packet = self._packets.pop(0)
            self.now = max(self.now, at)
            return packet
        self.now += seconds
        return None


def found(
    *packets: tuple[float, str, bytes], is_wanted: IsWanted = is_default
) -> tuple[list[str], float]:
    """Search; return what was found, and how long that took."""
    lan = FakeLan(packets)
    heard = search(lan, is_wanted, lambda: lan.now)
    return list(map(str, heard)), round(lan.now - 100.0, 3)


def test_one() -> None:
    """The first answer ends it soon: where it comes from, and the port in it, is the place."""
    assert found((0.25, "10.9.0.1", a_beacon())) == (["10.9.0.1:9011"], 0.55)
    assert found((0.25, "2001:db8::1", a_beacon(port=9_100))) == (["[2001:db8::1]:9100"], 0.55)


def test_others() -> None:
    """Others that answer a little later are heard as well, each once; none is waited for long."""
    packets = [(0.25 + each / 8, f"10.9.0.{each % 3 + 1}", a_beacon()) for each in range(20)]
    assert found(*packets) == (["10.9.0.1:9011", "10.9.0.2:9011", "10.9.0.3:9011"], 0.55)


def test_just_answered() -> None:
    """One that has just answered somebody else's question answers this one in time, too."""
    late = 0.25 + 1 / BEACONS_PER_SECOND
    packets = (0.25, "10.9.0.1", a_beacon()), (late + 0.05, "10.9.0.2", a_beacon())
    assert found(*packets)[0] == ["10.9.0.1:9011", "10.9.0.2:9011"]


def test_nothing() -> None:
    """It asks several times, as packets get lost, and ends after three seconds."""
    lan = FakeLan([])
    assert search(lan, is_default, lambda: lan.now) == ()
    assert lan.now - 100.0 == SEARCH_SECONDS == 3.0
    assert lan.asked == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


def test_not_wanted() -> None:
    """Others than those that are wanted end nothing, but are told, behind these."""
    other, right = a_beacon("lab"), a_beacon()
    assert found((0.1, "10.9.0.1", other)) == (["10.9.0.1:9011"], 3.0)
    both = found((0.1, "10.9.0.1", other), (1.0, "10.9.0.2", right))
    assert both == (["10.9.0.2:9011", "10.9.0.1:9011"], 1.3)


def test_of_no_use() -> None:
    """Questions, own ones too, and what comes from no peer's address are passed over."""
    hosts = ("fe80::1%eth0", "127.0.0.1", "0.0.0.0")
    packets = [(0.1, host, a_beacon()) for host in hosts]
    assert found((0.1, "10.9.0.1", QUESTION), (0.1, "10.9.0.1", b"\xff"), *packets) == ([], 3.0)


def test_flood() -> None:
    """Of any number of forged ones few are remembered, and the right network's root is found."""
    forged = [(0.0, f"10.9.{n >> 8}.{n & 255}", a_beacon(port=1_024 + n)) for n in range(1, 5_000)]
    assert len(found(*forged)[0]) == REGISTRIES_HEARD == 16
    known: set[HeardRegistry] = set()
    for _at, host, packet in forged:
        _keep(HeardRegistry(host, 9_011, read_beacon(packet) or Beacon("x", 9_011)), known)
    assert len(known) == REGISTRIES_HEARD
    real = (0.2, "10.10.0.1", a_beacon(root=ROOT))
    told, _seconds = found(*forged, real, is_wanted=has_root(HASH))
    assert told[0] == "10.10.0.1:9011"
    assert len(told) == REGISTRIES_HEARD


def test_flood_of_one() -> None:
    """However many one host forges, also of the right root, another is heard that says so later."""
    root = a_beacon(root=ROOT)
    forged = [(n / 1_000, "10.9.0.66", a_beacon(port=1_024 + n, root=ROOT)) for n in range(1_000)]
    packets = [*forged, (1.0, "10.9.0.1", root), (1.2, "10.9.0.1", root)]
    told, seconds = found(*packets, is_wanted=has_root(HASH))
    assert told == ["10.9.0.1:9011", *(f"10.9.0.66:{1_024 + n}" for n in range(4))]
    assert seconds == SEARCH_SECONDS


def test_root() -> None:
    """Of a private network, the hash of the root's key has to begin as the packet says."""
    beacons = [Beacon("default", 9_011), Beacon("lab", 9_012, ROOT), Beacon("x", 9_013, "0" * 16)]
    heard = tuple(HeardRegistry("10.9.0.1", each.port, each) for each in beacons)
    assert places_of_root(HASH, lambda _is_wanted: heard) == [("10.9.0.1", 9_012)]


def test_no_network() -> None:
    """A machine that can hear nothing finds nothing."""
    with mock.patch.object(multicast, "usable_addresses", return_value=[]):
        assert places_of_root(HASH, search_lan) == []
