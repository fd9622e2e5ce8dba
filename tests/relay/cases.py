"""What tests of relays have in common: a relay, and two peers that meet there."""

from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.relay.meeting import RelayRequest, meet
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.trust.revocations import RevocationList
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import BoundDialer, dial
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import PROTOCOL, Done, Hello, Meet, Meeting, Message, Relay, Whole
from p2p_twisted.wire.names import PeerAddress
from p2p_twisted.wire.securing import secured
from p2p_twisted.wire.session import Session
from tests.download.wires import Given, Stranger, Wires
from tests.trust.private_network import NOW, PrivateNetwork

RELAY = PeerAddress("s7", "127.0.0.1", 9007)
FILE = "f" * 64


def hello(name: str) -> Hello:
    return Hello(PROTOCOL, "peer", name, "default")


class First(Session):
    """The session of a connection that a relay has accepted."""

    def __init__(self, connection: Connection, relaying: Relaying) -> None:
        self._connection = connection
        self._relaying = relaying

    def received(self, message: Message) -> None:
        match message:
            case Relay():
                self._relaying.asked(self._connection, message)
            case Meet():
                self._relaying.came(self._connection, message)


class Talker(Session):
    """One of two peers that talk to each other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard: list[Message] = []
        self.received_bytes = bytearray()
        self.is_lost = False
        self.greeting: Hello | None = None

    def greeted(self, hello: Hello) -> None:
        self.greeting = hello

    def received(self, message: Message) -> None:
        self.heard.append(message)
        if isinstance(message, Whole):
            self.connection.input.expect_raw(message.size, self.received_bytes.extend)

    def send_whole(self, whole: bytes) -> None:
        """Send a line and the bytes that it announces."""
        self.connection.send(Whole(FILE, len(whole)))
        self.connection.send_raw(whole)

    def lost(self, reason: Failure) -> None:
        self.is_lost = True


class RelayCase(SynchronousTestCase):
    """A relay, ``s7``, on simulated connections. Anna receives, and ben sends."""

    private: PrivateNetwork | None = None

    def setUp(self) -> None:
        self.wires = Wires()
        self.neighbors = {"anna"}
        self.rate: int | None = 100 * MIB
        self.up = Limiter(self.wires)
        self.tokens = 0
        self.securities: dict[str, TlsSecurity] = {}
        self.relaying = Relaying(
            self.wires,
            rate=lambda: self.rate,
            is_neighbor=lambda name, host: name in self.neighbors and host == "127.0.0.1",
            new_token=self.draw,
            up=self.up,
        )
        accepting = self.wires, hello(RELAY.name), lambda made: First(made, self.relaying)
        listener = Listener(*accepting, security=self.security_of(RELAY.name))
        address: Any = None
        self.wires.listeners[RELAY.host, RELAY.port] = lambda: listener.buildProtocol(address)

    def tearDown(self) -> None:
        self.wires.pass_time(10)
        stopped = Deferred.fromCoroutine(self.relaying.stop())
        self.wires.settle()
        self.successResultOf(stopped)
        self.assertEqual(self.relaying.pairs, ())

    def draw(self) -> str:
        self.tokens += 1
        return f"{self.tokens:032x}"

    def security_of(self, name: str) -> TlsSecurity | None:
        if self.private is None:
            return None
        if name not in self.securities:
            nobody = RevocationList(self.private.name)
            mine = self.private.let_in(name)
            self.securities[name] = TlsSecurity(mine, nobody, self.wires, date=lambda: NOW)
        return self.securities[name]

    def stranger(
        self, *said: bytes | Relay | Meet, security: TlsSecurity | None = None
    ) -> Stranger:
        """Have somebody dial the relay, and say something."""
        stranger = Stranger()
        end = stranger if security is None else security.wrap(stranger, is_dialer=True)
        self.wires.connectTCP(RELAY.host, RELAY.port, Given(end))
        self.wires.settle()
        stranger.say(*said)
        self.wires.settle()
        return stranger

    def wait_there(self, name: str = "anna", peer: str = "ben") -> "Waiting":
        """Have a peer wait for another one."""
        waiting = Waiting(self, name, peer)
        self.wires.settle()
        return waiting

    def come(self, token: str) -> tuple[Talker, "Deferred[None]"]:
        """Have ben come."""
        talkers: list[Talker] = []

        def begin(connection: Connection) -> Talker:
            talkers.append(Talker(connection))
            return talkers[0]

        dialer = BoundDialer(self.wires, "", self.security_of("ben"))
        meeting, came = Meeting(RELAY, token), Meet("ben", token)
        connection = Connection(self.wires, begin)
        coming = maybeDeferred(meet, dialer, meeting, came, is_relay, connection)
        self.wires.settle()
        return talkers[0], coming

    def talk(self) -> tuple[Talker, Talker]:
        """Have both meet."""
        waiting = self.wait_there()
        talker, coming = self.come(waiting.token)
        self.successResultOf(coming)
        # A first message is short: more than that may come in one piece here.
        talker.connection.send(Done())
        self.wires.settle()
        waiting.talker.heard.clear()
        return waiting.talker, talker


class Waiting:
    """A peer that waits at the relay."""

    def __init__(self, case: RelayCase, name: str, peer: str) -> None:
        security = case.security_of(name)
        self.ends: list[str] = []
        inner = Connection(case.wires, self._begin, hello(name))
        other = secured(inner, security, is_dialer=True)

        def ask(made: Connection) -> RelayRequest:
            self.request = RelayRequest(made, Relay(name, peer), is_relay, other, self.ends.append)
            return self.request

        self.outer = Connection(case.wires, ask)
        dial(BoundDialer(case.wires, "", security), RELAY.host, RELAY.port, self.outer)
        self.tokens: list[str] = []
        self.faults: list[Failure] = []
        self.request.placed.addCallbacks(self.tokens.append, self.faults.append)

    def _begin(self, connection: Connection) -> Talker:
        self.talker = Talker(connection)
        return self.talker

    @property
    def token(self) -> str:
        (token,) = self.tokens
        return token


def is_relay(greeting: Hello) -> bool:
    return greeting.is_from("peer", RELAY.name, "default")
