"""Mutual TLS between two connections: what is said, and how much."""

import pytest
from twisted.internet.interfaces import IPullProducer
from twisted.internet.task import Clock
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.trust.identity import Identity
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.host_limit import HostLimit
from p2p_twisted.wire.intake import Intake
from p2p_twisted.wire.messages import Message
from p2p_twisted.wire.securing import SecuredConnection
from tests.trust.pair import ANNA, CLOCK, NOBODY, S1, Pair, link
from tests.wire.talking import HELLO, Notes, Pipe


def test_talk(pair: Pair) -> None:
    """Two of one network greet and talk, and each knows who the other is."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    assert pair.dialer.connection.gate.other_end == Identity("s1")
    assert pair.listener.connection.gate.other_end == Identity("anna")
    pair.dialer.connection.send(link("anna"))
    pair.until(lambda: pair.listener.messages)
    assert pair.listener.messages == [link("anna")]
    pair.listener.connection.close()
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)


def test_raw_bytes(pair: Pair) -> None:
    """Raw bytes behind a line come as they were sent, however many they are."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    content = bytes(range(256)) * 8_192
    block, done = memoryview(bytearray(len(content))), []

    def received(message: Message) -> None:
        incoming = pair.listener.connection.input
        incoming.expect_block(block, lambda _count: None, lambda: done.append(True))

    pair.listener.received = received  # type: ignore[method-assign]
    pair.dialer.connection.send(link("anna"))
    for start in range(0, len(content), limits.MIB):
        pair.dialer.connection.send_raw(content[start : start + limits.MIB])
        pair.until(lambda: not pair.dialer.connection.output._is_full)
    pair.until(lambda: done)
    assert bytes(block) == content


@implementer(IPullProducer)
class Pulled:
    """Writes some pieces, one whenever it is asked."""

    def __init__(self, connection: Connection, pieces: int) -> None:
        self.asked = 0
        self._connection = connection
        self._pieces = pieces

    def resumeProducing(self) -> None:
        self.asked += 1
        if self.asked <= self._pieces:
            self._connection.output.write(b"piece")

    def stopProducing(self) -> None:
        """Ignore it."""


def test_pull_producer(pair: Pair) -> None:
    """A pull producer is asked for more when it has written, and not while it has nothing."""
    pair.meet(listener=TlsSecurity(S1, NOBODY, pair.reactor), dialer=ANNA)
    pair.until(lambda: pair.dialer.hellos)
    output = pair.listener.connection.output
    producer = Pulled(pair.listener.connection, pieces=3)
    output.start_stream(producer)
    pair.until(lambda: producer.asked == 4)
    for _ in range(20):
        pair.reactor.iterate(0)
    assert producer.asked == 4
    output.write(b"held back until now")
    pair.until(lambda: producer.asked == 5)
    output.end_stream()


def test_no_tls(pair: Pair) -> None:
    """Whoever does not begin a handshake is cut off without a byte."""
    pair.meet(dialer=None)
    pair.dialer.connection.gate.is_greeted = True
    pair.dialer.connection.send(link("anna"))
    pair.until_lost()


def test_silent() -> None:
    """A silent connection has no TLS, and ends after as long as one in an open network."""
    clock, pipe = Clock(), Pipe()
    made: list[Notes] = []

    def note(connection: Connection) -> Notes:
        made.append(Notes(connection))
        return made[0]

    security = TlsSecurity(S1, NOBODY, clock)
    protocol = SecuredConnection(Connection(clock, note, HELLO), security, is_dialer=False)
    protocol.makeConnection(pipe)
    clock.advance(limits.FIRST_LINE_SECONDS - 0.1)
    assert (pipe.aborts, pipe.taken()) == (0, b"")
    clock.advance(0.2)
    assert (pipe.aborts, pipe.taken()) == (1, b"")


class Busy(TlsSecurity):
    """Admits no more handshakes."""

    @override
    def allows(self, host: str) -> bool:
        return False


def test_too_many_handshakes(pair: Pair) -> None:
    """A host that begins too many is cut off."""
    pair.meet(listener=Busy(S1, NOBODY, CLOCK))
    pair.until_lost()


def test_much_before_first_message(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes on and on with TLS, and says nothing, is cut off; a member that talks is not."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    monkeypatch.setattr(limits, "FIRST_MESSAGE_WITHIN_BYTES", 4_000)
    # It would end for that, too.
    pair.listener.connection.clear_deadline()
    pair.dialer.connection.send_raw(b"x" * 4_000)
    pair.until(lambda: pair.listener.losses)
    assert not pair.listener.messages


def test_much_behind_first_message(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once somebody has said something, it is charged for what comes, and not cut off."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    pair.dialer.connection.send(link("anna"))
    pair.until(lambda: pair.listener.messages)
    monkeypatch.setattr(limits, "FIRST_MESSAGE_WITHIN_BYTES", 4_000)
    for _ in range(200):
        pair.dialer.connection.send(link("anna"))
    pair.until(lambda: len(pair.listener.messages) > 200)


def test_what_is_no_line(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever has to be decrypted is charged, whether a line comes of it or not."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    charged: list[str] = []
    monkeypatch.setattr(Intake, "piece_came", lambda _self: charged.append("came"))
    monkeypatch.setattr(Intake, "piece_handled", lambda _self: charged.append("handled"))
    # The beginning of a record.
    pair.dialer.connection.transport.transport.write(b"\x17\x03\x03")  # type: ignore[attr-defined]
    pair.until(lambda: charged)
    assert charged == ["came", "handled"]


def test_handshake_limit() -> None:
    """Each host has its share; loopback is not counted; hosts are forgotten within a bound."""
    limit = HostLimit(limits.HANDSHAKES_PER_SECOND, limits.HANDSHAKES_BURST)
    taken = [limit.take("192.168.1.1", 0.0) for _ in range(limits.HANDSHAKES_BURST + 1)]
    assert taken == [True] * limits.HANDSHAKES_BURST + [False]
    assert limit.take("192.168.1.2", 0.0)
    assert all(limit.take("127.0.0.1", 0.0) for _ in range(limits.HANDSHAKES_BURST + 1))
    assert limit.take("192.168.1.1", 1 / limits.HANDSHAKES_PER_SECOND)
    one_network = [limit.take(f"fd00::{n:x}", 0.0) for n in range(limits.HANDSHAKES_BURST + 1)]
    assert one_network[-1] is False
    for number in range(5_000):
        limit.take(f"10.0.{number // 250}.{number % 250 + 1}", 0.0)
    assert len(limit._buckets) <= 4_096
