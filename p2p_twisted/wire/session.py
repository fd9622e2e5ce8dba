"""What a connection tells whoever talks on it."""

from typing import Protocol

from twisted.python.failure import Failure

from p2p_twisted.wire.messages import Hello, Message


class Session(Protocol):
    """
    One conversation on a connection.

    A connection has one session at a time and may pass from one to the next: a
    listener's first message decides which. Sessions hold the connection that
    they were made for and never touch its transport.
    """

    def greeted(self, hello: Hello) -> None:
        """The listener we dialed has said who it is; only dialers are told."""

    def received(self, message: Message) -> None:
        """
        Take the next message; pings have been answered already.

        :raises ProtocolError: to end the connection with an ``ERROR`` line.
        """

    def lost(self, reason: Failure) -> None:
        """Take note that the connection is gone; nothing more will come."""
