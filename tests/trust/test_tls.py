"""Mutual TLS between two connections, on real sockets and under a reactor of the test's own."""

import socket
import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from OpenSSL import SSL
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IProtocol, IPullProducer
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.protocols.tls import TLSMemoryBIOFactory
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.trust.credentials import Credentials, new_key
from p2p_twisted.trust.identity import REGISTRY, Identity
from p2p_twisted.trust.issuing import certify
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsMaker, TlsSecurity
from p2p_twisted.trust.tls_transport import TlsTransport
from p2p_twisted.wire import limits
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.host_limit import HostLimit
from p2p_twisted.wire.messages import PROTOCOL, Error, Hello, Link, Message
from p2p_twisted.wire.securing import SecuredConnection, secured
from tests.trust.private_network import DAY, PrivateNetwork
from tests.wire.ends import connect, dismantle
from tests.wire.talking import HELLO, Notes, Pipe

NOW: Final = time.time()
NETWORK: Final = PrivateNetwork(now=NOW)
S1: Final = NETWORK.let_in("s1", now=NOW)
ANNA: Final = NETWORK.let_in("anna", now=NOW)
NOBODY: Final = RevocationList("default")
CLOCK: Final = Clock()
_TURNS: Final = 2_000


class Anonymous(TlsSecurity):
    """Shows no certificate, and takes everybody's."""

    @override
    def wrap(self, inside: IProtocol, is_dialer: bool) -> TlsTransport:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_verify(SSL.VERIFY_NONE)
        factory = TLSMemoryBIOFactory(TlsMaker(context), is_dialer, Factory(), CLOCK)
        return TlsTransport(factory, inside)


class Pair:
    """The two ends of a connection: ``s1`` listens, and somebody has dialed it."""

    def __init__(self, reactor: EPollReactor) -> None:
        self.reactor = reactor
        self.listener: Notes
        self.dialer: Notes

    def meet(
        self,
        listener: Credentials | TlsSecurity = S1,
        dialer: Credentials | TlsSecurity | None = ANNA,
        hello: Hello = HELLO,
    ) -> "Pair":
        """Connect them, each with its credentials, or without encryption."""
        ours, theirs = socket.socketpair()
        for end, security, greeting in ((theirs, dialer, None), (ours, listener, hello)):
            connection = Connection(self.reactor, self._noted(greeting), greeting)
            if isinstance(security, Credentials):
                security = TlsSecurity(security, NOBODY, CLOCK)
            protocol = secured(connection, security, is_dialer=greeting is None)
            connect(self.reactor, end, protocol)
        return self

    def _noted(self, greeting: Hello | None) -> Callable[[Connection], Notes]:
        def make(connection: Connection) -> Notes:
            notes = Notes(connection)
            if greeting is None:
                self.dialer = notes
            else:
                self.listener = notes
            return notes

        return make

    def until(self, condition: Callable[[], object]) -> None:
        """Take turns until something is true."""
        for _ in range(_TURNS):
            if condition():
                return
            self.reactor.iterate(0.01)
        raise AssertionError("it never happened")

    def until_lost(self) -> None:
        """Wait until both have lost the connection, and nothing was said on it."""
        self.until(lambda: self.listener.losses and self.dialer.losses)
        assert not self.listener.messages
        assert not self.dialer.hellos


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return two ends that are not connected yet."""
    reactor = EPollReactor()
    made = Pair(reactor)
    yield made
    for notes in (made.listener, made.dialer):
        notes.connection.abort()
    for _ in range(5):
        reactor.iterate(0)
    dismantle(reactor)


def link(name: str) -> Message:
    return Link("need", name, 9_001)


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


@pytest.mark.parametrize(
    "stranger",
    [
        PrivateNetwork("other", NOW).let_in("anna", now=NOW),
        NETWORK.let_in("anna", now=NOW - 31 * DAY),
        NETWORK.let_in("anna", now=NOW + DAY),
        NETWORK.issuer,
    ],
    ids=["another network", "expired", "not yet valid", "an issuer"],
)
def test_strangers(pair: Pair, stranger: Credentials) -> None:
    """Nothing is said to somebody with a certificate that is not good."""
    pair.meet(dialer=TlsSecurity(stranger, NOBODY, CLOCK))
    pair.until_lost()


@pytest.mark.parametrize("welcomes_newcomers", [False, True])
def test_without_certificate(pair: Pair, welcomes_newcomers: bool) -> None:
    """Who shows no certificate is a newcomer to a registry, and nobody to a peer."""
    registry = certificate_of(Identity(REGISTRY, [REGISTRY]))
    greeting = Hello(PROTOCOL, "registry", REGISTRY, "default")
    listener = TlsSecurity(registry, NOBODY, CLOCK, welcomes_newcomers)
    pair.meet(listener, Anonymous(ANNA, NOBODY, CLOCK), greeting)
    if welcomes_newcomers:
        pair.until(lambda: pair.dialer.hellos)
        assert pair.listener.connection.gate.other_end is None
    else:
        pair.until_lost()


def test_stranger_listens(pair: Pair) -> None:
    """A dialer says nothing to somebody of another network."""
    pair.meet(listener=PrivateNetwork("other", NOW).let_in("s1", now=NOW))
    pair.until_lost()


def certificate_of(identity: Identity, network: PrivateNetwork = NETWORK) -> Credentials:
    key, serial = new_key(), network.serial()
    chain = certify(network.issuer, key.public_key(), identity, serial=serial, now=NOW)
    return Credentials(key, chain)


def test_own_date(pair: Pair) -> None:
    """Dates are judged by the clock that we are given, and each time anew."""
    days = [0]
    anna = NETWORK.let_in("anna", now=NOW + 31 * DAY)
    end = TlsSecurity(anna, NOBODY, CLOCK, date=lambda: NOW + days[0] * DAY)
    hello = Hello(PROTOCOL, "peer", "anna", "default")
    for days[0] in (0, 62):
        pair.meet(end, end, hello)
        pair.until_lost()
    days[0] = 32
    pair.meet(end, end, hello)
    pair.until(lambda: pair.dialer.hellos)


@pytest.mark.parametrize(("days", "says"), [(-1, "begins"), (40, "ended"), (0, None)])
def test_date_of_a_registry(pair: Pair, days: int, says: str | None) -> None:
    """Where dates are why a registry is not believed, or takes nobody, that is known."""
    network, then = PrivateNetwork(now=NOW - 2 * DAY), NOW + days * DAY
    anna = TlsSecurity(network.let_in("anna", now=then), NOBODY, CLOCK, date=lambda: then)
    registry = certificate_of(Identity(REGISTRY, [REGISTRY]), network)
    greeting = Hello(PROTOCOL, "registry", REGISTRY, "default")
    pair.meet(TlsSecurity(registry, NOBODY, CLOCK, True), anna, greeting)
    if says is None:
        pair.until(lambda: pair.dialer.hellos)
        assert anna.date_fault() is None
    else:
        pair.until_lost()
        fault = anna.date_fault() or ""
        assert fault.startswith(f"the registry's certificate {says} at 20")
        assert fault.endswith(": set it")


def test_date_of_a_peer(pair: Pair) -> None:
    """Another peer whose certificate has ended is no reason why a registry would not answer."""
    pair.meet(NETWORK.let_in("s1", now=NOW - 31 * DAY), mine := TlsSecurity(ANNA, NOBODY, CLOCK))
    pair.until_lost()
    assert mine.date_fault() is None


def test_another_name(pair: Pair) -> None:
    """A listener that greets with another name than its certificate's hears nothing."""
    pair.meet(listener=NETWORK.let_in("ben", now=NOW))
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)
    assert not pair.dialer.hellos


