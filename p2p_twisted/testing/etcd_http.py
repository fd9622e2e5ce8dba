"""Speak HTTP as etcd's JSON gateway does, without dates: the same seed gives the same bytes."""

import json
import re
from collections.abc import Callable
from typing import Final

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from typing_extensions import override

from p2p_twisted.registry.etcd_keys import Json

_LENGTH: Final = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)
_END: Final = b"\r\n\r\n"

OK: Final = 200
UNAVAILABLE: Final = 503


class GatewayConnection(Protocol):
    """
    Takes one question after the other on a connection.

    :param asked: is given each, with the path that it was sent to.
    """

    def __init__(self, asked: Callable[["GatewayConnection", str, Json], None]) -> None:
        self._asked = asked
        self._unread = b""
        self.is_open = True

    @override
    def dataReceived(self, data: bytes) -> None:
        self._unread += data
        head, end, body = self._unread.partition(_END)
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        if end and len(body) >= length:
            self._unread = body[length:]
            self._asked(self, head.split()[1].decode(), json.loads(body[:length]))

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.is_open = False

    def answer(self, body: Json, status: int = OK) -> None:
        """Answer the question."""
        content = json.dumps(body).encode()
        self._write(status, f"Content-Length: {len(content)}", content)

    def begin_stream(self) -> None:
        """Answer with any number of lines, as they come."""
        self._write(OK, "Transfer-Encoding: chunked")

    def add(self, line: Json) -> None:
        """Send one of these lines."""
        content = json.dumps({"result": line}).encode() + b"\n"
        if self.is_open and self.transport is not None:
            self.transport.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

    def _write(self, status: int, field: str, content: bytes = b"") -> None:
        if self.is_open and self.transport is not None:
            self.transport.write(f"HTTP/1.1 {status} -\r\n{field}".encode() + _END + content)
