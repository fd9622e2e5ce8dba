"""Talk TLS on a socket before a reactor runs: every call here blocks."""

import socket
import time
from typing import Final

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509

from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.limits import LINE_BYTES
from p2p_twisted.wire.messages import Message

_SECONDS: Final = 3.0
_PIECE_BYTES: Final = 16_384


def greeting(link: socket.socket) -> Message:
    """
    Return how the other end of a connection greets over TLS, whoever it is.

    :raises OSError, ProtocolError: when it does not, within 3 s.
    """
    tls = BlockingTls(link)
    try:
        tls.shake_hands()
        return tls.receive()
    except SSL.Error as error:
        raise ProtocolError(f"it does not speak TLS: {error}") from None


class BlockingTls:
    """
    TLS on a socket that blocks, for 3 s at most.

    Every method raises :class:`OSError` or :class:`SSL.Error`.
    """

    def __init__(self, link: socket.socket) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        # Whom it is, is checked before anything is said: by the invite, as nobody else vouches.
        context.set_verify(SSL.VERIFY_NONE)
        self._tls = SSL.Connection(context, None)
        self._tls.set_connect_state()
        self._link = link
        self._deadline = time.monotonic() + _SECONDS
        self._received = b""

    def shake_hands(self) -> None:
        """Make the encryption."""
        while True:
            try:
                self._tls.do_handshake()
                self._flush()
                return
            except SSL.WantReadError:
                self._fill()

    def certificates(self) -> list[x509.Certificate]:
        """Return what the other side has shown: its own first."""
        chain: list[X509] = self._tls.get_peer_cert_chain() or []
        return [each.to_cryptography() for each in chain]

    def send(self, message: Message) -> None:
        """Say something."""
        self._tls.sendall(encode(message))
        self._flush()

    def receive(self) -> Message:
        """
        Wait for the next message.

        :raises ProtocolError: when there is none.
        """
        while b"\n" not in self._received:
            if len(self._received) > LINE_BYTES:
                raise ProtocolError("its line is too long")
            try:
                self._received += self._tls.recv(_PIECE_BYTES)
            except SSL.WantReadError:
                self._fill()
            except SSL.ZeroReturnError:
                raise ProtocolError("it closed the connection") from None
        line, _, self._received = self._received.partition(b"\n")
        return decode(line)

    def _fill(self) -> None:
        """Send what is due, and wait for more."""
        self._flush()
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._link.settimeout(left)
        came = self._link.recv(_PIECE_BYTES)
        if not came:
            raise ProtocolError("it closed the connection")
        self._tls.bio_write(came)

    def _flush(self) -> None:
        try:
            while True:
                self._link.sendall(self._tls.bio_read(_PIECE_BYTES))
        except SSL.WantReadError:
            return
