"""One contract for blocks, whichever way their bytes come."""

import errno
import os
import weakref
from random import Random

from twisted.internet.interfaces import IReadDescriptor
from zope.interface.verify import verifyClass

from p2p_twisted.wire import input as input_module
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import BlockReader
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Bye, Chunk, Done, Error, Message
from tests.wire.blocks_case import (
    Blocks,
    BlocksCase,
    Encrypted,
    EncryptedAndCopied,
    EncryptedInMemory,
    OverSockets,
    PortableWay,
    after,
)
from tests.wire.ends import End, OnSockets
from tests.wire.talking import said


class Contract(BlocksCase):
    """What every way must do."""

    def test_fills(self) -> None:
        """A block is filled, and lines follow."""
        end, blocks = self.begin()
        content = os.urandom(limits.MIB)
        end.say(encode(Chunk(0, len(content))) + content + encode(Done()))
        end.until(lambda: len(blocks.heard) == 3)
        self.assertEqual(blocks.heard, [Chunk(0, len(content)), content, Done()])
        self.assertEqual(sum(blocks.moved), len(content))

    def test_many(self) -> None:
        """Blocks of any size follow each other, however their bytes are cut."""
        for seed in range(4):
            rng, expected = Random(seed), list[Message | bytes]()
            end, blocks = self.begin()
            for index in range(20):
                content = rng.randbytes(rng.choice((1, 100, 20_000, 70_000, 300_000)))
                expected += [Chunk(index, len(content)), content]
                expected += [Bye()] * rng.randrange(2)
            sent = b"".join(item if isinstance(item, bytes) else encode(item) for item in expected)
            while sent:
                size = rng.choice((1, 50, 20_000, 150_000, 500_000))
                end.say(sent[:size])
                sent = sent[size:]
            end.until(lambda: len(blocks.heard) == len(expected))  # noqa: B023
            self.assertEqual(blocks.heard, expected)

    def test_aborted(self) -> None:
        """Whenever it is aborted, that is the end at once."""
        for at in range(8):
            end, blocks = self.begin()
            blocks.on_moved = after(at, end.connection.abort)
            for _ in range(9):
                end.say(encode(Chunk(0, 90_000)) + bytes(90_000))
            self.assert_gone(end, blocks)
            self.assertEqual(len(blocks.moved), at + 1)

    def test_closed(self) -> None:
        """Whenever it is closed, nothing more is taken, and what was sent before arrives."""
        for at in range(4):
            end, blocks = self.begin()

            def close(end: End = end) -> None:
                end.connection.send(Done())
                end.connection.close()

            blocks.on_done = after(at, close)
            for _ in range(5):
                end.say(encode(Chunk(0, 90_000)) + bytes(90_000))
            self.assertEqual(said(end.heard()), [Done()])
            self.assert_gone(end, blocks)
            self.assertEqual(len(blocks.heard), 2 * (at + 1))

    def test_cut(self) -> None:
        """The other side may end in the middle of a block."""
        for come in (0, 10, 70_000):
            end, blocks = self.begin()
            end.say(encode(Chunk(0, 90_000)) + bytes(come))
            end.hang_up()
            self.assert_gone(end, blocks)
            self.assertEqual((blocks.heard, sum(blocks.moved)), ([Chunk(0, 90_000)], come))

    def test_refused(self) -> None:
        """A ProtocolError about a block is one line and the end."""
        end, blocks = self.begin()

        def refuse() -> None:
            raise ProtocolError("not what I wanted")

        blocks.on_done = refuse
        end.say(encode(Chunk(0, 90_000)) + bytes(90_000))
        end.until(lambda: len(blocks.heard) == 2)
        self.assertEqual(said(end.heard()), [Error("not what I wanted")])
        self.assert_gone(end, blocks)

    def test_mistake(self) -> None:
        """Our own mistakes end this connection alone, and are logged once."""
        end, blocks = self.begin()
        blocks.on_done = lambda: [][0]
        end.say(encode(Chunk(0, 90_000)) + bytes(90_000))
        self.assert_gone(end, blocks)
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)

    def test_too_late(self) -> None:
        """A deadline ends it in the middle of a block."""
        end, blocks = self.begin()
        end.say(encode(Chunk(0, 90_000)) + bytes(70_000))
        end.connection.set_deadline(0)
        self.assert_gone(end, blocks)

    def test_buffer(self) -> None:
        """What was to be filled is not kept when the connection is gone."""
        end, blocks = self.begin()
        end.say(encode(Chunk(0, 90_000)) + bytes(70_000))
        end.connection.abort()
        self.assert_gone(end, blocks)
        buffer = weakref.ref(blocks.block)
        del blocks.block
        self.assertIsNone(buffer())


class PortableTests(PortableWay, Contract):
    """Whatever the transport is."""


class StraightTests(OverSockets, Contract):
    """Plain sockets, under a reactor that lets others read."""

    def test_interface(self) -> None:
        """The reader is what reactors want of one."""
        self.assertTrue(verifyClass(IReadDescriptor, BlockReader))

    def test_is_straight(self) -> None:
        """What comes behind the first piece is read by nobody else."""
        end = OnSockets(self)
        blocks = Blocks(end)
        end.say(encode(Chunk(0, 900_000)) + bytes(10))
        self.assertNotIn(end.connection.transport, end.reactor.getReaders())
        self.patch(end.connection, "dataReceived", self.fail)
        end.say(bytes(899_990))
        end.until(lambda: len(blocks.heard) == 2)

    def test_lines_between(self) -> None:
        """The lines between blocks are read by the same reader, whenever and however they come."""
        end = OnSockets(self)
        blocks, others = Blocks(end), set(end.reactor.getReaders()) - {end.connection.transport}

        def readers() -> set[object]:
            return set(end.reactor.getReaders()) - others

        end.say(encode(Chunk(8, 900_000)) + bytes(10))
        (reader,) = readers()
        end.say(bytes(899_990))
        for index in range(9, 12):
            line = encode(Chunk(index, 900_000))
            for piece in (line[:3], line[3:], bytes(1), bytes(899_999)):
                end.say(piece)
                self.assertEqual(readers(), {reader})
        end.until(lambda: len(blocks.heard) == 8)
        end.say(encode(Done()))
        end.until(lambda: len(blocks.heard) == 9)
        self.assertEqual(readers(), {end.connection.transport})

    def test_no_file_is_free(self) -> None:
        """Where too many files are open, it comes the portable way."""
        end, blocks = self.begin()

        def fail(*_arguments: object) -> None:
            raise OSError(errno.EMFILE, "too many open files")

        self.patch(input_module, "BlockReader", fail)
        end.say(encode(Chunk(0, 900_000)) + bytes(900_000) + encode(Done()))
        end.until(lambda: len(blocks.heard) == 3)


class EncryptedTests(Encrypted, Contract):
    """Decrypted straight into the block."""


class EncryptedAndCopiedTests(EncryptedAndCopied, Contract):
    """Decrypted by public calls only."""


class EncryptedInMemoryTests(EncryptedInMemory, Contract):
    """Encrypted, and on no socket."""


del Contract
