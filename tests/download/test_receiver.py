"""What a push brings is taken only as far as it is what was asked for."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from p2p_twisted.download.receiver import ChunkReceiver
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.messages import Chunk, Refuse
from tests.download.cases import LiarCase, names_of
from tests.download.content import Content, some_bytes


class LiarTests(LiarCase):
    """Holders that deliver something else."""

    def test_flipped_bit(self) -> None:
        """One wrong bit, and its sender is not asked for that file for ten minutes."""
        content = Content(some_bytes(3 * MIB))
        world, done, liar = self.begun(content)
        wrong = bytearray(content.content[:MIB])
        wrong[12345] ^= 4
        liar.say(self.push(world, content), content.digests, Chunk(0, MIB), bytes(wrong))
        world.wires.settle()
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)
        hit = world.holders["s1"].hit(content, "again", peer="liar", route=("liar",))
        world.get(hit)
        self.assertEqual(len(world.wants), 2)
        world.wires.pass_time(600)
        world.downloads.cancel(2)
        world.get(hit)
        self.assertEqual(len(world.wants), 3)

    def test_framed(self) -> None:
        """Whoever lies in a holder's name does not keep us from that holder by other ways."""
        content = Content(some_bytes(3 * MIB))
        world = self.world()
        world.holder("evil").is_mute = True
        honest = world.holder("s1", content)
        done = world.get(honest.hit(content, route=("evil", "evil")), honest.hit(content))
        liar = world.stranger()
        liar.say(self.push(world, content), content.digests[:-1] + b"!")
        world.wires.settle()
        self.assert_saved(world, done, content)

    def test_wrong_digests(self) -> None:
        """Digests that are not of the file create nothing."""
        content = Content(some_bytes(3 * MIB))
        world, done, liar = self.begun(content)
        liar.say(self.push(world, content), content.digests[:-1] + b"!")
        self.assertEqual(world.left(), [f"wants/{content.file_id}.json"])
        world.wires.settle()
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)

    def test_mistake(self) -> None:
        """A mistake of ours behind a chunk is logged, and ends that connection alone."""
        content = Content(some_bytes(3 * MIB))
        world, done, liar = self.begun(content)
        liar.say(self.push(world, content), content.digests)
        world.wires.settle()

        def fail(_receiver: ChunkReceiver) -> None:
            patch.restore()
            raise ZeroDivisionError

        patch = self.patch(ChunkReceiver, "ask", fail)
        liar.say(Chunk(0, MIB), content.content[:MIB])
        world.wires.settle()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)

    def test_wrong_announcements(self) -> None:
        """Chunks that were not asked for, or have another length, end the connection."""
        content = Content(some_bytes(2 * MIB + 5))
        for index, length in [(3, MIB), (99, 5), (0, MIB - 1), (2, MIB), (2, 4), (2, 6)]:
            world, done, liar = self.begun(content)
            liar.say(self.push(world, content), content.digests, Chunk(index, length))
            world.wires.settle()
            self.assertIn(b"ERROR", liar.received)
            self.assertTrue(liar.is_lost)
            self.assert_recovers(world, done, content)

    def test_same_chunk_twice(self) -> None:
        """A chunk that has come is not asked for any more."""
        content = Content(some_bytes(2 * MIB))
        world, done, liar = self.begun(content)
        chunk = encode(Chunk(0, MIB)) + content.content[:MIB]
        liar.say(self.push(world, content), content.digests, chunk, chunk)
        world.wires.settle()
        self.assertTrue(liar.is_lost)
        self.assert_recovers(world, done, content)

    def test_truncated(self) -> None:
        """A push may end anywhere: nothing short ever gets a final name."""
        content = Content(some_bytes(MIB + 100))
        for cut in [0, 1, 63, 64, 65, 100, 2_000, MIB, MIB + 64, MIB + 130, MIB + 160]:
            world, done, liar = self.begun(content)
            whole = b"".join(
                [
                    content.digests,
                    encode(Chunk(1, 100)) + content.content[MIB:],
                    encode(Chunk(0, MIB)) + content.content[:MIB],
                ]
            )
            liar.say(self.push(world, content), whole[:cut])
            world.wires.settle()
            self.assertEqual([name for name in world.left() if name.endswith("txt")], [])
            assert liar.transport is not None
            liar.transport.loseConnection()
            self.assert_recovers(world, done, content)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(1, 3 * MIB), max_size=20), st.permutations(range(4)))
    def test_any_chunking(self, cuts: list[int], order: list[int]) -> None:
        """However the bytes are cut, and in whatever order chunks come, the file is whole."""
        content = Content(some_bytes(3 * MIB + 100))
        world, done, holder = self.begun(content)
        chunks = [content.content[index * MIB : (index + 1) * MIB] for index in range(4)]
        whole = content.digests
        for index in order:
            whole += encode(Chunk(index, len(chunks[index]))) + chunks[index]
        holder.say(self.push(world, content))
        # Chunks must not come before they were asked for.
        for start, end in pairwise(sorted({0, 128, len(whole), *cuts})):
            holder.say(whole[start:end])
            world.wires.settle()
        self.assertEqual(names_of(self.assert_saved(world, done, content)), ("liar",))
        self.doCleanups()

    def test_stalls(self) -> None:
        """A holder that stops, or dribbles, is given up after half a minute."""
        content = Content(some_bytes(MIB))
        for dribble in (b"", b"x" * 400):
            world = self.world()
            holder = world.holder("liar")
            holder.is_mute = True
            done = world.get(holder.hit(content))
            liar = world.stranger()
            liar.say(self.push(world, content), content.digests, Chunk(0, MIB), b"x" * 40_000)
            for _ in range(56):
                liar.say(dribble)
                world.wires.pass_time(0.5)
            self.assertFalse(liar.is_lost)
            world.found = (world.holder("s1", content).hit(content),)
            for _ in range(8):
                liar.say(dribble)
                world.wires.pass_time(0.5)
            self.assertTrue(liar.is_lost)
            self.assert_recovers(world, done, content)

    def test_refused_on_the_push(self) -> None:
        """A holder may refuse when it has connected already."""
        content = Content(some_bytes(10))
        world, done, holder = self.begun(content)
        holder.say(self.push(world, content), content.digests, Refuse("0" * 32, "no more"))
        world.wires.settle()
        self.assert_recovers(world, done, content)
