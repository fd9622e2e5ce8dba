"""Only what answers a request is let in, and only once."""

from typing import Any

from p2p_twisted.wire.limits import LINK_FILE_BYTES
from p2p_twisted.wire.messages import Chunk, File, Push
from tests.download.cases import DownloadCase, LiarCase
from tests.download.content import Content, some_bytes
from tests.download.world import World


class TicketTests(LiarCase):
    """Pushes, and the tickets that they show."""

    def test_unwanted_pushes(self) -> None:
        """Unknown tickets, other files, other sizes and spent tickets create nothing."""
        content = Content(some_bytes(100))
        world, done, first = self.begun(content)
        before = world.left()
        ticket = world.wants[0].ticket
        for push in (
            Push("f" * 32, content.file_id, content.size),
            Push(ticket, "f" * 64, content.size),
            Push(ticket, content.file_id, content.size + 1),
        ):
            stranger = world.stranger()
            stranger.say(push, content.digests)
            world.wires.settle()
            self.assertTrue(stranger.is_lost)
            self.assertEqual(world.left(), before)
        first.say(self.push(world, content), content.digests)
        world.wires.settle()
        second = world.stranger()
        second.say(self.push(world, content), content.digests)
        world.wires.settle()
        self.assertTrue(second.is_lost)
        first.say(Chunk(0, 100), content.content)
        world.wires.settle()
        self.assert_saved(world, done, content)
        replay = world.stranger()
        replay.say(self.push(world, content), content.digests)
        world.wires.settle()
        self.assertTrue(replay.is_lost)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])


class LinkFileTests(DownloadCase):
    """Small files that come on a link."""

    def arrive(self, world: World, file: File, *pieces: bytes) -> bytes:
        """Let a file arrive on a link; return what was left unread."""
        link = Link()
        world.tickets.file_arrives(link, file)  # type: ignore[arg-type]
        for piece in pieces:
            link.give(piece)
        world.wires.settle()
        return link.rest

    def test_arrives(self) -> None:
        """What was asked for is saved, however it is cut."""
        for size in (1, LINK_FILE_BYTES):
            world, content = self.world(), Content(some_bytes(size))
            world.holder("s1").is_mute = True
            done = world.get(world.holders["s1"].hit(content))
            half = size // 2
            pieces = content.content[:half], content.content[half:]
            self.arrive(world, File(world.wants[0].ticket, size), *pieces)
            self.assert_saved(world, done, content)

    def test_unknown(self) -> None:
        """What nobody waits for is read and dropped."""
        world = self.world()
        self.assertEqual(self.arrive(world, File("a" * 32, 5), b"hello", b"next"), b"next")
        self.assertEqual(world.left(), [])

    def test_wrong(self) -> None:
        """Wrong content is not saved, and its sender not asked again."""
        world, content = self.world(), Content(b"hello")
        world.holder("s1").is_mute = True
        world.get(world.holders["s1"].hit(content))
        self.arrive(world, File(world.wants[0].ticket, 5), b"hallo")
        world.found = (world.holders["s1"].hit(content),)
        world.wires.pass_time(60)
        self.assertEqual(len(world.wants), 1)
        self.assertEqual(world.left(), [f"wants/{content.file_id}.json"])


class Link:
    """A link, as far as raw bytes go."""

    def __init__(self) -> None:
        self.input = self
        self.left = 0
        self.rest = b""

    def expect_raw(self, length: int, sink: Any) -> None:
        self.left, self.sink = length, sink

    def skip_raw(self, length: int) -> None:
        self.expect_raw(length, lambda _piece: None)

    def give(self, piece: bytes) -> None:
        now = piece[: self.left]
        self.left -= len(now)
        self.rest += piece[len(now) :]
        if now:
            self.sink(now)
