"""Dial a listener, make sure who it is, and ask it one thing."""

from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.python.failure import Failure

from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Hello, Message


class NoAnswer(Exception):
    """Whom we called is not there, is somebody else, or does not answer; the text says which."""


async def request(
    reactor: Any,
    host: str,
    port: int,
    expected: Hello,
    seconds: float,
    question: Message | None = None,
) -> Message:
    """
    Call a listener once.

    :param expected: its greeting; anybody else gets no byte.
    :param seconds: for everything together.
    :param question: what to ask; without one the greeting itself is the answer.
    :raises NoAnswer: when there is none in time.
    """
    connection = Connection(reactor)
    session = connection.session = _Call(connection, expected, question)
    dialing = dial(reactor, host, port, connection)
    dialing.addErrback(session.lost)
    try:
        return await session.answer.addTimeout(seconds, reactor)
    except defer.TimeoutError:
        raise NoAnswer(f"does not answer within {seconds:g} s") from None
    finally:
        dialing.cancel()
        connection.abort()


class _Call:
    """The dialer's session: it hears a greeting, then one answer."""

    def __init__(self, connection: Connection, expected: Hello, question: Message | None) -> None:
        self.answer: Deferred[Message] = Deferred()
        self._connection = connection
        self._expected = expected
        self._question = question

    def greeted(self, hello: Hello) -> None:
        """Ask, if this is whom we want; otherwise the connection ends."""
        if hello != self._expected:
            self._fail(
                f"is another one: {hello.name} of network {hello.network},"
                f" protocol {hello.protocol}"
            )
            raise ProtocolError("not whom we called")
        if self._question is None:
            self._end(hello)
        else:
            self._connection.send(self._question)

    def received(self, message: Message) -> None:
        """Take the answer."""
        self._end(message)

    def lost(self, reason: Failure) -> None:
        """Give up, if there is no answer yet."""
        if reason.check(ConnectError):
            self._fail("cannot be reached")
        else:
            self._fail("closed the connection without an answer")

    def _end(self, message: Message) -> None:
        if not self.answer.called:
            self.answer.callback(message)

    def _fail(self, why: str) -> None:
        if not self.answer.called:
            self.answer.errback(NoAnswer(why))
