"""Listen to a wire on which everything has to be encrypted: whatever is not shows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from attrs import define, field

if TYPE_CHECKING:
    from p2p_twisted.testing.interfaces import Direction

_HEADER_BYTES: Final = 5
_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _ENCRYPTED = 20, 21, 22, 23
_FIRST: Final = (_HANDSHAKE, _ALERT)
_LATER: Final = (_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _ENCRYPTED)
_LONGEST_BYTES: Final = 16_384 + 256
_HELLOS_MOST: Final = 2
"""Handshake records that are not encrypted: a second one where the first hello did not suit."""


@define(eq=False)
class RecordReader:
    """
    Follows one direction of a connection from one record of TLS 1.3 to the next (RFC 8446, 5.1).

    :ivar target: the process that it leads to.
    :ivar is_clear: whether something came that is no such record.
    :ivar total: how many bytes have come.
    """

    target: str
    is_clear: bool = False
    total: int = 0
    _header: bytes = b""
    _left: int = 0
    _hellos: int = 0
    _kinds: tuple[int, ...] = _FIRST

    def feed(self, data: bytes) -> None:
        """Follow what has come."""
        self.total += len(data)
        rest = memoryview(data)
        while rest and not self.is_clear:
            if self._left:
                skipped = min(self._left, len(rest))
                self._left -= skipped
                rest = rest[skipped:]
            else:
                missing = _HEADER_BYTES - len(self._header)
                self._header += rest[:missing]
                rest = rest[missing:]
                self._judge(self._header)

    def _judge(self, header: bytes) -> None:
        """Begin a record, once its header is whole."""
        self.is_clear = header[0] not in self._kinds or header[1:2] not in (b"", b"\x03")
        if len(header) == _HEADER_BYTES:
            self._left = int.from_bytes(header[3:], "big")
            self._hellos += header[0] == _HANDSHAKE
            self.is_clear |= self._left > _LONGEST_BYTES or self._hellos > _HELLOS_MOST
            self._header, self._kinds = b"", _LATER


@define(eq=False)
class WireTap:
    """
    Reads everything that arrives on a virtual network.

    :ivar clear: sentences on connections that carry something in the clear.
    """

    clear: list[str] = field(factory=list)
    _readers: "dict[Direction, RecordReader]" = field(factory=dict)

    def __call__(self, direction: "Direction", data: bytes) -> None:
        """Hear what has arrived."""
        reader = self._readers.get(direction)
        if reader is None:
            reader = self._readers[direction] = RecordReader(direction.target.name)
        if not reader.is_clear:
            reader.feed(data)
            if reader.is_clear:
                what = f"from {direction.source.name} to {reader.target}"
                self.clear.append(f"in the clear {what}: {data[:40]!r}")

    def to(self, name: str) -> Iterator[RecordReader]:
        """List the directions of connections that lead to a process."""
        return (each for each in self._readers.values() if each.target == name)

    def forget(self) -> None:
        """Forget all connections."""
        self._readers.clear()
