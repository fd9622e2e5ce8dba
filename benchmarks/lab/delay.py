"""
Carry packets between network devices as a long way would: late, at a rate, and not all of them.

    python -m benchmarks.lab.delay RATE DELAY LOSS DEVICE=ADDRESS ...

For kernels without netem. It makes the devices, and prints ``ready``; whoever started it moves
each to where its address is. The kernel hands over and takes up to 64 KiB of a stream at once, as
it does with network cards; they are lost as the packets that they would be on a wire.
"""

import os
import select
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from fcntl import ioctl
from ipaddress import IPv4Address
from random import Random
from typing import Final

from attrs import frozen

_CLONE: Final = "/dev/net/tun"
# Of linux/if_tun.h.
_SET_INTERFACE: Final = 0x400454CA
_SET_OFFLOAD: Final = 0x400454D0
_TUN_WITHOUT_INFORMATION_WITH_OFFLOAD: Final = 0x0001 | 0x1000 | 0x4000
_CHECKSUMS_AND_TCP4: Final = 0x01 | 0x02
# Of linux/virtio_net.h: flags, kind, and the lengths of the headers and of each packet's part.
_OFFLOAD: Final = struct.Struct("=BBHHHH")
_ONE_PACKET: Final = 0
_MANY_TCP4: Final = 1
_CONGESTED: Final = 0x80

_MOST_BYTES: Final = _OFFLOAD.size + 65_535
_VERSION_4: Final = 4
_TOTAL_LENGTH: Final = slice(2, 4)
_IP_CHECKSUM: Final = slice(10, 12)
_TARGET: Final = slice(16, 20)
# From the beginning of TCP's header.
_SEQUENCE: Final = 4
_DATA_OFFSET: Final = 12
_FLAGS: Final = 13
_ONLY_AT_THE_END: Final = 0x01 | 0x08


@frozen
class Burst:
    """
    Packets of one stream that the kernel handles as one, or a single packet.

    :ivar offload: what the kernel says about it.
    :ivar packet: the headers, and the content of all.
    """

    offload: tuple[int, ...]
    packet: bytes

    @classmethod
    def read(cls, raw: bytes) -> "Burst":
        """Read what a device has given."""
        return cls(_OFFLOAD.unpack_from(raw), raw[_OFFLOAD.size :])

    @property
    def is_carried(self) -> bool:
        """Whether it is of IPv4; hosts ask for routers of IPv6 by themselves."""
        return self.packet[0] >> 4 == _VERSION_4

    @property
    def target(self) -> bytes:
        """The address that it is for."""
        return self.packet[_TARGET]

    @property
    def sizes(self) -> Sequence[int]:
        """How many bytes each of its packets has on a wire."""
        if self._part is None:
            return [len(self.packet)]
        headers, content = self._headers, len(self.packet) - self._headers
        whole, rest = divmod(content, self._part)
        return [headers + self._part] * whole + [headers + rest] * bool(rest)

    def without(self, lost: Sequence[bool]) -> "Iterator[Burst]":
        """Leave out those of its packets that are lost; what stays in one piece is one burst."""
        if not any(lost):
            yield self
            return
        first = 0
        while first < len(lost):
            last = first
            while last < len(lost) and not lost[last]:
                last += 1
            if last > first:
                yield self._cut(first, last)
            first = last + 1

    def written(self) -> Sequence[bytes]:
        """Return what a device takes."""
        return [_OFFLOAD.pack(*self.offload), self.packet]

    def _cut(self, first: int, last: int) -> "Burst":
        if self._part is None:
            return self
        begin, end = first * self._part, last * self._part
        ip, headers = self._ip, bytearray(self.packet[: self._headers])
        content = self.packet[self._headers :][begin:end]
        headers[_TOTAL_LENGTH] = (len(headers) + len(content)).to_bytes(2, "big")
        headers[_IP_CHECKSUM] = bytes(2)
        headers[_IP_CHECKSUM] = _checksum(bytes(headers[:ip]))
        [sequence] = struct.unpack_from("!I", headers, ip + _SEQUENCE)
        struct.pack_into("!I", headers, ip + _SEQUENCE, (sequence + begin) % 2**32)
        if self._headers + end < len(self.packet):
            headers[ip + _FLAGS] &= ~_ONLY_AT_THE_END
        flags, kind, length, part, *checksum = self.offload
        if last - first == 1:
            kind, part = _ONE_PACKET, 0
        # TCP's own checksum is neither made nor checked between devices of one machine.
        return Burst((flags, kind, length, part, *checksum), bytes(headers) + content)

    @property
    def _part(self) -> int | None:
        """How many bytes of content each of several packets has but the last."""
        _flags, kind, _length, part, *_checksum = self.offload
        return part if kind & ~_CONGESTED == _MANY_TCP4 else None

    @property
    def _ip(self) -> int:
        return 4 * (self.packet[0] & 0x0F)

    @property
    def _headers(self) -> int:
        return self._ip + 4 * (self.packet[self._ip + _DATA_OFFSET] >> 4)


