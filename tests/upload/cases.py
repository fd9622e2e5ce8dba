"""What tests of uploads have in common: a holder, and listeners that greet it."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.dialing import BoundDialer
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import PROTOCOL, Hello, Want
from tests.download.content import Content, some_bytes
from tests.download.holding import make_uploads
from tests.download.wires import Stranger, Wires
from tests.trust.private_network import PrivateNetwork

HELLO = Hello(PROTOCOL, "peer", "me", "default")


class Greeter(Stranger):
    """A listener that greets as it is told."""

    def __init__(self, greeting: bytes) -> None:
        super().__init__()
        self.greeting = greeting

    def connectionMade(self) -> None:
        self.say(self.greeting)


def accepting(greeter: Greeter, security: TlsSecurity | None) -> Any:
    """Return what is to be connected where somebody listens."""
    return security.wrap(greeter, is_dialer=False) if security else greeter


class HolderCase(SynchronousTestCase):
    """
    A holder that dials.

    :cvar private: encrypts all connections; test_in_private.py has one.
    """

    private: PrivateNetwork | None = None
    wires: Wires

    def dialer(self) -> BoundDialer:
        """Return what the holder dials with."""
        return BoundDialer(self.wires, "", self._security_of("holder"))

    def let_listen(
        self,
        make: Callable[[], Greeter],
        name: str = HELLO.name,
        host: str = "127.0.0.1",
        port: int = 9000,
    ) -> None:
        """Have somebody listen; what answers is made for each connection."""
        security = self._security_of(name)
        self.wires.listeners[host, port] = lambda: accepting(make(), security)

    def _security_of(self, name: str) -> TlsSecurity | None:
        return None if self.private is None else self.private.security(name, self.wires)


class UploadsCase(HolderCase):
    """A holder of one file."""

    def setUp(self) -> None:
        self.wires = Wires()
        self.content = Content(some_bytes(3 * MIB + 10))
        self.refused: list[str] = []
        self.requesters: dict[int, Greeter] = {}
        self.bandwidth = Bandwidth(self.wires)
        self.uploads = make_uploads(self.dialer(), self.open, bandwidth=self.bandwidth)
        self.numbers = 0
        self.opened = 0

    def tearDown(self) -> None:
        stopped = Deferred.fromCoroutine(self.uploads.stop())
        self.wires.settle()
        self.successResultOf(stopped)

    def open(self, file_id: str) -> Content | None:
        self.opened += 1
        return self.content if file_id == self.content.file_id else None

    def listen(
        self,
        greeting: bytes = encode(HELLO),
        host: str = "127.0.0.1",
        port: int = 9000,
        name: str = HELLO.name,
    ) -> Greeter:
        greeter = Greeter(greeting)
        self.let_listen(lambda: greeter, name, host, port)
        return greeter

    def listen_as(self, number: int, host: str = "127.0.0.1", port: int | None = None) -> Greeter:
        """Have somebody listen under a name, and at a port, with a number."""
        name = f"p{number}"
        hello = encode(Hello(PROTOCOL, "peer", name, "default"))
        return self.listen(hello, host, 2000 + number if port is None else port, name)

    def want(self, **changed: Any) -> Want:
        self.numbers += 1
        fields = {"file": self.content.file_id, "name": "me", "host": "127.0.0.1", "port": 9000}
        return Want(f"{self.numbers:032x}", **{**fields, **changed})

    def refuse(self, reason: str, gone: bool = False, fetch: bool = False) -> None:
        self.refused.append(reason)
        self.is_to_fetch = fetch
        self.is_gone = gone

    def serve(self, want: Want, link: Any = None) -> None:
        self.uploads.serve(want, link, self.refuse)
        self.wires.settle()
