"""What the system has taken, and the other side has not."""

import contextlib
import os
import socket
import tempfile
from math import inf

from twisted.internet.interfaces import ISystemHandle
from twisted.internet.protocol import connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from p2p_twisted.wire.endings import Endings
from p2p_twisted.wire.limits import KIB, MIB
from p2p_twisted.wire.send_queue import SendQueue
from p2p_twisted.wire.sending import leave_little_unsent, unread
from tests.wire.talking import Pipe


@implementer(ISystemHandle)
class Socket(Pipe):
    """A transport with a socket of its own."""

    def __init__(self, handle: socket.socket) -> None:
        super().__init__()
        self.handle = handle
        self.is_reading = True
        self.losses: list[Failure] = []

    def getHandle(self) -> socket.socket:  # noqa: N802
        return self.handle

    def startWriting(self) -> None:  # noqa: N802
        """Nobody writes."""

    def stopReading(self) -> None:  # noqa: N802
        self.is_reading = False

    def connectionLost(self, reason: Failure) -> None:
        self.losses.append(reason)


TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 0)


class Zeros:
    """A file of many zeros."""

    file_id = ""
    size = 64 * MIB
    digests = b""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        os.truncate(fd, self.size)

    def check(self) -> None:
        """It never changes."""

    def read(self, offset: int, length: int) -> bytes:
        return bytes(length)

    def doubt(self) -> None:
        """It can always be read."""

    def close(self) -> None:
        """The test does."""


class ReadingTests(SynchronousTestCase):
    """Whether the other side reads."""

    def setUp(self) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.other = socket.create_connection(listener.getsockname())
        ours, _address = listener.accept()
        listener.close()
        ours.setblocking(False)
        for each in (self.other, ours):
            self.addCleanup(each.close)
        fd, path = tempfile.mkstemp()
        os.unlink(path)
        self.addCleanup(os.close, fd)
        self.source = Zeros(fd)
        self.clock = Clock()
        self.endings = Endings(self.clock)
        self.queue = SendQueue(self.clock, self.fail, self.endings)
        self.transport = Socket(ours)
        self.queue.attach(self.transport, ours)  # type: ignore[arg-type]

    def fill(self) -> None:
        """Send as much as the system takes."""
        while self.queue.write_from(self.source, 0, MIB):
            pass

    def read(self, count: int) -> None:
        """Have the other side read."""
        while count > 0:
            count -= len(self.other.recv(min(count, 64 * KIB)))

    def test_reading(self) -> None:
        """It is as long as it takes a little of what was sent, and not any more when it stops."""
        self.assertFalse(self.queue.is_being_read())
        for _ in range(3):
            self.fill()
            self.assertFalse(self.queue.is_being_read())
            self.read(MIB)
            self.assertTrue(self.queue.is_being_read())

    def test_little_unsent(self) -> None:
        """Of what is not read, the system takes what soon leaves, by the rate; else megabytes."""

        def taken() -> int:
            return unread(self.transport.handle)

        self.other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        leave_little_unsent(self.transport, 0.0)
        self.fill()
        self.assertLess(taken(), 384 * KIB)
        leave_little_unsent(self.transport, 1024 * MIB)
        self.fill()
        self.assertGreater(taken(), 384 * KIB)
        self.assertLess(taken(), MIB)
        self.transport.handle.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, 64 * MIB)
        self.fill()
        self.assertGreater(taken(), MIB)
        leave_little_unsent(Pipe(), 0.0)
        self.transport.handle.close()
        leave_little_unsent(self.transport, 0.0)

    def test_pushed_out(self) -> None:
        """What is read to the end was being read, once."""
        self.fill()
        self.other.settimeout(0.2)
        try:
            while self.other.recv(MIB):
                pass
        except TimeoutError:
            pass
        self.assertTrue(self.queue.is_being_read())
        self.assertFalse(self.queue.is_being_read())

    def test_line_before(self) -> None:
        """A line goes before the bytes, with them or as soon as anything is taken again."""
        self.assertEqual(self.queue.write_from(self.source, 0, 5, b"a\n"), 5)
        self.assertEqual(self.other.recv(MIB), b"a\n" + bytes(5))
        self.fill()
        self.assertEqual(self.queue.write_from(self.source, 0, 5, b"b\n"), 0)
        self.assertEqual(self.transport.taken(), b"b\n")

    def test_encrypted(self) -> None:
        """Behind encryption, too, it is as long as a little of what was sent is taken."""
        wrapper = Pipe()
        wrapper.transport = self.transport  # type: ignore[attr-defined]
        queue = SendQueue(self.clock, self.fail, self.endings)
        queue.attach(wrapper, None)  # type: ignore[arg-type]
        for _ in range(3):
            self.fill()
            queue.is_being_read()
            self.assertFalse(queue.is_being_read())
            self.read(MIB)
            self.assertTrue(queue.is_being_read())

    def test_portable(self) -> None:
        """Without a socket nobody can tell."""
        queue = SendQueue(self.clock, self.fail, self.endings)
        queue.attach(Pipe(), None)  # type: ignore[arg-type]
        queue.write_from(self.source, 0, MIB)
        self.assertFalse(queue.is_being_read())


