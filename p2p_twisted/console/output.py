"""Write to a terminal or pipe that perhaps is not read."""

from collections import deque
from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IConsumer, IPushProducer, ITransport
from zope.interface import implementer

QUEUE_BYTES: Final = 256 * 1024


class IStdio(ITransport, IConsumer, IPushProducer):
    """Standard input and output as a transport: all interfaces of StandardIO in one."""


@implementer(IPushProducer)
class Output:
    """
    Queues up to 256 KiB that the transport does not accept yet, and drops the rest.

    :param transport: of the console.
    :param encoding: of the output; characters that it does not have are escaped.
    :param drained: is called when the queue is empty again, with the number of dropped lines.
    :ivar is_blocked: whether text written now has to wait.
    """

    def __init__(self, transport: IStdio, encoding: str, drained: Callable[[int], None]) -> None:
        self._transport = transport
        self._encoding = encoding
        self._drained = drained
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._dropped = 0
        self._is_closed = False
        self.is_blocked = False
        transport.registerProducer(self, True)

    def write(self, text: str) -> None:
        """Write a text now, queue it, or drop it as a whole."""
        if self._is_closed:
            return
        piece = text.encode(self._encoding, "backslashreplace")
        if not self.is_blocked:
            self._transport.write(piece)
        # Once something was dropped, what follows would only confuse.
        elif self._dropped or self._queued_bytes + len(piece) > QUEUE_BYTES:
            self._dropped += text.count("\n")
        else:
            self._queue.append(piece)
            self._queued_bytes += len(piece)

    def close(self) -> None:
        """Hand the queue, which is bounded, to the transport, and close it."""
        if self._is_closed:
            return
        self._is_closed = True
        self._transport.unregisterProducer()
        self._transport.writeSequence(list(self._queue))
        self._queue.clear()
        self._transport.loseConnection()

    def pauseProducing(self) -> None:
        """Queue from now on, as the transport's buffer is full."""
        self.is_blocked = True

    def resumeProducing(self) -> None:
        """Write from the queue, as far as the transport accepts it."""
        self.is_blocked = False
        while self._queue and not self.is_blocked:
            piece = self._queue.popleft()
            self._queued_bytes -= len(piece)
            self._transport.write(piece)
        if not self.is_blocked:
            dropped, self._dropped = self._dropped, 0
            self._drained(dropped)

    def stopProducing(self) -> None:
        """Ignore it: the console hears of the loss of the transport."""
