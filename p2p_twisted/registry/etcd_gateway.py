"""Read and write what etcd's JSON gateway speaks: bodies, streams, and what is wrong."""

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.iweb import IBodyProducer, IResponse
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.registry.store import StoreFault

OK: Final = 200
_UNAUTHORIZED: Final = 401
_PASSING: Final = (4, 13, 14)
"""Deadline exceeded, internal, unavailable: of a member without a leader, or one that is ending."""

_COMPACTED: Final = 11
_FULL: Final = 8
_HINTS: Final = {
    "user name is empty": "say --etcd-login",
    "invalid auth token": "is --etcd-login right?",
    "authentication failed": "is --etcd-login right?",
    "permission denied": "its user has to read and write below the prefix of --store",
}
_LINE_BYTES: Final = 64 * 1024 * 1024

Hear = Callable[[Json], None]


class EtcdFault(StoreFault):
    """Etcd does not do what it was asked to; the text says why."""


class Compacted(EtcdFault):
    """Etcd does not have all any more that has happened since."""


class PassingFault(EtcdFault):
    """Another member may do it, or this one in a moment."""


class NotLoggedIn(EtcdFault):
    """The token is unknown, or has run out."""


@implementer(IBodyProducer)
class Question:
    """Sends what etcd is asked."""

    def __init__(self, question: Json) -> None:
        self._bytes = json.dumps(question).encode()
        self.length = len(self._bytes)

    def startProducing(self, consumer: Any) -> "Deferred[None]":
        """Send it at once: it is small."""
        consumer.write(self._bytes)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Have sent it already."""

    def resumeProducing(self) -> None:
        """Have sent it already."""

    def stopProducing(self) -> None:
        """Have sent it already."""


class _Whole(Protocol):
    """
    Reads an answer to its end.

    Twisted's own has no way to end the connection of one that stops in the middle.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.read: Deferred[bytes] = Deferred(lambda _read: _hang_up(self))

    @override
    def dataReceived(self, data: bytes) -> None:
        self._pieces.append(data)

    @override
    def connectionLost(self, reason: Failure = Failure(ResponseDone())) -> None:  # noqa: B008
        if self.read.called:
            return
        if reason.check(ResponseDone):
            self.read.callback(b"".join(self._pieces))
        else:
            self.read.errback(PassingFault("etcd has ended the connection"))


async def read_answer(response: IResponse) -> Json:
    """
    Read an answer.

    :raises EtcdFault: when it says that something is wrong.
    """
    whole = _Whole()
    response.deliverBody(whole)
    body = await whole.read
    if response.code != OK:
        raise read_fault(body, response.code)
    return read_json(body)


def _hang_up(protocol: Protocol) -> None:
    if protocol.transport is not None:
        protocol.transport.loseConnection()


class StreamReader(Protocol):
    """
    Reads the stream of a watch: an object a line.

    :ivar ended: fails once nothing comes any more; canceling it ends the connection.
    """

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._pieces: list[bytes] = []
        self._size = 0
        self.ended: Deferred[None] = Deferred(lambda _ended: _hang_up(self))

    @override
    def dataReceived(self, data: bytes) -> None:
        *whole, rest = data.split(b"\n")
        for line in whole:
            if self.ended.called:
                return
            self._line(b"".join((*self._pieces, line)))
            self._pieces, self._size = [], 0
        self._pieces.append(rest)
        self._size += len(rest)
        if self._size > _LINE_BYTES:
            self._fail(EtcdFault("etcd sends too much at once"))

    @override
    def connectionLost(self, reason: Failure = Failure(ResponseDone())) -> None:  # noqa: B008
        if not self.ended.called:
            self.ended.errback(EtcdFault("etcd has ended the watch"))

    def _line(self, line: bytes) -> None:
        try:
            told = read_json(line)
            result = told.get("result")
            if result is None:
                raise read_fault(line, OK)
            if result.get("canceled"):
                is_compacted = "compact_revision" in result
                raise (Compacted if is_compacted else EtcdFault)("etcd has canceled the watch")
            self._hear(result)
        except EtcdFault as fault:
            self._fail(fault)

    def _fail(self, fault: EtcdFault) -> None:
        if not self.ended.called:
            self.ended.errback(fault)
        _hang_up(self)


def read_json(body: bytes) -> Json:
    """Read an object; raises :class:`PassingFault` where it is none."""
    try:
        read = msgspec.json.decode(body)
    except msgspec.DecodeError:
        read = None
    if not isinstance(read, dict):
        raise PassingFault("what answers is no etcd, or one before 3.4")
    return read


def read_fault(body: bytes, status: int) -> EtcdFault:
    """Read why etcd refuses."""
    told = read_json(body)
    if isinstance(inner := told.get("error"), dict):
        told = inner
    code = told.get("code", told.get("grpc_code"))
    why = str(told.get("message") or told.get("error") or f"HTTP status {status}")
    if code in _PASSING:
        return PassingFault(f"etcd cannot do that now: {why}")
    if code == _COMPACTED and "compacted" in why:
        return Compacted(why)
    hint = next((f": {do}" for words, do in _HINTS.items() if words in why), "")
    if status == _UNAUTHORIZED:
        return NotLoggedIn(f"etcd refuses: {why}{hint}")
    if code == _FULL:
        return EtcdFault(
            f"etcd is full ({why}): compact and defragment it, then say etcdctl alarm disarm"
        )
    return EtcdFault(f"etcd refuses: {why}{hint}")