class FirstLineTests(ReadingTests):
    """What a listener says before anything else."""

    def test_at_once(self) -> None:
        """It goes out without a turn of the reactor."""
        self.queue.send(b"HELLO\r\n")
        self.assertEqual(self.other.recv(100), b"HELLO\r\n")
        self.assertEqual(self.transport.taken(), b"")

    def test_answer(self) -> None:
        """Nor does the first line behind it need one; others may come together."""
        self.queue.send(b"HELLO\r\n")
        self.queue.send(b"WELCOME\r\n")
        self.assertEqual(self.other.recv(100), b"HELLO\r\nWELCOME\r\n")
        self.queue.send(b"PING\r\n")
        self.assertEqual(self.transport.taken(), b"PING\r\n")

    def test_answer_behind(self) -> None:
        """It goes behind what the transport has not sent yet."""
        self.fill()
        self.queue.send(b"HELLO\r\n")
        with contextlib.suppress(BlockingIOError):
            while self.other.recv(MIB, socket.MSG_DONTWAIT):
                pass
        self.queue.send(b"WELCOME\r\n")
        self.assertEqual(self.transport.taken(), b"HELLO\r\nWELCOME\r\n")

    def test_singly(self) -> None:
        """Where lines are few, none needs a turn; but all go behind what waits, and in order."""
        self.queue.lines_at_once = inf
        for line in (b"SEND\r\n", b"HAVE\r\n"):
            self.queue.send(line)
            self.assertEqual(self.other.recv(100), line)
        producer = Pipe()
        self.queue.start_stream(producer)  # type: ignore[arg-type]
        self.queue.send(b"SEND\r\n")
        self.assertEqual(self.queue.write_from(self.source, 0, 5, b"a\n"), 5)
        self.assertEqual(self.other.recv(100), b"a\n" + bytes(5))
        self.queue.end_stream()
        self.assertEqual(self.transport.taken(), b"SEND\r\n")
        self.queue.send(b"DONE\r\n")
        self.assertEqual(self.transport.taken(), b"DONE\r\n")
        # It has sent all that, and asks for more.
        self.queue.start_stream(producer)  # type: ignore[arg-type]
        self.queue.write_from(self.source, 0, 5)
        self.queue.end_stream()
        self.queue.send(b"BYE\r\n")
        self.assertEqual(self.other.recv(100), bytes(5) + b"BYE\r\n")

    def test_no_room(self) -> None:
        """What the system does not take now, the transport sends later."""
        self.fill()
        self.queue.send(b"HELLO\r\n")
        self.assertEqual(self.transport.taken(), b"HELLO\r\n")

    def test_end(self) -> None:
        """Where nothing is left to be sent, the end needs no turn for that either."""
        self.queue.send(b"HELLO\r\n")
        self.queue.send(b"BYE\r\n")
        self.queue.finish()
        self.assertFalse(self.transport.is_reading)
        self.assertEqual(self.transport.losses, [])
        self.clock.advance(0)
        self.assertEqual(self.transport.losses, [connectionDone])
        self.assertFalse(self.transport.is_ended)

    def test_end_together(self) -> None:
        """Several that end in one turn have one timer, and a fault of one leaves none open."""
        faulty, last = Socket(self.transport.handle), Socket(self.transport.handle)
        self.patch(faulty, "connectionLost", {}.__getitem__)
        for each in (self.transport, faulty, last):
            self.endings.add(each)  # type: ignore[arg-type]
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(0)
        self.assertEqual([self.transport.losses, last.losses], [[connectionDone]] * 2)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.endings.add(faulty)  # type: ignore[arg-type]
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)

    def test_end_behind(self) -> None:
        """What the transport has not sent yet is sent before."""
        self.fill()
        self.queue.send(b"BYE\r\n")
        self.queue.finish()
        self.clock.advance(1)
        self.assertTrue(self.transport.is_ended)
        self.assertEqual(self.transport.losses, [])

    def test_aborted(self) -> None:
        """It ends once, where it is aborted before that."""
        self.queue.finish()
        self.queue.discard()
        self.clock.advance(1)
        self.assertEqual(self.transport.losses, [])

    def test_gone(self) -> None:
        """Where the other side is gone, the transport finds out."""
        self.transport.handle.close()
        self.queue.send(b"HELLO\r\n")
        self.assertEqual(self.transport.taken(), b"HELLO\r\n")
