"""How every connection treats the lines that it hears, whoever its session is."""

from typing import TYPE_CHECKING, Final

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import decode
from p2p_twisted.wire.errors import ProtocolError, UnknownVerb
from p2p_twisted.wire.messages import Error, Hello, Message, Ping, Pong

if TYPE_CHECKING:
    from p2p_twisted.wire.connection import Connection
    from p2p_twisted.wire.keepalive import KeepAlive

_HTTP: Final = b" HTTP/"


class LineGate:
    """
    Whom a connection listens to, and what it answers before its session is asked.

    What we dialed must greet us first, strangers get no byte, pings are answered,
    and whoever sends an unknown verb is told how to go on; the third one ends it.

    :ivar is_greeted: whether we may talk: the other side has greeted us, or dialed us.
    :ivar has_talked: whether it has sent a message yet, other than pings.
    """

    def __init__(self, connection: "Connection", pulse: "KeepAlive", is_greeted: bool) -> None:
        self.is_greeted = is_greeted
        self.has_talked = False
        self._connection = connection
        self._pulse = pulse
        self._strikes = 0

    def take(self, line: bytes) -> None:
        """
        Take a line that is not blank.

        :raises ProtocolError: when it deserves an answer and the end.
        """
        try:
            message = decode(line)
        except ProtocolError as error:
            if not self.is_greeted or (_HTTP in line and not self.has_talked):
                # Something that is not one of us gets no answer.
                self._connection.abort()
            elif isinstance(error, UnknownVerb):
                self._strike(error)
            else:
                raise
        else:
            if self.is_greeted:
                self._take(message)
            else:
                self._meet(message)

    def _meet(self, message: Message) -> None:
        """Take the first message of what we dialed; a stranger gets no byte from us."""
        if not isinstance(message, Hello):
            self._connection.abort()
            return
        self.is_greeted = True
        self._talked()
        try:
            self._connection.session.greeted(message)
        except ProtocolError:
            self._connection.abort()

    def _take(self, message: Message) -> None:
        match message:
            case Ping(number):
                self._pulse.pinged()
                self._connection.send(Pong(number))
            case Pong(number):
                self._pulse.answered(number)
            case _:
                self._talked()
                self._connection.session.received(message)

    def _talked(self) -> None:
        if not self.has_talked:
            self.has_talked = True
            self._connection.in_time()

    def _strike(self, error: UnknownVerb) -> None:
        self._strikes += 1
        answer = Error(self._connection.hint or str(error), "flag")
        if self._strikes >= limits.STRIKES:
            self._connection.refuse(answer)
            return
        self._connection.send(answer)
        if not self.has_talked:
            # Whoever mistyped the first word has as long again.
            self._connection.within(limits.FIRST_LINE_SECONDS)
