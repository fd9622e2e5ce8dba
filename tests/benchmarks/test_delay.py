"""What is between hosts that are far apart."""

import struct
from ipaddress import IPv4Address
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.lab.delay import Burst, Distance, Way

_PART = 1_000
_OFFLOAD = (1, 1, 40, _PART, 20, 16)
_SEQUENCE = 2**32 - 1_500


def burst(content: bytes, offload: tuple[int, ...] = _OFFLOAD) -> Burst:
    """Make what the kernel hands over as one, with the flags for its end set."""
    addresses = IPv4Address("10.0.0.1").packed + IPv4Address("10.0.0.2").packed
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(content), 7, 0x4000, 64, 6, 0) + addresses
    tcp = struct.pack("!HHIIBBHHH", 80, 99, _SEQUENCE, 1, 5 << 4, 0x19, 500, 0, 0)
    return Burst(offload, ip + tcp + content)


def ip_sum(packet: bytes) -> int:
    """Add up an IP header with its checksum, in ones' complement."""
    total: int = sum(struct.unpack("!10H", packet[:20]))
    return (total & 0xFFFF) + (total >> 16)


class BurstTests(SynchronousTestCase):
    def test_sizes(self) -> None:
        """Each packet has headers of its own; the last one has the rest."""
        self.assertEqual(burst(bytes(2_500)).sizes, [1_040, 1_040, 540])
        self.assertEqual(burst(bytes(2_000)).sizes, [1_040, 1_040])
        self.assertEqual(burst(bytes(500), (0, 0, 0, 0, 0, 0)).sizes, [540])

    def test_nothing_lost(self) -> None:
        """What arrives whole is passed on as it is."""
        whole = burst(bytes(2_500))
        self.assertEqual(list(whole.without([False] * 3)), [whole])

    def test_all_lost(self) -> None:
        """Of what is lost, nothing is passed on."""
        self.assertEqual(list(burst(bytes(2_500)).without([True] * 3)), [])
        self.assertEqual(list(burst(b"x", (0, 0, 0, 0, 0, 0)).without([True])), [])

    def test_lost_within(self) -> None:
        """What stays in one piece is one burst at its place; only the last one ends the stream."""
        content = Random(1).randbytes(3_500)
        one, rest = burst(content).without([False, True, False, False])
        self.assertEqual(one.packet[40:], content[:1_000])
        self.assertEqual(one.offload, (1, 0, 40, 0, 20, 16))
        self.assertEqual(rest.packet[40:], content[2_000:])
        self.assertEqual(rest.offload, _OFFLOAD)
        for part, sequence, flags in ((one, _SEQUENCE, 0x10), (rest, 500, 0x19)):
            self.assertEqual(struct.unpack_from("!I", part.packet, 24), (sequence,))
            self.assertEqual(part.packet[33], flags)
            self.assertEqual(struct.unpack_from("!H", part.packet, 2), (len(part.packet),))
            self.assertEqual(ip_sum(part.packet), 0xFFFF)


class WayTests(SynchronousTestCase):
    def test_late_and_in_order(self) -> None:
        """Each arrives once all before it have left, and it has, and that much later."""
        way = Way(Distance(rate=1_000.0, delay=5.0, loss=0.0), Random(1))
        one, two = burst(bytes(460)), burst(bytes(960))
        way.take(one, 100.0)
        way.take(two, 100.0)
        self.assertEqual(way.next_at, 105.5)
        self.assertEqual(list(way.arrived(105.4)), [])
        self.assertEqual(list(way.arrived(106.5)), [one, two])
        self.assertIsNone(way.next_at)

    def test_too_much(self) -> None:
        """What would wait for longer than there and back takes is dropped."""
        way = Way(Distance(rate=1_000.0, delay=1.0, loss=0.0), Random(1))
        for _ in range(5):
            way.take(burst(bytes(960)), 0.0)
        self.assertEqual(len(list(way.arrived(99.0))), 3)

    def test_loss(self) -> None:
        """So large a share of packets is lost, whatever the kernel handed over as one."""
        way = Way(Distance(rate=1e9, delay=1.0, loss=0.25), Random(1))
        for _ in range(500):
            way.take(burst(bytes(8 * _PART)), 0.0)
        came = sum(len(part.sizes) for part in way.arrived(99.0))
        self.assertAlmostEqual(came / 4_000, 0.75, places=1)
