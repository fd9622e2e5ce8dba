"""One contract for blocks, whichever way their bytes come."""

import errno
import os
import weakref
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random

from twisted.internet.interfaces import IReadDescriptor
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyClass

from p2p_twisted.wire import input as input_module
from p2p_twisted.wire import limits
from p2p_twisted.wire.blocks import BlockReader
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Bye, Chunk, Done, Error, Message
from tests.wire.ends import End, InMemory, OnSockets
from tests.wire.talking import Breather, Notes, said


def nothing() -> None:
    """Do nothing."""


def nothing_more() -> bool:
    """Stop waiting at once."""
    return True


def after(times: int, action: Callable[[], None]) -> Callable[[], None]:
    """Make what does something once, after it was called so many times in vain."""
    calls = count()

    def act() -> None:
        if next(calls) == times:
            action()

    return act


class Blocks(Notes):
    """A session that takes a block behind each chunk's line, and notes all in order."""

    def __init__(self, end: End) -> None:
        super().__init__(end.connection)
        self.heard: list[Message | bytes] = []
        self.moved: list[int] = []
        self.on_moved: Callable[[], None] = nothing
        self.on_done: Callable[[], None] = nothing
        self.losses = end.notes.losses
        end.connection.hand_over(self)

    def received(self, message: Message) -> None:
        self.heard.append(message)
        if isinstance(message, Chunk):
            self.block = memoryview(bytearray(message.length))
            self.connection.input.expect_block(self.block, self.some, self.all)

    def some(self, count: int) -> None:
        self.moved.append(count)
        self.on_moved()

    def has_heard(self, count: int) -> bool:
        return len(self.heard) == count

    def all(self) -> None:
        self.heard.append(bytes(self.block))
        self.on_done()


class Contract(SynchronousTestCase):
    """What every way must do."""

    def make(self) -> End:
        """Make a connection that has talked."""
        raise NotImplementedError

    def begin(self) -> tuple[End, Blocks]:
        """Make a connection whose session takes blocks."""
        end = self.make()
        return end, Blocks(end)

    def assert_gone(self, end: End, blocks: Blocks) -> None:
        """It is closed, and nothing of it is left."""
        end.until(lambda: blocks.losses)
        self.assertTrue(end.is_quiet())

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

    def test_paced(self) -> None:
        """In a pause nothing is read; then all that had been sent meanwhile."""
        end, blocks = self.begin()
        pace = Breather(40_000)
        end.connection.input.pace(pace)
        content = os.urandom(200_000)
        end.say(encode(Chunk(0, len(content))) + content + encode(Done()))
        self.assertLess(sum(blocks.moved), len(content))
        while len(blocks.heard) < 3:
            end.until(lambda: pace.is_paused or len(blocks.heard) == 3)
            moved = list(blocks.moved)
            self.assertEqual(end.heard(), b"")
            self.assertEqual(blocks.moved, moved)
            pace.over()
        self.assertEqual(blocks.heard[1:], [content, Done()])

    def test_held(self) -> None:
        """While it is held nothing more is read or handled; then all that was sent meanwhile."""
        end, blocks = self.begin()
        expected = list[Message | bytes]()
        blocks.on_done = end.connection.intake.hold
        for index, size in enumerate((1, 50_000, 30_000)):
            expected += [Chunk(index, size), os.urandom(size)]
        expected.append(Done())
        end.say(b"".join(item if isinstance(item, bytes) else encode(item) for item in expected))
        for count_ in (2, 4, 6):
            end.until(partial(blocks.has_heard, count_))
            moved = list(blocks.moved)
            for _ in range(3):
                self.assertEqual(end.heard(), b"")
                end.until(nothing_more)
            self.assertEqual((len(blocks.heard), blocks.moved), (count_, moved))
            end.connection.intake.release()
        end.until(lambda: len(blocks.heard) == 7)
        self.assertEqual(blocks.heard, expected)

    def test_held_and_paced(self) -> None:
        """What is held in a pause is read when both are over, whichever is first."""
        sent = encode(Chunk(0, 50_000)) + bytes(50_000) + encode(Chunk(1, 40_000)) + bytes(40_000)
        for is_pace_first in (True, False):
            end, blocks = self.begin()
            pace = Breather(limits.MIB)
            end.connection.input.pace(pace)

            def rest(end: End = end, pace: Breather = pace) -> None:
                pace.is_paused = True
                end.connection.intake.hold()

            blocks.on_done = rest
            end.say(sent)
            end.until(partial(blocks.has_heard, 2))
            over = [pace.over, end.connection.intake.release]
            for end_one in over if is_pace_first else reversed(over):
                for _ in range(3):
                    end.until(nothing_more)
                # In a pause, what has been read already is handled.
                self.assertLess(len(blocks.heard), 4)
                self.assertLessEqual(sum(blocks.moved), 50_000 + limits.LINE_BYTES)
                end_one()
            end.until(partial(blocks.has_heard, 4))

    def test_aborted_while_held(self) -> None:
        """Nothing is left of what ends while it is held, and to release it then does no harm."""
        end, blocks = self.begin()
        blocks.on_done = end.connection.intake.hold
        end.say(2 * (encode(Chunk(0, 50_000)) + bytes(50_000)))
        end.until(partial(blocks.has_heard, 2))
        end.connection.abort()
        end.connection.intake.release()
        self.assert_gone(end, blocks)
        self.assertEqual(len(blocks.heard), 2)

    def test_buffer(self) -> None:
        """What was to be filled is not kept when the connection is gone."""
        end, blocks = self.begin()
        end.say(encode(Chunk(0, 90_000)) + bytes(70_000))
        end.connection.abort()
        self.assert_gone(end, blocks)
        buffer = weakref.ref(blocks.block)
        del blocks.block
        self.assertIsNone(buffer())

    def test_ended_in_a_pause(self) -> None:
        """Nothing is left of what ends while it is paused."""
        end, blocks = self.begin()
        pace = Breather(40_000)
        end.connection.input.pace(pace)
        end.say(encode(Chunk(0, 200_000)) + bytes(100_000))
        end.until(lambda: pace.is_paused)
        end.connection.abort()
        self.assert_gone(end, blocks)


class PortableTests(Contract):
    """Whatever the transport is."""

    def make(self) -> End:
        return InMemory()


class StraightTests(Contract):
    """Plain sockets, under a reactor that lets others read."""

    def make(self) -> End:
        return OnSockets(self)

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


del Contract
