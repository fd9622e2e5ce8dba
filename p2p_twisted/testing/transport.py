"""One end of a virtual TCP connection."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IConsumer, IHalfCloseableProtocol, ITCPTransport
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.testing.channel import Channel
from p2p_twisted.testing.interfaces import ListeningPort, Process

_BUFFER_BYTES: Final = 65_536
"""What a producer may write before it is asked to pause, as with Twisted's transports."""

_WINDOW_BYTES: Final = 262_144
"""What may be under way, or lie unread at the other end."""

_TAKEN_BYTES: Final = _WINDOW_BYTES // 4
"""How much is read before the other end is told that it may send as much again."""

_PACKET_BYTES: Final = 16_384
"""What travels in one piece where that takes its time."""


@implementer(ITCPTransport, IConsumer)
class VirtualTransport:
    """
    Sends what is written here to the other end, by way of a channel.

    No more than a window of bytes is under way: an end that does not read stops the other.
    """

    disconnecting = False
    connected = 1

    def __init__(self, process: Process, channel: Channel, address: IPv4Address) -> None:
        self.other: VirtualTransport
        self.process = process
        self._channel = channel
        self._address = address
        self.protocol: Any = None
        self._lost: Callable[[Failure], None] | None = None
        self._outgoing = bytearray()
        self._under_way = 0
        self._taken = 0
        self._producer: Any = None
        self._is_streaming = False
        self._is_producer_paused = False
        self._is_paused = False
        self._unread: deque[bytes] = deque()
        self._has_ended = False
        self._is_lost = False

    def begin(self, factory: Any, lost: Callable[[Failure], None] | None = None) -> None:
        """
        Make the protocol, and tell it that it is connected.

        :param lost: is told when the connection is gone, after the protocol.
        """
        self._lost = lost
        protocol = factory.buildProtocol(self.getPeer())
        if protocol is None:
            self.abortConnection()
            return
        self.protocol = protocol
        protocol.makeConnection(self)
        self._hand_up()

    # ITCPTransport

    def write(self, data: bytes) -> None:
        """Send, as far as the window allows; the rest waits."""
        if self._is_lost or not data:
            return
        self._outgoing += data
        self._flow()
        if self._is_streaming and len(self._outgoing) > _BUFFER_BYTES:
            self._pause_producer()

    def writeSequence(self, iovec: Any) -> None:
        """Send several pieces."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """Close once all that was written has left."""
        if not (self.disconnecting or self._is_lost):
            self.disconnecting = True
            self._flow()

    def abortConnection(self) -> None:
        """Close at once."""
        if not self._is_lost:
            self._outgoing.clear()
            self._is_lost = True
            self._soon(self._lose, Failure(ConnectionLost("aborted")))
            self._tell_other_of_reset()

    def reset(self) -> None:
        """End with the process: only the other end is told."""
        self._is_lost = True
        self.process.connections.pop(self, None)
        self._tell_other_of_reset()

    def go_on(self) -> None:
        """Handle what came while the process was stopped."""
        self._hand_up()
        self._flow()

    def getPeer(self) -> IPv4Address:
        """Return where the other end is."""
        return self.other._address

    def getHost(self) -> IPv4Address:
        """Return where this end is."""
        return self._address

    def getTcpNoDelay(self) -> bool:
        """Return true: nothing is held back here."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Ignore it."""

    def getTcpKeepAlive(self) -> bool:
        """Return false: nothing is probed here."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Ignore it."""

    def loseWriteConnection(self) -> None:
        """Close: nothing here ends in one direction only."""
        self.loseConnection()

    # IConsumer

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Have a producer write; a pull producer is asked again and again."""
        if self._producer is not None:
            raise RuntimeError("there is a producer already")
        if self._is_lost:
            producer.stopProducing()
            return
        self._producer, self._is_streaming = producer, streaming
        self._is_producer_paused = False
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Forget the producer."""
        self._producer, self._is_streaming = None, False
        if self.disconnecting:
            self._flow()

    # IPushProducer, of what is read here

    def pauseProducing(self) -> None:
        """Hand nothing up until :meth:`resumeProducing`."""
        self._is_paused = True

    def resumeProducing(self) -> None:
        """Hand up again what comes."""
        self._is_paused = False
        self._soon(self._hand_up)

    def stopProducing(self) -> None:
        """Close."""
        self.loseConnection()

    def stopReading(self) -> None:
        """Hand nothing up."""
        self.pauseProducing()

    def startReading(self) -> None:
        """Hand up again."""
        self.resumeProducing()

    # How it works

    def _flow(self) -> None:
        """Send what the window allows; then ask for more, or end."""
        if self._is_lost or not self.process.is_awake:
            return
        packet = _WINDOW_BYTES if self._channel.path.bandwidth is None else _PACKET_BYTES
        while self._outgoing and (room := _WINDOW_BYTES - self._under_way) > 0:
            piece = bytes(self._outgoing[: min(room, packet)])
            del self._outgoing[: len(piece)]
            self._under_way += len(piece)
            self._channel.send("sends", self.other._arrive, piece)
        if self._outgoing:
            return
        if self._producer is not None and (not self._is_streaming or self._is_producer_paused):
            self._soon(self._resume_producer)
        elif self.disconnecting:
            self._is_lost = True
            self._channel.send("closes", self.other._end)
            self._soon(self._lose, Failure(ConnectionDone()))

    def _tell_other_of_reset(self) -> None:
        self._channel.drop()
        self._channel.signal("resets", self.other._reset)

    def _arrive(self, piece: bytes) -> None:
        if not self._is_lost:
            self._unread.append(piece)
            self._hand_up()

    def _hand_up(self) -> None:
        """Give what has come to the protocol, if there is one yet and it listens."""
        if self.protocol is None or not self.process.is_awake:
            return
        while self._unread and not (self._is_paused or self._is_lost):
            piece = self._unread.popleft()
            self._taken += len(piece)
            if self._taken >= _TAKEN_BYTES:
                taken, self._taken = self._taken, 0
                self._channel.signal("takes", partial(self.other._acknowledged, taken))
            self.protocol.dataReceived(piece)
        if self._has_ended and not (self._unread or self._is_lost):
            self._has_ended = False
            if IHalfCloseableProtocol.providedBy(self.protocol):
                self.protocol.readConnectionLost()
            else:
                self._is_lost = True
                self._lose(Failure(ConnectionDone()))

    def _acknowledged(self, length: int, _nothing: bytes) -> None:
        self._under_way -= length
        self._flow()

    def _end(self, _nothing: bytes) -> None:
        if not self._is_lost:
            self._has_ended = True
            self._hand_up()

    def _reset(self, _nothing: bytes) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._soon(self._lose, Failure(ConnectionLost("reset")))

    def _lose(self, reason: Failure) -> None:
        self.connected = 0
        self.process.connections.pop(self, None)
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()
        if self.protocol is not None:
            self.protocol.connectionLost(reason)
        if self._lost is not None:
            self._lost(reason)

    def _pause_producer(self) -> None:
        if not self._is_producer_paused:
            self._is_producer_paused = True
            self._producer.pauseProducing()

    def _resume_producer(self) -> None:
        if self._producer is not None and not (self._outgoing or self._is_lost):
            self._is_producer_paused = False
            self._producer.resumeProducing()

    def _soon(self, function: Callable[..., None], *args: Any) -> None:
        """Do something from the reactor, if the process is still there."""
        if self.process.running:
            self.process.callLater(0, function, *args)


def connect(dialer: Process, listening: ListeningPort) -> VirtualTransport:
    """
    Connect a process with a port; the listener's side begins as soon as it is not stopped.

    :returns: the dialer's end.
    """
    network, listener = dialer.network, listening.process
    there = Channel(dialer, listener, network.paths.path(dialer.name, listener.name))
    back = Channel(listener, dialer, network.paths.path(listener.name, dialer.name))
    seen_as = network.host_of(dialer.name).seen_as
    ours = VirtualTransport(dialer, there, IPv4Address("TCP", seen_as, network.free_port()))
    theirs = VirtualTransport(listener, back, listening.getHost())
    ours.other, theirs.other = theirs, ours
    network.note("connects", dialer.name, listener.name)
    for end in (ours, theirs):
        end.process.connections[end] = None
    if listener.is_awake:
        theirs.begin(listening.factory)
    else:
        listener.callLater(0, theirs.begin, listening.factory)
    return ours
