"""Read and write what etcd's JSON gateway speaks: bodies, streams, and what is wrong."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.iweb import IBodyProducer, IResponse
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.registry.etcd_answers import check_answer, check_told
from p2p_twisted.registry.etcd_keys import Json
from p2p_twisted.registry.store import StoreFault

OK: Final = 200
_UNAUTHORIZED: Final = 401
_OLD_TOKEN: Final = "revision of auth store is old"
"""Users or roles were changed since a token was made that is a JWT."""

_PASSING: Final = (4, 13, 14)
"""Deadline exceeded, internal, unavailable: of a member without a leader, or one that is ending."""

_COMPACTED: Final = 11
_FULL: Final = 8
_WHY_CHARACTERS: Final = 200
_NO_ETCD: Final = "what answers is no etcd, or one before 3.4"
_TOO_MUCH: Final = "etcd sends too much at once"
_HINTS: Final = {
    "user name is empty": "say --etcd-login",
    "invalid auth token": "is --etcd-login right?",
    "authentication failed": "is --etcd-login right?",
    "permission denied": "its user has to read and write below the prefix of --store",
}
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of an answer, or of a line of a watch."""

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
        self._size = 0
        self.read: Deferred[bytes] = Deferred(lambda _read: _hang_up(self))

    @override
    def dataReceived(self, data: bytes) -> None:
        if self.read.called:
            return
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _MOST_BYTES:
            self._pieces.clear()
            self.read.errback(PassingFault(_TOO_MUCH))
            _hang_up(self)

    @override
    def connectionLost(self, reason: Failure = Failure(ResponseDone())) -> None:  # noqa: B008
        if self.read.called:
            return
        if reason.check(ResponseDone):
            self.read.callback(b"".join(self._pieces))
        else:
            self.read.errback(PassingFault("etcd has ended the connection"))


async def read_answer(response: IResponse, path: str, question: Json) -> Json:
    """
    Read an answer.

    :param path: to which the question was sent that it is to answer.
    :raises EtcdFault: when it says that something is wrong, or is no answer to that.
    """
    whole = _Whole()
    response.deliverBody(whole)
    body = await whole.read
    if response.code != OK:
        raise read_fault(body, response.code)
    answer = read_json(body)
    with _as_fault():
        check_answer(path, question, answer)
    return answer


@contextmanager
def _as_fault() -> Iterator[None]:
    """Raise what says that something is not etcd's as a fault of that member."""
    try:
        yield
    except (ValueError, RecursionError):
        raise PassingFault(_NO_ETCD) from None


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
        if self._size > _MOST_BYTES:
            self._fail(EtcdFault(_TOO_MUCH))

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
            with _as_fault():
                check_told(result)
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
    read: Any = None
    with _as_fault():
        read = msgspec.json.decode(body)
    if not isinstance(read, dict):
        raise PassingFault(_NO_ETCD)
    return read


def read_fault(body: bytes, status: int) -> EtcdFault:
    """Read why etcd refuses."""
    told = read_json(body)
    if isinstance(inner := told.get("error"), dict):
        told = inner
    code = told.get("code", told.get("grpc_code"))
    why = str(told.get("message") or told.get("error") or f"HTTP status {status}")[:_WHY_CHARACTERS]
    if code in _PASSING:
        return PassingFault(f"etcd cannot do that now: {why}")
    if code == _COMPACTED and "compacted" in why:
        return Compacted(why)
    hint = next((f": {do}" for words, do in _HINTS.items() if words in why), "")
    if status == _UNAUTHORIZED or _OLD_TOKEN in why:
        return NotLoggedIn(f"etcd refuses: {why}{hint}")
    if code == _FULL:
        return EtcdFault(
            f"etcd is full ({why}): compact and defragment it, then say etcdctl alarm disarm"
        )
    return EtcdFault(f"etcd refuses: {why}{hint}")
