"""What the system knows of a connection."""

import socket
import struct
from unittest import skipUnless

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.interfaces import ISystemHandle
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from p2p_twisted.wire.connection_info import tcp_info
from p2p_twisted.wire.tcp_info import TcpInfo, parsed


@frozen
@implementer(ISystemHandle)
class Transport:
    """Stands for that of a plain connection."""

    handle: object

    def getHandle(self) -> object:  # noqa: N802
        return self.handle


class TcpInfoTests(SynchronousTestCase):
    """What is read of it."""

    @skipUnless(hasattr(socket, "TCP_INFO"), "the system does not tell")
    def test_real(self) -> None:
        """A connection has a round trip, and loses nothing on loopback."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        one = socket.create_connection(listening.getsockname())
        self.addCleanup(one.close)
        other, _address = listening.accept()
        self.addCleanup(other.close)
        one.sendall(b"x" * 10_000)
        self.assertTrue(other.recv(10_000))
        known = tcp_info(Transport(one))
        self.assertIsNotNone(tcp_info(Transport(other)))
        assert known is not None
        self.assertGreater(known.round_trip, 0.0)
        self.assertEqual((known.sent_again, known.reordered), (0.0, 0.0))

    def test_none(self) -> None:
        """A socket that is closed has none, nor has a transport without one."""
        closed = socket.socket()
        closed.close()
        self.assertIsNone(tcp_info(Transport(closed)))
        self.assertIsNone(tcp_info(Transport(None)))
        self.assertIsNone(tcp_info(object()))

    def test_fields(self) -> None:
        """Each field is read from where Linux has it; one that is too old has not all of them."""
        raw = bytearray(232)
        struct.pack_into("=I", raw, 68, 180_000)
        struct.pack_into("=II", raw, 152, 200, 7)
        struct.pack_into("=QQ", raw, 168, 2_000_000, 500_000)
        struct.pack_into("=QQ", raw, 200, 1_000, 50)
        struct.pack_into("=I", raw, 224, 20)
        self.assertEqual(parsed(bytes(raw)), TcpInfo(0.18, 0.1, 0.05, 2.0, 0.5))
        self.assertIsNone(parsed(bytes(raw[:-4])))

    @given(st.binary(max_size=300))
    def test_any(self, raw: bytes) -> None:
        """Whatever the system writes, shares are shares."""
        known = parsed(raw)
        if known is not None:
            self.assertTrue(0.0 <= known.reordered <= 1.0)
            self.assertTrue(0.0 <= known.sent_again <= 1.0)
