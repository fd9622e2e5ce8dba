"""Downloads from several holders, of which some are still downloading themselves."""

from p2p_twisted.bandwidth.limits import HOLDERS_PER_FILE
from p2p_twisted.download.progress import Saved
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Chunk, Have, Refuse, Send
from tests.download.content import Content, some_bytes
from tests.download.swarms import CHUNKS, CONTENT, SwarmingCase, chunk, talk
from tests.download.wires import Stranger


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
        reads = [holder.contents[CONTENT.file_id].reads for holder in holders]
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
        world.tickets.refused(Refuse(world.wants[0].ticket, "busy"))
        self.assertEqual(world.wants[-1].route, (f"s{HOLDERS_PER_FILE}",))

    def test_found_while_it_runs(self) -> None:
        """Half a second after the start others are looked for, and asked."""
        world, done, played = self.begun()
        played.say(*self.push(world))
        world.wires.pass_time(0.4, 0.1)
        self.assertEqual(world.finds, [])
        world.wires.pass_time(0.4, 0.1)
        self.assertEqual(world.finds, [False])
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
