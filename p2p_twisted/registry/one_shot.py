"""Dial a listener, check who it is, and ask it one question."""

from collections.abc import Callable
from functools import partial
from math import inf, isfinite

from twisted.internet import defer
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.python.failure import Failure

from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.dialing import dial
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Hello, Message
from p2p_twisted.wire.session import Session


class NoAnswer(Exception):
    """The listener is not there, is another one, or does not answer; the text says which."""


class NotReached(NoAnswer):
    """
    There is no connection.

    :ivar cause: what the reactor says.
    """

    def __init__(self, cause: BaseException | None) -> None:
        super().__init__("cannot be reached")
        self.cause = cause


class NoGreeting(NoAnswer):
    """Something listens there, but it does not greet as a listener does."""


class NotExpected(NoAnswer):
    """
    Another listener is there.

    :ivar hello: its greeting.
    """

    def __init__(self, hello: Hello) -> None:
        super().__init__(
            f"is another one: {hello.name} of network {hello.network}, protocol {hello.protocol}"
        )
        self.hello = hello


IsPart = Callable[[Message], bool]
"""Takes a message that comes before the answer; returns whether it was one."""


def nothing_before(_message: Message) -> bool:
    """Take the first message for the answer."""
    return False


async def request(
    reactor: Dialer,
    host: str,
    port: int,
    expected: Hello,
    seconds: float,
    *,
    question: Message | None = None,
    is_part: IsPart = nothing_before,
    greets_within: float = inf,
) -> Message:
    """
    Dial a listener, and ask it once.

    :param expected: its greeting; a listener that greets otherwise gets no byte.
    :param seconds: how long all of it may take.
    :param question: what to ask; without one the greeting itself is the answer.
    :param is_part: takes what comes before the answer.
    :param greets_within: how many seconds of these it may take to greet.
    :raises NoAnswer: when there is none in time.
    """
    answer: Deferred[Message] = Deferred()
    silent = Alarm(reactor, lambda: _fail(answer, NoGreeting("does not greet in time")))
    if isfinite(greets_within):
        silent.set(greets_within)
    asked = question, is_part
    connection = Connection(reactor, lambda made: _OneShot(made, expected, asked, answer, silent))
    dialing = dial(reactor, host, port, connection)
    # A name that cannot be looked up is no ConnectError.
    dialing.addErrback(partial(_not_reached, answer))
    try:
        return await answer.addTimeout(seconds, reactor)
    except defer.TimeoutError:
        if not dialing.called:
            # TCP would have given up by now, but to look up a name may take longer.
            raise NotReached(DNSLookupError()) from None
        raise NoAnswer(f"does not answer within {seconds:g} s") from None
    finally:
        silent.stop()
        dialing.cancel()
        connection.abort()


class _OneShot(Session):
    """The dialer's session: a greeting, then one answer."""

    def __init__(
        self,
        connection: Connection,
        expected: Hello,
        asked: tuple[Message | None, IsPart],
        answer: "Deferred[Message]",
        silent: Alarm,
    ) -> None:
        self._connection = connection
        self._expected = expected
        self._question, self._is_part = asked
        self._answer = answer
        self._silent = silent
        self._is_greeted = False

    def greeted(self, hello: Hello) -> None:
        """Ask, if this is the listener that we want; otherwise the connection ends."""
        self._is_greeted = True
        self._silent.stop()
        if hello != self._expected:
            _fail(self._answer, NotExpected(hello))
            raise ProtocolError("not whom we called")
        if self._question is None:
            self._end(hello)
        else:
            self._connection.send(self._question)

    def received(self, message: Message) -> None:
        """Pass the answer on."""
        if not self._is_part(message):
            self._end(message)

    def lost(self, _reason: Failure) -> None:
        """Give up, if there is no answer yet."""
        if self._is_greeted:
            _fail(self._answer, NoAnswer("closed the connection without an answer"))
        else:
            _fail(self._answer, NoGreeting("does not greet"))

    def _end(self, message: Message) -> None:
        if not self._answer.called:
            self._answer.callback(message)


def _not_reached(answer: "Deferred[Message]", failure: Failure) -> None:
    _fail(answer, NotReached(failure.value))


def _fail(answer: "Deferred[Message]", error: NoAnswer) -> None:
    if not answer.called:
        answer.errback(error)
