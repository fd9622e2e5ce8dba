"""What a connection needs of the transport that its bytes go through."""

from twisted.internet.interfaces import IConsumer, IPushProducer, ITCPTransport
from twisted.python.failure import Failure


class IStream(ITCPTransport, IConsumer, IPushProducer):
    """
    A TCP transport: what Twisted's are, and no one interface of its says.

    :ivar bufferSize: the most that one read takes, in bytes.
    :ivar SEND_LIMIT: the most that one write sends, in bytes.
    """

    bufferSize: int  # noqa: N815
    SEND_LIMIT: int

    def startWriting() -> None:  # noqa: N802
        """Ask the producer for more as soon as it can send: sockets only."""

    def stopReading() -> None:  # noqa: N802
        """Read nothing more: sockets only."""

    def connectionLost(reason: Failure) -> None:  # noqa: N805
        """Close, and tell the protocol: sockets only."""
