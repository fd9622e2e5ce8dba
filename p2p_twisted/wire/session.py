"""What a connection tells the conversation on it."""

from twisted.python.failure import Failure

from p2p_twisted.wire.messages import Hello, Message


class Session:
    """
    One conversation on a connection.

    A connection has one session at a time and may pass from one to the next: a
    listener's first message decides which. A session holds the connection that
    it was made for and never touches the transport.

    :ivar unknown_verb_hint: how to go on, for a peer that sent an unknown verb; ``None``
        names the verb instead.
    :ivar keeps_half_open: whether the connection stays open when the other side has
        finished sending, because an answer is still due.
    """

    unknown_verb_hint: str | None = None
    keeps_half_open = False

    def greeted(self, hello: Hello) -> None:
        """
        Handle the greeting of the listener that we dialed; only dialers are told.

        :raises ProtocolError: to end the connection without a word.
        """

    def received(self, message: Message) -> None:
        """
        Handle the next message; pings have been answered already.

        :raises ProtocolError: to end the connection with an ``ERROR`` line.
        """
        raise NotImplementedError

    def lost(self, reason: Failure) -> None:
        """Handle the end of the connection; nothing more will come."""
