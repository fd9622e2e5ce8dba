"""Downloads from several holders, of which some are still downloading themselves."""

import os
import time

from twisted.internet.defer import Deferred

from p2p_twisted.transfer.progress import Progress, Saved
from p2p_twisted.transfer.pushes import Pushes
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.content import DIGEST_BYTES, chunk_count
from p2p_twisted.wire.limits import HOLDERS_PER_FILE, MIB
from p2p_twisted.wire.messages import (
    PROTOCOL,
    Chunk,
    Done,
    Have,
    Hello,
    Message,
    Push,
    Refuse,
    Send,
    Want,
)

from .cases import DownloadCase
from .test_pushes import Greeter
from .wires import Stranger, Wires
from .world import Content, World, make_pushes, some_bytes

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
        return Push(ticket, content.file, content.size, partial), content.digests

    def assert_served(self, world: World, done: "Deferred[Progress]") -> None:
        world.wires.pass_time(10)
        progress = self.successResultOf(done)
        self.assertIsInstance(progress.state, Saved)
        self.assertEqual(world.saved(), CONTENT.content)
        self.assertEqual(world.left(), ["Downloads/f1.txt"])


class HoldersTests(SwarmingCase):
    """Several holders of one file."""

    def test_all_deliver(self) -> None:
        """Each of them delivers some of it, and nothing twice."""
        world = self.world()
        names = ("s1", "s2", "s3")
        holders = [world.holder(name, Content(CONTENT.content)) for name in names]
        hits = [holder.hit(CONTENT) for holder in holders]
        done = world.downloads.get(hits, world.shown.append)
        while not done.called:
            world.wires.step()
        self.assert_served(world, done)
        reads = [holder.contents[CONTENT.file].reads for holder in holders]
        self.assertEqual(sum(reads), CHUNKS)
        self.assertGreater(min(reads), 0)

    def test_so_many_at_once(self) -> None:
        """A large file is asked of eight holders at once; the next one has to wait."""
        world, content = self.world(), Content(some_bytes(64 * MIB))
        hits = []
        for number in range(HOLDERS_PER_FILE + 1):
            holder = world.holder(f"s{number}", content)
            holder.is_mute = True
            hits.append(holder.hit(content))
        world.get(*hits)
        self.assertEqual(len(world.wants), HOLDERS_PER_FILE)
        world.downloads.refused(Refuse(world.wants[0].ticket, "busy"))
        self.assertEqual(world.wants[-1].route, (f"s{HOLDERS_PER_FILE}",))

    def test_found_while_it_runs(self) -> None:
        """Half a second after the start others are looked for, and asked."""
        world, done, played = self.begun()
        played.say(*self.push(world))
        world.wires.pass_time(0.4, 0.1)
        self.assertEqual(world.finds, 0)
        world.wires.pass_time(0.4, 0.1)
        self.assertEqual(world.finds, 1)
        self.assert_served(world, done)

    def test_stalled_holder(self) -> None:
        """What a silent holder owes comes from another one, within a few seconds."""
        world, done, played = self.begun()
        played.say(*self.push(world))
        self.assert_served(world, done)
        sends = [each for each in talk(played.received) if isinstance(each, Send)]
        self.assertTrue(sends)

    def test_replaced(self) -> None:
        """A silent holder gives its place to one that is found."""
        content = Content(some_bytes(3 * MIB))
        world, done, played = self.begun(content)
        played.say(*self.push(world, content=content))
        world.wires.pass_time(2, 0.1)
        self.assertEqual(len(world.wants), 1)
        world.wires.pass_time(1, 0.1)
        self.assertTrue(played.is_lost)
        self.assertIsInstance(self.successResultOf(done).state, Saved)

    def test_liar_among_others(self) -> None:
        """One wrong chunk, and the others deliver what its sender owed."""
        world, done, played = self.begun()
        played.say(*self.push(world))
        world.wires.pass_time(1, 0.1)
        wrong = bytes([chunk(0)[0] ^ 1]) + chunk(0)[1:]
        played.say(Chunk(0, MIB), wrong)
        self.assert_served(world, done)
        self.assertTrue(played.is_lost)


