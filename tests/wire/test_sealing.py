"""What passes TLS by: where it changes over, what comes in between, and how it ends."""

import os
from random import Random
from typing import Any, Final

from OpenSSL import SSL
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPullProducer
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from p2p_twisted.trust import tls_transport
from p2p_twisted.trust.tls_transport import TlsTransport, read_by_copy, read_straight
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import KIB, MIB
from p2p_twisted.wire.messages import Chunk, Done, Message, Ping
from p2p_twisted.wire.sealing import ISealing
from p2p_twisted.wire.send_queue import SendQueue
from tests.wire.blocks_case import Blocks, BlocksCase, Encrypted, EncryptedAndCopied
from tests.wire.secured_ends import Secured

_CONTENT: Final = os.urandom(MIB)
_LIB: Final[Any] = vars(SSL)["_lib"]


class Contract(BlocksCase):
    """What comes in."""

    def make(self) -> Secured:
        raise NotImplementedError

    def begun(self) -> tuple[Secured, Blocks]:
        """Make a connection in the middle of a block."""
        end = self.make()
        blocks = Blocks(end)
        end.say(encode(Chunk(0, MIB)) + _CONTENT[:10])
        end.until(lambda: blocks.moved)
        return end, blocks

    def seal(self, end: Secured, said: bytes) -> bytes:
        """Encrypt what the other side says, without sending it."""
        left = memoryview(said)
        while left:
            left = left[end.tls.send(left) :]
        return end.sealed()

    def test_straight(self) -> None:
        """Nearly all of a block is decrypted to where it belongs, the rest by Twisted."""
        end, blocks = self.begun()
        detour = list[int]()
        usual = end.connection.dataReceived

        def count(data: bytes) -> None:
            detour.append(len(data))
            usual(data)

        self.patch(end.connection, "dataReceived", count)
        end.send(self.seal(end, _CONTENT[10:]))
        end.until(lambda: len(blocks.heard) == 2)
        self.assertEqual(blocks.heard[1], _CONTENT)
        self.assertLess(sum(detour), MIB // 4)

    def test_records_cut(self) -> None:
        """Records may come in pieces of any size, and lines and blocks share some."""
        for seed in range(3):
            rng, expected, end = Random(seed), list[Message | bytes](), self.make()
            blocks, sealed = Blocks(end), b""
            end.say(b"")
            for index in range(6):
                content = rng.randbytes(rng.choice((20_000, 150_000, 700_000)))
                expected += [Chunk(index, len(content)), content, Done()]
                sealed += self.seal(end, encode(Chunk(index, len(content))) + content)
                sealed += self.seal(end, encode(Done()))
            while sealed:
                size = rng.choice((1, 4, 5_000, 17_000, 300_000))
                end.send(sealed[:size])
                sealed = sealed[size:]
            end.until(lambda: len(blocks.heard) == len(expected))  # noqa: B023
            self.assertEqual(blocks.heard, expected)

    def test_closed_in_order(self) -> None:
        """All that came before the other side closed is taken; then it ends without a fault."""
        end, blocks = self.begun()
        sealed = self.seal(end, _CONTENT[10:600_000])
        end.tls.shutdown()
        end.send(sealed + end.sealed())
        self.assert_gone(end, blocks)
        self.assertEqual(sum(blocks.moved), 600_000)
        self.assertIsNotNone(blocks.losses[0].check(ConnectionDone))

    def test_cut_off(self) -> None:
        """An end that TLS does not announce is a fault: somebody else may have made it."""
        end, blocks = self.begun()
        end.send(self.seal(end, _CONTENT[10:600_000])[:-3])
        end.hang_up()
        self.assert_gone(end, blocks)
        self.assertLess(sum(blocks.moved), 600_000)
        self.assertIsNotNone(blocks.losses[0].check(ConnectionLost))

    def test_changed(self) -> None:
        """Nothing is taken from where a bit was changed on, and other connections go on."""
        end, blocks = self.begun()
        other, others = self.begun()
        faults = list[int]()
        # What OpenSSL remembers would be taken for the next connection's fault.
        blocks.on_moved = lambda: faults.append(_LIB.ERR_peek_error())
        sealed = bytearray(self.seal(end, _CONTENT[10:600_000]))
        sealed[len(sealed) // 2] ^= 1
        end.send(bytes(sealed))
        other.send(self.seal(other, _CONTENT[10:]))
        self.assert_gone(end, blocks)
        self.assertLess(sum(blocks.moved), 310_000)
        self.assertEqual(set(faults), {0})
        other.until(lambda: len(others.heard) == 2)

    def test_in_the_clear(self) -> None:
        """Bytes that are not encrypted are never taken."""
        end, blocks = self.begun()
        end.send(_CONTENT[10:])
        self.assert_gone(end, blocks)
        self.assertEqual(sum(blocks.moved), 10)


class StraightTests(Encrypted, Contract):
    """Straight into the block."""

    def make(self) -> Secured:
        return Encrypted.make(self)


class CopiedTests(EncryptedAndCopied, Contract):
    """By public calls only."""

    def make(self) -> Secured:
        return EncryptedAndCopied.make(self)


del Contract


class OwnNamesTests(SynchronousTestCase):
    """What pyOpenSSL does not publish."""

    def test_is_there(self) -> None:
        """The installed one has it."""
        self.assertIsNotNone(read_straight)

    def test_is_gone(self) -> None:
        """Without it, the public way is left."""

        class Other:
            """OpenSSL.SSL, with other names."""

        self.patch(tls_transport, "SSL", Other)
        self.assertIsNone(tls_transport._reading_straight())

    def test_lost(self) -> None:
        """What is lost neither encrypts nor decrypts."""
        end = Secured(self, read_by_copy)
        tls = end.connection.transport
        assert isinstance(tls, TlsTransport)
        self.assertTrue(verifyObject(ISealing, tls))
        end.connection.abort()
        end.until(lambda: end.notes.losses)
        self.assertEqual(tls.seal(b"line"), b"")
        self.assertEqual(tls.open_into(memoryview(bytearray(9)), memoryview(b"line")), 0)


class Numbers:
    """A source in memory."""

    file_id, size, digests, fd = "", 3 * MIB, b"", None
    content = os.urandom(size)

    def check(self) -> None:
        """It never changes."""

    def read(self, offset: int, length: int) -> bytes:
        return self.content[offset : offset + length]

    def doubt(self) -> None:
        """It can always be read."""

    def close(self) -> None:
        """Nothing is open."""


@implementer(IPullProducer)
class Push:
    """Sends the source in chunks, each behind its line."""

    def __init__(self, output: SendQueue) -> None:
        self.output, self.source, self.sent = output, Numbers(), 0

    def resumeProducing(self) -> None:
        if self.sent == self.source.size:
            self.output.end_stream()
            return
        index, start = divmod(self.sent, MIB)
        line = b"" if start else encode(Chunk(index, MIB))
        self.sent += self.output.write_from(self.source, self.sent, MIB - start, line)

    def stopProducing(self) -> None:
        """The session hears of it."""


class OutputTests(SynchronousTestCase):
    """What goes out."""

    def setUp(self) -> None:
        self.end = Secured(self, read_by_copy)
        self.push = Push(self.end.connection.output)
        self.expected = b"".join(
            encode(Chunk(index, MIB)) + Numbers.content[index * MIB : (index + 1) * MIB]
            for index in range(3)
        )

    def heard_until(self, length: int) -> bytes:
        """Take what comes until it is so much."""
        heard = b""

        def is_all() -> bool:
            nonlocal heard
            heard += self.end.heard()
            return len(heard) >= length

        self.end.until(is_all)
        return heard

    def test_order(self) -> None:
        """What is sent before, and what is sent meanwhile, comes in its place."""
        sent = self.end.connection.send
        sent(Ping(1))
        self.push.output.start_stream(self.push)
        sent(Ping(3))
        expected = encode(Ping(1)) + self.expected + encode(Ping(3))
        self.assertEqual(self.heard_until(len(expected)), expected)
        sent(Ping(4))
        self.assertEqual(self.heard_until(1), encode(Ping(4)))

    def test_nothing_in_the_clear(self) -> None:
        """No content, and no line, is on the wire as it is."""
        self.end.connection.send(Ping(1))
        self.push.output.start_stream(self.push)
        wire = b""

        def has_come() -> bool:
            nonlocal wire
            wire += self.end.receive()
            return len(wire) > Numbers.size

        self.end.until(has_come)
        for start in range(0, Numbers.size, 64 * KIB):
            self.assertNotIn(Numbers.content[start : start + 16], wire)
        for line in (b"CHUNK", b"PING"):
            self.assertNotIn(line, wire)

    def test_closed_meanwhile(self) -> None:
        """When the other side closes, that is the end at once, however much is left to send."""
        self.push.output.start_stream(self.push)
        self.end.until(lambda: self.push.sent)
        self.end.tls.shutdown()
        self.end.send(self.end.sealed())

        def is_over() -> bool:
            self.end.receive()
            return bool(self.end.notes.losses)

        self.end.until(is_over)
        self.assertLess(self.push.sent, Numbers.size)
        self.assertTrue(self.end.is_quiet())
