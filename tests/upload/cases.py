"""What tests of uploads have in common: a holder, and listeners that greet it."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import PROTOCOL, Hello, Want
from tests.download.content import Content, some_bytes
from tests.download.holding import make_uploads
from tests.download.wires import Stranger, Wires

HELLO = Hello(PROTOCOL, "peer", "me", "default")


class Greeter(Stranger):
    """A listener that greets as it is told."""

    def __init__(self, greeting: bytes) -> None:
        super().__init__()
        self.greeting = greeting

    def connectionMade(self) -> None:
        self.say(self.greeting)


class UploadsCase(SynchronousTestCase):
    """A holder of one file."""

    def setUp(self) -> None:
        self.wires = Wires()
        self.content = Content(some_bytes(3 * MIB + 10))
        self.refused: list[str] = []
        self.requesters: dict[int, Greeter] = {}
        self.bandwidth = Bandwidth(self.wires)
        self.uploads = make_uploads(self.wires, self.open, bandwidth=self.bandwidth)
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
        self, greeting: bytes = encode(HELLO), host: str = "127.0.0.1", port: int = 9000
    ) -> Greeter:
        greeter = Greeter(greeting)
        self.wires.listeners[host, port] = lambda: greeter
        return greeter

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