class AnnouncingHolderTests(SwarmingCase):
    """Holders that say which chunks they have."""

    def asked(self, played: Stranger) -> set[int]:
        sends = [each for each in talk(played.received) if isinstance(each, Send)]
        return {
            index
            for send in sends
            for first, count in send.chunks
            for index in range(first, first + count)
        }

    def test_partial(self) -> None:
        """It is asked for what it has announced, and told what has come from elsewhere."""
        world, done, played = self.begun()
        played.say(*self.push(world, partial=True))
        world.wires.settle()
        self.assertEqual(self.asked(played), set())
        played.say(Have(((3, 2), (9, 1))))
        world.wires.settle()
        self.assertEqual(self.asked(played), {3, 4, 9})
        played.say(Chunk(9, MIB), chunk(9), Chunk(3, MIB), chunk(3))
        world.wires.pass_time(0.2, 0.1)
        self.assertIn(Have(((3, 1), (9, 1))), talk(played.received))
        self.assert_served(world, done)

    def test_floods(self) -> None:
        """Chunks that do not exist, and those announced before, end the connection."""
        for haves in (
            [Have(((0, CHUNKS + 1),))],
            [Have(((2**20 - 1, 1),))],
            [Have(((0, 3), (2, 1)))],
            [Have(((0, CHUNKS),))] * 2,
            [Have(((0, 1),) * 64)] * 50,
        ):
            world, done, played = self.begun()
            played.say(*self.push(world, partial=True), *haves)
            self.assert_served(world, done)
            self.assertTrue(played.is_lost)
            self.assertIn(b"ERROR", played.received)

    def test_too_early(self) -> None:
        """Nothing can be announced before the digests are verified."""
        world, done, played = self.begun()
        push, digests = self.push(world)
        played.say(push, digests[:32], Have(((0, 1),)))
        assert played.transport is not None
        played.transport.loseConnection()
        self.assert_served(world, done)

    def test_announces_and_does_not_deliver(self) -> None:
        """What it keeps back comes from others, though it alone seems to have it."""
        world, done, played = self.begun()
        played.say(*self.push(world, partial=True), Have(((0, CHUNKS),)))
        self.assert_served(world, done)

    def test_idle(self) -> None:
        """A holder that announces nothing for half a minute is given up."""
        world, _done, played = self.begun()
        world.found = ()
        played.say(*self.push(world, partial=True))
        world.wires.pass_time(29)
        self.assertFalse(played.is_lost)
        played.say(Have(((0, 1),)))
        world.wires.settle()
        played.say(Chunk(0, MIB), chunk(0))
        world.wires.pass_time(29)
        self.assertFalse(played.is_lost)
        world.wires.pass_time(2)
        self.assertTrue(played.is_lost)


