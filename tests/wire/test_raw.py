"""Raw sections between lines."""

import sys
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Bye, Chunk, Done, Error, Message
from tests.wire.talking import Breather, Notes, Talk, listening, said


class Chunks(Notes):
    """A session that expects what chunks announce, and notes all in order."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.heard: list[Message | bytes] = []

    def received(self, message: Message) -> None:
        self.heard.append(message)
        if isinstance(message, Chunk):
            self.heard.append(b"")
            self.connection.input.expect_raw(message.length, self.take)

    def take(self, piece: bytes) -> None:
        assert piece
        before = self.heard[-1]
        assert isinstance(before, bytes)
        self.heard[-1] = before + piece


def chunking() -> tuple[Talk, Chunks]:
    """Make a connection with such a session."""
    talk = listening()
    chunks = Chunks(talk.connection)
    talk.connection.hand_over(chunks)
    return talk, chunks


def sink_of(talk: Talk, length: int, sink: Callable[[bytes], None]) -> None:
    """Have raw bytes expected behind the first message."""

    class Expecting(Notes):
        def received(self, message: Message) -> None:
            talk.connection.hand_over(talk.notes)
            talk.connection.input.expect_raw(length, sink)

    talk.connection.hand_over(Expecting(talk.connection))


class PaceTests(SynchronousTestCase):
    """Raw bytes that may not come too fast."""

    def test_pauses(self) -> None:
        """Raw bytes are read within the allowance, and then not for a while; lines are free."""
        talk, chunks = chunking()
        pace = Breather(100)
        talk.connection.input.pace(pace)
        talk.hear(b"DONE\n" * 100)
        self.assertEqual(talk.pipe.producerState, "producing")
        talk.hear(b'CHUNK {"index":0,"length":200}\n')
        self.assertEqual(talk.pipe.bufferSize, 100)
        talk.hear(b"a" * 99)
        self.assertEqual(talk.pipe.producerState, "producing")
        talk.hear(b"a" * 100)
        self.assertEqual(talk.pipe.producerState, "paused")
        talk.hear(b"aDONE\n")
        self.assertEqual(chunks.heard[-2:], [b"a" * 200, Done()])
        pace.over()
        self.assertEqual(talk.pipe.producerState, "producing")

    def test_end(self) -> None:
        """With the connection the pace ends."""
        talk, _chunks = chunking()
        pace = Breather(100)
        talk.connection.input.pace(pace)
        talk.connection.abort()
        self.assertTrue(pace.is_stopped)


class RawTests(SynchronousTestCase):
    """Bytes as they are."""

    def test_section(self) -> None:
        """A section ends where it was said to, whatever is in it."""
        talk, chunks = chunking()
        talk.hear(b'CHUNK {"index":0,"length":6}\r\na\r\nb\n\nDONE\nBYE\n')
        self.assertEqual(chunks.heard, [Chunk(0, 6), b"a\r\nb\n\n", Done(), Bye()])

    def test_empty_section(self) -> None:
        """None at all is fine, and calls nobody."""
        talk = listening()
        sink_of(talk, 0, self.fail)
        talk.hear(b"DONE\nBYE\n")
        self.assertEqual(talk.notes.messages, [Bye()])

    def test_many_tiny_sections(self) -> None:
        """A sink may announce the next section thousands of times without recursion."""
        talk = listening()
        pieces: list[bytes] = []

        def take(piece: bytes) -> None:
            pieces.append(piece)
            if len(pieces) < 60_000:
                talk.connection.input.expect_raw(1, take)

        sink_of(talk, 1, take)
        self.assertLess(sys.getrecursionlimit(), 60_000)
        talk.hear(b"BYE\n" + b"x" * 60_000 + b"DONE\n")
        self.assertEqual(pieces, [b"x"] * 60_000)
        self.assertEqual(talk.notes.messages, [Done()])

    def test_sink_ends_without_more(self) -> None:
        """A sink that announces an empty section is followed by lines."""
        talk = listening()
        sink_of(talk, 1, lambda piece: talk.connection.input.expect_raw(0, self.fail))
        talk.hear(b"BYE\nxDONE\n")
        self.assertEqual(talk.notes.messages, [Done()])

    def test_sink_refuses(self) -> None:
        """Its ProtocolError is one line and the end."""
        talk = listening()

        def refuse(piece: bytes) -> None:
            raise ProtocolError("not what I wanted")

        sink_of(talk, 4, refuse)
        self.assertEqual(said(talk.hear(b"BYE\nxxDONE\n")), [Error("not what I wanted")])
        talk.hear(b"xxDONE\n")
        self.assertEqual(talk.notes.messages, [])

    def test_sink_with_a_mistake(self) -> None:
        """Its other exceptions end this connection, and are logged once."""
        talk = listening()
        sink_of(talk, 4, lambda piece: [][0])
        self.assertEqual(talk.hear(b"BYE\nxxxxDONE\n"), b"")
        self.assertEqual(talk.pipe.aborts, 1)
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)

    def test_sink_closes(self) -> None:
        """Nothing is read behind it."""
        for end in (Connection.close, Connection.abort):
            talk = listening()
            sink_of(talk, 2, lambda piece, end=end, talk=talk: end(talk.connection))  # type: ignore[misc]
            talk.hear(b"BYE\nxxDONE\n")
            talk.hear(b"DONE\n")
            self.assertEqual(talk.notes.messages, [])
            self.assertTrue(talk.pipe.is_ended)

    def test_sink_closes_and_expects_more(self) -> None:
        """A sink that closes is not called again, whatever it announced."""
        talk = listening()
        pieces: list[bytes] = []

        def take(piece: bytes) -> None:
            pieces.append(piece)
            talk.connection.abort()
            talk.connection.input.expect_raw(1, take)

        sink_of(talk, 1, take)
        talk.hear(b"BYE\nxyz")
        self.assertEqual(pieces, [b"x"])

    def test_reads(self) -> None:
        """Lines are read a few at a time, so that everybody's turn comes; raw bytes are not."""
        talk, _ = chunking()
        self.assertEqual(talk.pipe.bufferSize, limits.LINE_BYTES)
        talk.hear(b'CHUNK {"index":0,"length":1048576}\n')
        self.assertEqual(talk.pipe.bufferSize, limits.MIB)
        talk.hear(bytes(limits.MIB - 1))
        talk.hear(b"x")
        self.assertEqual(talk.pipe.bufferSize, limits.LINE_BYTES)

    def test_long_section_is_not_a_long_line(self) -> None:
        """A mebibyte without a line's end is fine where it was announced."""
        talk, chunks = chunking()
        content = bytes(range(256)) * 4_096
        talk.hear(encode(Chunk(0, len(content))) + content + b"DONE\n")
        self.assertEqual(chunks.heard, [Chunk(0, len(content)), content, Done()])


heard = st.lists(
    st.sampled_from([Done(), Bye(), Bye("slow")]) | st.binary(min_size=1, max_size=40), max_size=12
)


def as_sent(items: list[Message | bytes]) -> bytes:
    """Write messages, and raw sections behind what announces them."""
    return b"".join(
        encode(Chunk(7, len(item))) + item if isinstance(item, bytes) else encode(item)
        for item in items
    )


class ChunkingTests(SynchronousTestCase):
    """TCP cuts where it likes."""

    @given(items=heard, sizes=st.lists(st.integers(1, 30), min_size=1))
    @settings(max_examples=300, deadline=None)
    def test_any_chunking(self, items: list[Message | bytes], sizes: list[int]) -> None:
        """However bytes are cut, the same is heard."""
        talk, chunks = chunking()
        sent = as_sent(items)
        start = 0
        while start < len(sent):
            size = sizes[start % len(sizes)]
            self.assertEqual(talk.hear(sent[start : start + size]), b"")
            start += size
        expected: list[Message | bytes] = []
        for item in items:
            expected += [Chunk(7, len(item)), item] if isinstance(item, bytes) else [item]
        self.assertEqual(chunks.heard, expected)
