"""Handle greetings and unknown verbs before the session sees a message."""

from typing import Final, Protocol

from attrs import frozen

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import decode
from p2p_twisted.wire.errors import ProtocolError, UnknownVerb
from p2p_twisted.wire.messages import Error, Hello, Message, Ping, Pong
from p2p_twisted.wire.names import PeerName

_HTTP: Final = b" HTTP/"


class OtherEnd(Protocol):
    """Who is at the other end of a connection, beyond doubt."""

    @property
    def name(self) -> PeerName:
        """Its name."""

    @property
    def is_registry(self) -> bool:
        """Whether it is a registry, and no peer."""

    @property
    def groups(self) -> frozenset[str]:
        """The groups that it is in."""

    @property
    def is_admin(self) -> bool:
        """Whether it may stop the network, invite and revoke."""


@frozen
class Greeted:
    """The listener that we dialed says who it is: from now on we may talk."""

    hello: Hello


@frozen
class First:
    """The first message, other than pings: the other side has talked in time."""

    message: Message


@frozen
class Hint:
    """An answer to an unknown verb; the conversation goes on."""

    answer: Error


@frozen
class Reject:
    """What is wrong: say so, and close."""

    error: ProtocolError | Error


@frozen
class Drop:
    """The other side is not one of us: end the connection without a byte."""


Verdict = Message | First | Greeted | Hint | Reject | Drop
"""What a connection does about one line; most are just messages for its session."""


class LineGate:
    """
    Decides what a connection does about each line.

    A dialed listener must greet first. Strangers get no byte. An unknown verb is answered
    with how to go on; the third one ends the connection, as do too many lines before the first
    message.

    :ivar is_greeted: whether we may talk: the other side has greeted us, or dialed us.
    :ivar has_talked: whether the other side has sent a message yet, other than pings.
    :ivar other_end: who may send any, as its certificate says; ``None`` where there is none.
    """

    # Each connection has one.
    __slots__ = ("_lines", "_strikes", "has_talked", "is_greeted", "other_end")

    def __init__(self, is_greeted: bool) -> None:
        self.is_greeted = is_greeted
        self.has_talked = False
        self.other_end: OtherEnd | None = None
        self._strikes = 0
        self._lines = 0

    def meet(self, other_end: OtherEnd) -> None:
        """Reject every message from now on that claims to be from somebody else."""
        self.other_end = other_end

    def take(self, line: bytes, hint: str | None = None) -> Verdict | None:
        """
        Decide about a line.

        :param hint: the answer to an unknown verb; ``None`` names the verb.
        :returns: ``None`` for a blank line, which is ignored.
        """
        if not self.has_talked:
            # No link is charged for these: many connections could take all time with them.
            self._lines += 1
            if self._lines > limits.LINES_BEFORE_FIRST_MESSAGE:
                return Reject(ProtocolError("too many lines come before the first message"))
        if not line.strip():
            return None
        try:
            message = decode(line)
        except ProtocolError as error:
            if not self.is_greeted or (_HTTP in line and not self.has_talked):
                return Drop()
            return self._strike(error, hint) if isinstance(error, UnknownVerb) else Reject(error)
        if self.other_end is not None and not _is_from(message, self.other_end):
            return Reject(_impostor(self.other_end))
        if not self.is_greeted:
            if not isinstance(message, Hello):
                return Drop()
            self.is_greeted = self.has_talked = True
            return Greeted(message)
        if self.has_talked or isinstance(message, Ping | Pong):
            return message
        self.has_talked = True
        return First(message)

    def _strike(self, error: UnknownVerb, hint: str | None) -> Verdict:
        self._strikes += 1
        answer = Error(hint or str(error), "flag")
        return Reject(answer) if self._strikes >= limits.STRIKES else Hint(answer)


def _is_from(message: Message, other_end: OtherEnd) -> bool:
    """Return whether a message comes from whom it says, as far as it does."""
    if isinstance(message, Hello) and (message.role == "registry") != other_end.is_registry:
        return False
    return message.sender in (None, other_end.name)


def _impostor(other_end: OtherEnd) -> Error:
    who = "a registry's" if other_end.is_registry else f"{other_end.name}'s"
    return Error(
        f"the certificate on this connection is {who}: say nothing in others' names", "refused"
    )
