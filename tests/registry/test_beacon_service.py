"""A registry that tells newcomers where it is."""

from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.beacon_service import BeaconService
from p2p_twisted.registry.lan_group import LAN_GROUP
from p2p_twisted.runtime import multicast
from p2p_twisted.runtime.multicast import GroupSocket, Packet
from p2p_twisted.wire.beacon import QUESTION, Beacon, read_beacon, write_beacon

ROOT = "0123456789abcdef"
_FIRST = 1


class Heard:
    """A socket on which packets can be put."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.joined: list[list[str]] = []

    def fileno(self) -> int:
        return 1_000

    def receive(self, most_bytes: int) -> Packet | None:
        return Packet(self.packets.pop(0)[: most_bytes + 1], "10.9.0.9") if self.packets else None

    def join(self, addresses: list[str]) -> None:
        self.joined.append(list(addresses))

    def close(self) -> None:
        self.packets.clear()


class BeaconServiceTests(SynchronousTestCase):
    """At 10.9.0.1 and 2001:db8::1, on a network cable."""

    def setUp(self) -> None:
        self.clock, self.heard = MemoryReactorClock(), Heard()
        self.own = ["10.9.0.1", "2001:db8::1"]
        self.sent: list[tuple[Beacon | None, list[str]]] = []
        self.patch(multicast, "usable_addresses", lambda: self.own)
        self.patch(GroupSocket, "opened", lambda _group, _addresses: [self.heard])
        self.patch(multicast, "send", self.send)

    def send(self, group: Any, packet: bytes, addresses: list[str]) -> None:
        self.assertEqual(group, LAN_GROUP)
        self.sent.append((read_beacon(packet), list(addresses)))

    def start(
        self, host: str = "0.0.0.0", port: int = 9_011, root: str | None = None
    ) -> BeaconService:
        service = BeaconService(self.clock, "default", root, lambda: (host, port))
        self.addCleanup(service.stopService)
        service.startService()
        self.clock.advance(0.0)
        return service

    def hear(self, *packets: bytes) -> None:
        """Have some packets come."""
        self.heard.packets += packets
        while self.heard.packets:
            for reader in self.clock.getReaders():
                reader.doRead()
            self.clock.advance(0.001)

    def test_by_itself(self) -> None:
        """It says so once it listens, and then every half a minute."""
        self.start(root=ROOT)
        self.assertEqual(self.sent, [(Beacon("default", 9_011, ROOT), ["10.9.0.1"])])
        self.clock.pump([1.0] * 61)
        self.assertEqual(len(self.sent), 3)

    def test_where(self) -> None:
        """It says so at the addresses where it listens, of both IP versions if it does on both."""
        for host, own in (("::", self.own), ("10.9.0.1", ["10.9.0.1"])):
            self.start(host)
            beacon, addresses = self.sent.pop()
            self.assertEqual(addresses, own)
            # All of them, where there are several: it is one registry.
            self.assertEqual(beacon, Beacon("default", 9_011, at=tuple(own) if own[1:] else ()))

    def test_not(self) -> None:
        """On loopback, or at a port that no peer would dial, nobody is told of it."""
        self.start("127.0.0.1")
        self.start("::1")
        self.start(port=80)
        self.clock.advance(100.0)
        self.assertEqual(self.sent, [])

    def test_asked(self) -> None:
        """A newcomer is answered at once, and many at once by one packet."""
        self.start()
        self.clock.advance(10.0)
        self.hear(*[QUESTION] * 20)
        self.assertEqual(len(self.sent), 2)
        self.hear(QUESTION)
        self.clock.advance(0.1)
        self.assertEqual(len(self.sent), 2)
        self.clock.advance(0.1)
        self.assertEqual(len(self.sent), 3)

    def test_anything_else(self) -> None:
        """Own packets, forged ones and those of other versions are not answered."""
        self.start()
        self.clock.advance(10.0)
        forged = (
            write_beacon(Beacon("default", 9_011)),
            b'P2P2 {"role":"newcomer"}',
            b"",
            bytes(9_000),
        )
        self.hear(*forged * 20)
        self.assertEqual(len(self.sent), _FIRST)

    def test_another_address(self) -> None:
        """The machine gets another address: it is used within half a minute."""
        self.start()
        self.own.append("10.10.0.1")
        self.clock.advance(30.0)
        self.assertEqual(self.sent[-1][1], ["10.9.0.1", "10.10.0.1"])
        self.assertEqual(self.heard.joined[-1], ["10.9.0.1", "10.10.0.1"])

    def test_no_multicast(self) -> None:
        """Where it cannot be heard, that is said once, and tried again."""

        def fail(_group: object, _addresses: object) -> Any:
            raise PermissionError(1, "Operation not permitted")

        self.patch(GroupSocket, "opened", fail)
        self.start()
        self.clock.pump([1.0] * 61)
        self.assertEqual(len(self.sent), 3)
        self.assertEqual(self.clock.getReaders(), [])
        self.patch(GroupSocket, "opened", lambda _group, _addresses: [self.heard])
        self.clock.advance(30.0)
        self.assertEqual(len(self.clock.getReaders()), 1)

    def test_stop(self) -> None:
        """Nothing is left of it."""
        service = self.start()
        self.hear(QUESTION)
        service.stopService()
        self.assertEqual(self.clock.getReaders(), [])
        self.clock.advance(100.0)
        self.assertEqual(len(self.sent), _FIRST)
