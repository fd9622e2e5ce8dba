"""Twisted's TLS, with a way past its small pieces for what is large."""

from collections.abc import Callable
from typing import Any, Final

from OpenSSL import SSL
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from p2p_twisted.wire.sealing import ISealing

_RECORD_BYTES: Final = 16_384
# What TLS adds to each: 5 bytes before it, and 17 behind it.
_AROUND_BYTES: Final = 32

Read = Callable[[SSL.Connection, memoryview], int]
"""Decrypts into a buffer as much as fits; returns how many bytes that is."""


def read_by_copy(handle: SSL.Connection, room: memoryview) -> int:
    """Decrypt as pyOpenSSL does it: into buffers of its own, and from there."""
    filled = 0
    try:
        while filled < len(room):
            filled += handle.recv_into(room[filled:], _RECORD_BYTES)
    except SSL.Error:
        # Whatever it is, Twisted meets it as well, and knows what to do about it.
        pass
    return filled


def _reading_straight() -> Read | None:
    """Make what does without that copy; the names that it needs may be gone one day."""
    lib: Any = getattr(SSL, "_lib", None)
    ffi: Any = getattr(SSL, "_ffi", None)
    if not (hasattr(lib, "SSL_read") and hasattr(ffi, "from_buffer")):
        return None
    if not hasattr(SSL.Connection(SSL.Context(SSL.TLS_METHOD), None), "_ssl"):
        return None

    def read(handle: Any, room: memoryview) -> int:
        read_some, ssl, left = lib.SSL_read, handle._ssl, len(room)
        # Held on to: a pointer does not keep what it points to.
        buffer = target = ffi.from_buffer(room)
        while left and (count := read_some(ssl, target, left)) > 0:
            left -= count
            target = buffer + (len(room) - left)
        # OpenSSL remembers why there is no more until it is asked, for whichever connection.
        return len(room) - left + read_by_copy(handle, room[len(room) - left :])

    return read


read_straight: Final = _reading_straight()


@implementer(ISealing)
class TlsTransport(TLSMemoryBIOProtocol):
    """
    Encrypts one connection.

    :cvar read: how to decrypt.
    """

    read: Read = staticmethod(read_straight or read_by_copy)

    def seal(self, piece: bytes) -> bytes:
        """Encrypt a piece, behind all that was written; return nothing once it has ended."""
        handle = self.getHandle()
        left = memoryview(piece)
        at_once = len(piece) + _AROUND_BYTES * (2 + len(piece) // _RECORD_BYTES)
        sealed: list[bytes] = []
        try:
            while handle and left:
                left = left[handle.send(left) :]
            while handle and not (sealed and len(sealed[-1]) < at_once):
                sealed.append(handle.bio_read(at_once))
        except SSL.Error:
            return b""
        return b"".join(sealed)

    def open_into(self, room: memoryview, received: memoryview) -> int:
        """Decrypt into a buffer as much as fits of what has come; return how many bytes."""
        handle = self.getHandle()
        if not handle:
            return 0
        handle.bio_write(received)
        return self.read(handle, room)
