"""What the tests of swarming have in common: a file of many chunks, and a holder that is played."""

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Progress, Saved
from p2p_twisted.wire.chunks import DIGEST_BYTES, chunk_count
from p2p_twisted.wire.codec import decode
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Chunk, Message, Push
from tests.download.cases import DownloadCase
from tests.download.content import Content, some_bytes
from tests.download.wires import Stranger
from tests.download.world import World

CHUNKS = 12
CONTENT = Content(some_bytes(CHUNKS * MIB))


def chunk(index: int) -> bytes:
    return CONTENT.content[index * MIB : (index + 1) * MIB]


def talk(received: bytes) -> list[Message]:
    """Read what was received, without the digests and the bytes of chunks."""
    messages: list[Message] = []
    while received:
        line, _, received = received.partition(b"\n")
        message = decode(line)
        messages.append(message)
        if isinstance(message, Push):
            received = received[DIGEST_BYTES * chunk_count(message.size) :]
        elif isinstance(message, Chunk):
            received = received[message.length :]
    return messages


class SwarmingCase(DownloadCase):
    """Holders that are played by the test."""

    def begun(self, content: Content = CONTENT) -> tuple[World, "Deferred[Progress]", Stranger]:
        """Begin a download from somebody who is played by the test; s1 is found in a moment."""
        world = self.world()
        played = world.holder("played")
        played.is_mute = True
        done = world.get(played.hit(content))
        world.found = (world.holder("s1", content).hit(content),)
        return world, done, world.stranger()

    def push(
        self, world: World, partial: bool = False, content: Content = CONTENT
    ) -> tuple[Push, bytes]:
        ticket = world.wants[0].ticket
        return Push(ticket, content.file_id, content.size, partial), content.digests

    def assert_served(self, world: World, done: "Deferred[Progress]") -> None:
        world.wires.pass_time(10)
        progress = self.successResultOf(done)
        self.assertIsInstance(progress.state, Saved)
        self.assertEqual(world.saved(), CONTENT.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])