class PartialTests(SwarmingCase):
    """Somebody else who wants what is being downloaded here."""

    def setUp(self) -> None:
        self.mine, self.done, self.played = self.begun()
        self.mine.found = ()
        self.played.say(*self.push(self.mine))
        self.say_chunks(0, 1)
        self.wires: Wires = self.mine.wires
        self.other = Greeter(encode(Hello(PROTOCOL, "peer", "other", "default")))
        self.wires.listeners["127.0.0.1", 9001] = lambda: self.other
        partials = self.mine.downloads.partials
        self.pushes: Pushes = make_pushes(self.wires, lambda file: None, partials)
        self.refused: list[str] = []
        self.want = Want("e" * 32, CONTENT.file, "other", "127.0.0.1", 9001, via=("other",))

    def say_chunks(self, *indexes: int) -> None:
        for index in indexes:
            self.played.say(Chunk(index, MIB), chunk(index))
            self.mine.wires.settle()

    def serve(self) -> None:
        self.pushes.serve(self.want, None, lambda reason, gone=False: self.refused.append(reason))
        self.wires.settle()

    def heard(self) -> list[Message]:
        """Take what the other one has heard."""
        messages = talk(self.other.received)
        self.other.received = b""
        return messages

    def test_served(self) -> None:
        """Verified chunks are announced as they come, and served; others are not."""
        self.serve()
        push = Push(self.want.ticket, CONTENT.file, CONTENT.size, partial=True)
        self.assertEqual(self.heard(), [push, Have(((0, 2),))])
        self.other.say(Send(((5, 1), (1, 1))))
        self.wires.settle()
        self.assertEqual(self.heard(), [Chunk(1, MIB)])
        self.say_chunks(2, 3)
        self.wires.pass_time(0.2, 0.1)
        self.assertEqual(self.heard(), [Have(((2, 2),))])

    def test_outlives_the_download(self) -> None:
        """A push goes on from the published file, for as long as nobody writes to that."""
        self.serve()
        self.say_chunks(*range(2, CHUNKS))
        self.successResultOf(self.done)
        self.assertEqual(self.mine.saved(), CONTENT.content)
        self.heard()
        self.other.say(Send(((7, 1),)))
        self.wires.settle()
        self.assertIn(chunk(7), self.other.received)
        self.other.received = b""
        path = self.mine.folder / "Downloads" / "f1.txt"
        path.write_bytes(b"mine")
        os.utime(path, (time.time(), time.time() + 5))
        self.other.say(Send(((8, 1),)))
        self.wires.settle()
        self.assertIsInstance(self.heard()[-1], Refuse)
        self.assertTrue(self.other.is_lost)

    def test_ends(self) -> None:
        """Nobody else is served once it is saved; of a canceled one nothing is left."""
        self.serve()
        self.mine.downloads.cancel(1)
        self.wires.settle()
        self.heard()
        self.other.say(Send(((1, 1),)))
        self.wires.settle()
        self.assertIsInstance(self.heard()[-1], Refuse)
        self.want = Want("d" * 32, CONTENT.file, "other", "127.0.0.1", 9001)
        self.serve()
        self.assertEqual(len(self.refused), 1)
        self.assertEqual(self.mine.left(), [])

    def test_found_by_id(self) -> None:
        """It is found by its id from the first verified chunk on, until it is saved."""
        partials = self.mine.downloads.partials
        hit = partials.hit(CONTENT.file, "me")
        assert hit is not None
        self.assertEqual((hit.peer, hit.size, hit.partial), ("me", CONTENT.size, True))
        self.assertIsNone(partials.hit("f" * 64, "me"))
        self.say_chunks(*range(2, CHUNKS))
        self.assertIsNone(partials.hit(CONTENT.file, "me"))

    def test_asked_in_return(self) -> None:
        """
        Who wants what is downloaded here may have some of it: it is asked, by the way back.

        But only when nobody else may be asked for everything.
        """
        partials = self.mine.downloads.partials
        partials.wanted_by(Want("c" * 32, CONTENT.file, "p1", "127.0.0.1", 9001, via=("p1", "p2")))
        self.wires.pass_time(1.0)
        self.assertEqual(self.mine.wants[-1].route, ("played",))
        self.played.say(Have(((2, 1),)))
        self.wires.pass_time(1.0)
        self.assertEqual(self.mine.wants[-1].route, ("p2", "p1"))
        count = len(self.mine.wants)
        for false in (("p3", "p1"), ()):
            want = Want("b" * 32, CONTENT.file, "p4", "127.0.0.1", 9001, via=false)
            partials.wanted_by(want)
        partials.wanted_by(Want("a" * 32, "f" * 64, "p5", "127.0.0.1", 9001, via=("p5",)))
        self.wires.settle()
        self.assertEqual(len(self.mine.wants), count)

    def test_false_announcements(self) -> None:
        """A requester that announces nonsense is not served any more; the download goes on."""
        for haves in ([Have(((0, 99),))], [Have(((0, 1),))] * 2):
            self.want = Want(f"{len(haves):032x}", CONTENT.file, "other", "127.0.0.1", 9001)
            self.other = Greeter(encode(Hello(PROTOCOL, "peer", "other", "default")))
            self.serve()
            self.other.say(*haves)
            self.wires.settle()
            self.assertTrue(self.other.is_lost)
        self.say_chunks(*range(2, CHUNKS))
        self.assertIsInstance(self.successResultOf(self.done).state, Saved)

    def test_claims_to_have_all(self) -> None:
        """Who claims to have what it asks for is not sent it."""
        self.serve()
        self.heard()
        self.other.say(Have(((0, CHUNKS),)), Send(((0, 2),)))
        self.wires.settle()
        self.assertEqual(self.heard(), [])
        self.other.say(Done())
        self.wires.settle()
        self.assertTrue(self.other.is_lost)
