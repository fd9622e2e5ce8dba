"""Blocks that are not taken as fast as they come."""

import os
from functools import partial

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.messages import Chunk, Done, Message
from tests.wire.blocks_case import (
    BlocksCase,
    Encrypted,
    EncryptedAndCopied,
    EncryptedInMemory,
    OverSockets,
    PortableWay,
    nothing_more,
)
from tests.wire.ends import End
from tests.wire.talking import Breather


class Contract(BlocksCase):
    """What every way must do."""

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

    def test_ended_in_a_pause(self) -> None:
        """Nothing is left of what ends while it is paused."""
        end, blocks = self.begin()
        pace = Breather(40_000)
        end.connection.input.pace(pace)
        end.say(encode(Chunk(0, 200_000)) + bytes(100_000))
        end.until(lambda: pace.is_paused)
        end.connection.abort()
        self.assert_gone(end, blocks)


class PortableTests(PortableWay, Contract):
    """Whatever the transport is."""


class StraightTests(OverSockets, Contract):
    """Plain sockets, under a reactor that lets others read."""


class EncryptedTests(Encrypted, Contract):
    """Decrypted straight into the block."""


class EncryptedAndCopiedTests(EncryptedAndCopied, Contract):
    """Decrypted by public calls only."""


class EncryptedInMemoryTests(EncryptedInMemory, Contract):
    """Encrypted, and on no socket."""


del Contract
