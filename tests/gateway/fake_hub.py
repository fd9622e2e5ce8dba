"""A hub on the Internet that answers as a test has it."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH

ORIGIN = "https://hub.example"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 50_000
FILES = {"config.json": b'{"layers": 2}', "model.safetensors": WEIGHTS}


def git_id(content: bytes) -> str:
    """Return the id that git has for content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def info(files: dict[str, bytes] = FILES, **more: Any) -> bytes:
    """Write what a hub says of a model."""
    siblings = [
        {
            "rfilename": name,
            "size": len(content),
            "blobId": git_id(content),
            "lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
            if len(content) > 1_000
            else None,
        }
        for name, content in files.items()
    ]
    return json.dumps({"sha": COMMIT, "siblings": siblings, "likes": 3, **more}).encode()


class Response:
    """An answer; its pieces come at once, and then its end, or nothing more."""

    def __init__(
        self,
        pieces: Iterable[bytes] = (),
        code: int = 200,
        length: int | None = None,
        ends: bool = True,
        **headers: str,
    ) -> None:
        self.code = code
        self.headers = Headers({name: [value] for name, value in headers.items()})
        self.pieces = list(pieces)
        whole = sum(map(len, self.pieces))
        self.length: Any = whole if length is None else UNKNOWN_LENGTH if length < 0 else length
        self.ends = ends
        self.transport = StringTransport()
        self._protocol: Any = None

    def deliverBody(self, protocol: Any) -> None:  # noqa: N802
        """Hand the body on."""
        self._protocol = protocol
        protocol.makeConnection(self.transport)
        self.go_on(self.pieces)
        if self.ends:
            is_all = self.length in (UNKNOWN_LENGTH, sum(map(len, self.pieces)))
            reason: Any = ResponseDone() if is_all else ResponseFailed([Failure(ConnectionLost())])
            protocol.connectionLost(Failure(reason))

    def go_on(self, pieces: Iterable[bytes]) -> None:
        """Hand on more of it."""
        for piece in pieces:
            self._protocol.dataReceived(piece)

    def end(self) -> None:
        """Say that this was all."""
        self._protocol.connectionLost(Failure(ResponseDone()))


class Hub:
    """
    An agent that reaches a hub which answers as a test has it.

    :ivar answers: by addresses below that of the hub.
    :ivar asked: the addresses, in order.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[], Response | Deferred[Any]]] = {
            f"/api/models/lab/tiny/revision/{each}?blobs=true": lambda: Response([info()])
            for each in ("main", COMMIT)
        }
        for name, content in FILES.items():
            path = f"/lab/tiny/resolve/{COMMIT}/{name}"
            self.answers[path] = lambda content=content: Response(pieces_of(content))  # type: ignore[misc]

    def request(self, method: bytes, url: bytes, headers: Any = None) -> "Deferred[Any]":
        """Answer."""
        assert method == b"GET"
        path = url.decode().removeprefix(ORIGIN)
        self.asked.append(path)
        answer = self.answers.get(path, lambda: Response(code=404))()
        return answer if isinstance(answer, Deferred) else succeed(answer)


def pieces_of(content: bytes) -> list[bytes]:
    """Divide content as it comes from a network."""
    return [content[at : at + 60_000] for at in range(0, len(content), 60_000)]
