"""What a relay copies on sockets, under a reactor: by the kernel, or by their transports."""

import contextlib
import errno
import os
import socket
from itertools import count
from typing import Final

from twisted.internet.address import IPv4Address
from twisted.internet.epollreactor import EPollReactor
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.relay import joint
from p2p_twisted.relay.relaying import Relaying
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import KIB, MIB
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import Meet, Relay
from tests.relay.cases import First, hello
from tests.wire.ends import connect, dismantle

TOKEN: Final = "7" * 32
_TURNS: Final = 20_000


class SocketsCase(SynchronousTestCase):
    """Two sockets that a relay has joined."""

    can_splice = is_spliced = True
    rate = 1_000 * MIB

    def setUp(self) -> None:
        self.patch(joint, "CAN_SPLICE", self.can_splice)
        self.reactor = EPollReactor()
        self.before = open_descriptors()
        self.up = Limiter(self.reactor)
        self.relaying = Relaying(
            self.reactor,
            rate=lambda: self.rate,
            is_neighbor=lambda _name, _host: True,
            new_token=lambda: TOKEN,
            up=self.up,
        )
        self.listener = Listener(self.reactor, hello("s7"), lambda made: First(made, self.relaying))
        self.anna, self.ben = self.dial(), self.dial()
        self.say(self.anna, encode(Relay("anna", "ben")))
        self.until(lambda: b"PLACED" in self.take(self.anna))
        self.say(self.ben, encode(Meet("ben", TOKEN)))
        self.until(lambda: b"MET" in self.take(self.anna))
        self.take(self.ben)

    def tearDown(self) -> None:
        for end in (self.anna, self.ben):
            end.close()
        self.until(lambda: not self.relaying.pairs)
        self.until(lambda: not self.reactor.getWriters())
        for call in self.reactor.getDelayedCalls():
            call.cancel()
        # Nothing is left open, of sockets or of pipes.
        left = open_descriptors()
        dismantle(self.reactor)
        self.assertEqual(left, self.before)

    def dial(self) -> socket.socket:
        """Connect with the relay."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        address = IPv4Address("TCP", "127.0.0.1", 54321)
        protocol = self.listener.buildProtocol(address)
        assert protocol is not None
        connect(self.reactor, theirs, protocol)
        self.until(lambda: b"HELLO" in self.take(ours))
        return ours

    def say(self, end: socket.socket, said: bytes) -> None:
        self.assertEqual(end.send(said), len(said))

    def take(self, end: socket.socket, most: int = MIB) -> bytes:
        try:
            return end.recv(most)
        except BlockingIOError:
            return b""

    def until(self, condition: object) -> None:
        assert callable(condition)
        for _ in range(_TURNS):
            if condition():
                return
            self.reactor.iterate(0.001)
        raise AssertionError("it never happened")

    def turn(self, times: int = 50) -> None:
        for _ in range(times):
            self.reactor.iterate(0)

    def send_all(self, source: socket.socket, target: socket.socket, whole: bytes) -> bytes:
        """Send much, while the other end reads."""
        left, came = memoryview(whole), bytearray()

        def is_there() -> bool:
            nonlocal left
            if left:
                with contextlib.suppress(BlockingIOError):
                    left = left[source.send(left) :]
            came.extend(self.take(target))
            return len(came) >= len(whole)

        self.until(is_there)
        return bytes(came)

    def has_ended(self, end: socket.socket) -> bool:
        try:
            return end.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True


class SplicingTests(SocketsCase):
    """What the kernel copies."""

    def test_both_ways(self) -> None:
        """What is sent arrives as it was, either way, and is counted once."""
        whole = os.urandom(9 * MIB + 17)
        self.assertEqual(self.send_all(self.ben, self.anna, whole), whole)
        self.assertEqual(self.send_all(self.anna, self.ben, whole), whole)
        self.assertEqual(self.up.total, 2 * len(whole))

    def test_spliced(self) -> None:
        """The kernel copies, where it can."""
        before = {name for name in self.before if name.startswith("pipe:")}
        pipes = {name for name in open_descriptors() if name.startswith("pipe:")} - before
        self.assertEqual(len(pipes), 2 if self.is_spliced else 0)

    def test_half_closed(self) -> None:
        """An end that has said all still hears the other one."""
        self.say(self.ben, b"all")
        self.ben.shutdown(socket.SHUT_WR)
        self.until(lambda: self.take(self.anna) == b"all")
        self.until(lambda: self.has_ended(self.anna))
        whole = os.urandom(3 * MIB)
        self.assertEqual(self.send_all(self.anna, self.ben, whole), whole)
        self.anna.close()
        self.until(lambda: self.has_ended(self.ben))

    def test_last_bytes(self) -> None:
        """What was sent before an end closes arrives, also if the other reads late."""
        sent = self.send_until_full()
        self.ben.close()
        self.turn()
        came = 0

        def is_over() -> bool:
            nonlocal came
            piece = self.take(self.anna, 100_000)
            came += len(piece)
            return not piece and self.has_ended(self.anna)

        self.until(is_over)
        self.assertEqual(came, sent)

    def send_until_full(self) -> int:
        """Send while anybody takes it: nobody reads."""
        sent = 0
        for _ in range(200):
            try:
                sent += self.ben.send(bytes(MIB // 4))
            except BlockingIOError:
                self.turn(2)
        return sent

    def test_never_reads(self) -> None:
        """Of an end that never reads, the relay takes only as much as a pipe and sockets hold."""
        self.assertLess(self.send_until_full(), 4 * MIB)
        self.assertLess(self.up.total, 3 * MIB)
        # The other way is open nevertheless.
        self.say(self.anna, b"still here")
        self.until(lambda: self.take(self.ben) == b"still here")

    def test_reset(self) -> None:
        """Where an end is gone, the other one ends."""
        self.anna.close()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.ben.send(bytes(1_000))
                self.turn(5)
        self.until(lambda: not self.relaying.pairs)

    def test_stopped(self) -> None:
        """A relay that stops ends both."""
        self.reactor.callLater(0, lambda: self.relaying._joints[TOKEN].end())
        self.until(lambda: not self.relaying.pairs)
        for end in (self.anna, self.ben):
            self.until(lambda end=end: self.has_ended(end))


class RateTests(SocketsCase):
    """What is relayed slowly."""

    rate = 64 * KIB

    def test_rate(self) -> None:
        """What is over the rate stays with who sends it, however busy the machine is."""
        began = self.reactor.seconds()
        for _ in range(200):
            with contextlib.suppress(BlockingIOError):
                self.ben.send(bytes(MIB // 4))
            self.turn(1)
            self.take(self.anna)
        # What was late may be made up for, by a second; and then a turn begins.
        passed = self.reactor.seconds() - began + 1.1
        self.assertLessEqual(self.up.total, self.rate * passed + 4 * KIB)


class CopyingTests(SplicingTests):
    """Two sockets that a relay has joined where the kernel does not copy."""

    can_splice = is_spliced = False


class NoDescriptorsTests(SplicingTests):
    """Two sockets that a relay has joined when too many files were open for its pipes."""

    is_spliced = False

    def setUp(self) -> None:
        calls = count()
        make = os.pipe2

        def make_one(flags: int) -> tuple[int, int]:
            if next(calls):
                raise OSError(errno.EMFILE, "Too many open files")
            return make(flags)

        self.patch(os, "pipe2", make_one)
        super().setUp()
        self.assertEqual(next(calls), 2)


def open_descriptors() -> list[str]:
    """List the sockets, pipes and files that are open."""
    with os.scandir("/proc/self/fd") as descriptors:
        names = [os.readlink(each.path) for each in descriptors]
    return sorted(name for name in names if name.startswith(("socket:", "pipe:", "/")))
