"""A connection and its other end: in memory, or on a pair of sockets under a reactor."""

import os
import socket
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet import tcp
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IProtocol, IReactorTime
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.wire.connection import Connection
from tests.wire.talking import HELLO, Notes, Talk

_TURNS = 2_000


class End(Protocol):
    """One end of a connection, seen from the other."""

    connection: Connection
    notes: Notes
    clock: IReactorTime

    def say(self, said: bytes) -> None:
        """Send it bytes, and let it take them as far as it does."""

    def hang_up(self) -> None:
        """End the connection from the other side."""

    def heard(self) -> bytes:
        """Take what it has sent so far."""

    def until(self, condition: Callable[[], object]) -> None:
        """Let it work until something is true."""

    def is_quiet(self) -> bool:
        """Whether nothing of it is left open, once it is gone."""


class InMemory:
    """On a transport that is none: the portable way."""

    def __init__(self) -> None:
        self.talk = Talk()
        self.clock: IReactorTime = self.talk.clock
        self.connection, self._unread = self.talk.connection, b""
        self.notes = self.talk.notes
        self.protocol = self._wrapped()
        self.protocol.makeConnection(self.talk.pipe)
        self.say(b"BYE\n")
        self.notes.messages.clear()
        self.heard()

    def _wrapped(self) -> Any:
        """Return what is to talk on the transport."""
        return self.connection

    def say(self, said: bytes) -> None:
        self.send(said)

    def send(self, sent: bytes) -> None:
        """Send bytes as they are."""
        self._unread += sent
        self.until(lambda: True)

    def hang_up(self) -> None:
        self.protocol.connectionLost(Failure(ConnectionDone()))

    def heard(self) -> bytes:
        pipe = self.talk.pipe
        if pipe.producer is not None and not pipe.streaming:
            pipe.producer.resumeProducing()
        return self.receive()

    def receive(self) -> bytes:
        """Take what has come as it is."""
        return self.talk.pipe.taken()

    def until(self, condition: Callable[[], object]) -> None:
        for _ in range(_TURNS):
            self._flow()
            if condition():
                return
        raise AssertionError("it never happened")

    def _flow(self) -> None:
        pipe = self.talk.pipe
        while self._unread and pipe.producerState == "producing" and not pipe.is_ended:
            piece, self._unread = self._unread[: pipe.bufferSize], self._unread[pipe.bufferSize :]
            self.protocol.dataReceived(piece)
        self.talk.clock.advance(0)
        if pipe.is_ended and not self.notes.losses:
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def is_quiet(self) -> bool:
        return not self.talk.clock.getDelayedCalls()


class Transport(tcp.Server):
    """Twisted's own, on a socket that is not TCP's."""

    @override
    def setTcpNoDelay(self, enabled: bool) -> None:
        """Do nothing: nothing is held back there."""


def connect(reactor: EPollReactor, end: socket.socket, protocol: IProtocol) -> None:
    """Let a protocol talk on a socket."""
    port = tcp.Port(0, ServerFactory(), reactor=reactor)
    transport = Transport(end, protocol, ("127.0.0.1", 54321), port, 1, reactor)
    protocol.makeConnection(transport)


def open_files() -> list[str]:
    """List the sockets and files that are open; not what reactors have for themselves."""
    with os.scandir("/proc/self/fd") as descriptors:
        names = [os.readlink(each.path) for each in descriptors]
    return [name for name in names if name.startswith(("socket:", "/"))]


def take_turns(reactor: EPollReactor, condition: Callable[[], object]) -> None:
    """Let a reactor work until something is true."""
    for _ in range(_TURNS):
        if condition():
            return
        reactor.iterate(0.01)
    raise AssertionError("it never happened")


def dismantle(reactor: EPollReactor) -> None:
    """Close what a reactor has for itself, too: what wakes it, and what it waits with."""
    for reader in (*reactor.removeAll(), *reactor._internalReaders):
        reader.connectionLost(None)
    reactor._internalReaders.clear()
    reactor._poller.close()


class OnSockets:
    """On a socket, under a reactor whose turns the test takes: the straight way."""

    def __init__(self, case: SynchronousTestCase) -> None:
        self.reactor = EPollReactor()
        self.clock: IReactorTime = self.reactor
        case.addCleanup(self._close)
        ours, self.other = socket.socketpair()
        self._name = os.readlink(f"/proc/self/fd/{ours.fileno()}")
        self.other.setblocking(False)
        self.connection = Connection(self.reactor, self._make_notes, HELLO)
        connect(self.reactor, ours, self._wrapped())
        self.say(b"BYE\n")
        self.until(lambda: self.notes.messages)
        self.notes.messages.clear()
        self.heard()

    def _make_notes(self, connection: Connection) -> Notes:
        self.notes = Notes(connection)
        return self.notes

    def _wrapped(self) -> IProtocol:
        """Return what is to talk on the socket."""
        return self.connection

    def say(self, said: bytes) -> None:
        self.send(said)

    def send(self, sent: bytes) -> None:
        """Send bytes as they are."""
        left = memoryview(sent)
        while left and self.connection.connected:
            try:
                left = left[self.other.send(left) :]
            except BlockingIOError:
                pass
            except OSError:
                return
            self.reactor.iterate(0)
        for _ in range(5):
            self.reactor.iterate(0)

    def hang_up(self) -> None:
        self.other.close()
        self.reactor.iterate(0)

    def heard(self) -> bytes:
        return self.receive()

    def receive(self) -> bytes:
        """Take what has come as it is."""
        for _ in range(5):
            self.reactor.iterate(0)
        try:
            return self.other.recv(1 << 20)
        except BlockingIOError:
            return b""

    def until(self, condition: Callable[[], object]) -> None:
        take_turns(self.reactor, condition)

    def is_quiet(self) -> bool:
        # The reactor itself reads what wakes it.
        is_watched = len(self.reactor.getReaders()) > 1 or self.reactor.getWriters()
        return not is_watched and self._name not in open_files()

    def _close(self) -> None:
        self.connection.abort()
        for _ in range(3):
            self.reactor.iterate(0)
        self.other.close()
        dismantle(self.reactor)