@frozen
class Distance:
    """
    What lies between two hosts.

    :ivar rate: bytes a second.
    :ivar delay: seconds, one way.
    :ivar loss: the share of packets that are lost.
    """

    rate: float
    delay: float
    loss: float


class Way:
    """
    All that goes to one host.

    What waits for its turn may do so for as long as there and back takes: then packets are dropped.
    """

    def __init__(self, distance: Distance, rng: Random) -> None:
        self._distance = distance
        self._rng = rng
        self._free_at = 0.0
        self._due: deque[tuple[float, Burst]] = deque()

    @property
    def next_at(self) -> float | None:
        """When the next burst arrives."""
        return self._due[0][0] if self._due else None

    def take(self, burst: Burst, now: float) -> None:
        """Let it go, or lose it; ``now`` is in seconds."""
        lost = list(map(self._is_lost, burst.sizes, [now] * len(burst.sizes)))
        for rest in burst.without(lost):
            self._due.append((self._free_at + self._distance.delay, rest))

    def arrived(self, now: float) -> Iterator[Burst]:
        """Yield what has come by now."""
        while self._due and self._due[0][0] <= now:
            yield self._due.popleft()[1]

    def _is_lost(self, size: int, now: float) -> bool:
        begins = max(now, self._free_at)
        if begins - now > 2 * self._distance.delay:
            return True
        self._free_at = begins + size / self._distance.rate
        return self._rng.random() < self._distance.loss


def carry(devices: Mapping[bytes, int], distance: Distance) -> None:
    """
    Carry packets for ever.

    :param devices: the file descriptor of each address.
    """
    rng = Random(0)
    ways = {address: Way(distance, rng) for address in devices}
    files = list(devices.values())
    while True:
        now = time.monotonic()
        coming = [way.next_at for way in ways.values() if way.next_at is not None]
        wait = max(0.0, min(coming) - now) if coming else None
        readable, _, _ = select.select(files, [], [], wait)
        now = time.monotonic()
        for file in readable:
            for burst in _bursts(file):
                if burst.is_carried and burst.target in ways:
                    ways[burst.target].take(burst, now)
        for address, way in ways.items():
            for burst in way.arrived(now):
                os.writev(devices[address], burst.written())


def open_device(name: str) -> int:
    """Make a network device; it exists as long as its file descriptor."""
    file = os.open(_CLONE, os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), _TUN_WITHOUT_INFORMATION_WITH_OFFLOAD)
    ioctl(file, _SET_INTERFACE, request)
    ioctl(file, _SET_OFFLOAD, _CHECKSUMS_AND_TCP4)
    return file


def _bursts(file: int) -> Iterator[Burst]:
    try:
        while True:
            yield Burst.read(os.read(file, _MOST_BYTES))
    except BlockingIOError:
        return


def _checksum(header: bytes) -> bytes:
    """Sum up an IP header: RFC 791."""
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def main() -> None:
    """Make the devices, and carry what goes between them."""
    rate, delay, loss, *devices = sys.argv[1:]
    files = {}
    for device in devices:
        name, _, address = device.partition("=")
        files[IPv4Address(address).packed] = open_device(name)
    print("ready", flush=True)
    carry(files, Distance(float(rate), float(delay), float(loss)))


if __name__ == "__main__":
    main()