def test_peer_as_registry(pair: Pair) -> None:
    """A peer that greets as a registry, with its own name or the registry's, hears nothing."""
    pair.meet(hello=Hello(PROTOCOL, "registry", "s1", "default"))
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)
    assert not pair.dialer.hellos


def test_in_anothers_name(pair: Pair) -> None:
    """A message in somebody else's name ends the connection, with the reason."""
    pair.meet()
    pair.until(lambda: pair.dialer.hellos)
    pair.dialer.connection.send(link("ben"))
    pair.until(lambda: pair.dialer.losses)
    assert not pair.listener.messages
    [answer] = pair.dialer.messages
    assert isinstance(answer, Error)
    assert "is anna's: say nothing in others' names" in answer.reason


def test_revoked(pair: Pair) -> None:
    """A revoked peer that dials is told so and not heard; one that listens hears nothing."""
    known = RevocationList("default")
    NETWORK.revoke("anna", NETWORK.let_in("ben", now=NOW, admin=True), known, NOW)
    knowing = TlsSecurity(S1, known, CLOCK)
    pair.meet(listener=knowing)
    pair.until(lambda: pair.listener.losses and pair.dialer.losses)
    assert pair.listener.connection.gate.other_end is None
    assert not pair.listener.messages
    assert pair.dialer.messages == [
        Error(
            "the certificate of anna was revoked: ask for a new invite, and --join with it",
            "refused",
        )
    ]


def test_revoked_listens(pair: Pair) -> None:
    """Nobody says anything to a peer that was revoked."""
    known = RevocationList("default")
    NETWORK.revoke("s1", NETWORK.let_in("ben", now=NOW, admin=True), known, NOW)
    pair.meet(dialer=TlsSecurity(ANNA, known, CLOCK))
    pair.until_lost()


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
    intake = pair.listener.connection.intake
    monkeypatch.setattr(intake, "piece_came", lambda: charged.append("came"))
    monkeypatch.setattr(intake, "piece_handled", lambda: charged.append("handled"))
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
