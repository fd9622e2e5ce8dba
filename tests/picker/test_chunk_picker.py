"""Which chunks are asked for, and of whom."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.limits import CHUNKS_ASKED
from p2p_twisted.picker.ranges import Range, ranges
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.limits import MIB

FIRST = 4
"""How many chunks a holder is asked for whose speed is unknown."""


def indexes(asked: tuple[Range, ...]) -> list[int]:
    return [index for first, count in asked for index in range(first, first + count)]


def a_picker(chunks: int, *holders: str, partial: tuple[str, ...] = ()) -> ChunkPicker:
    """Make a picker for a file of full chunks, with holders."""
    picker = ChunkPicker(chunks * MIB, Random(1))
    for holder in (*holders, *partial):
        picker.add(holder, 0.0, is_partial=holder in partial)
    return picker


class OneHolderTests(SynchronousTestCase):
    """One holder with all chunks."""

    def test_in_order(self) -> None:
        """Chunks are requested in order, without verified ones."""
        picker = a_picker(5, "s1")
        picker.verified(1)
        picker.verified(3)
        self.assertEqual(picker.choose("s1", 0), ((0, 1), (2, 1), (4, 1)))
        self.assertEqual(picker.choose("s1", 0), ())

    def test_follows_the_speed(self) -> None:
        """
        It is asked for about as much as it delivers in a second, 2 chunks to 16.

        Where it downloads the file, too, that is a single one while it is slow.
        """
        cases = ((0.001, CHUNKS_ASKED, 2), (0.1, 9, 2), (0.24, 4, 2), (3.0, 2, 2), (3.0, 1, 1))
        for chunk_seconds, most, fewest in cases:
            picker = ChunkPicker(400 * MIB, Random(1))
            picker.add("s1", 0.0, downloads=fewest == 1)
            pending = indexes(picker.choose("s1", 0))
            self.assertEqual(len(pending), fewest * FIRST // 2)
            now = 0.0
            for _ in range(300):
                now += chunk_seconds
                picker.delivered("s1", pending.pop(0), now)
                pending += indexes(picker.choose("s1", now))
                self.assertTrue(pending)
            self.assertIn(len(pending), range((most + 1) // 2, most + 1))

    def test_comes_twice(self) -> None:
        """A chunk that comes twice counts once."""
        picker = a_picker(2, "s1")
        picker.verified(0)
        picker.verified(0)
        self.assertEqual(picker.received, MIB)
        self.assertFalse(picker.is_complete)

    def test_empty(self) -> None:
        """An empty file is complete from the start."""
        picker = a_picker(0, "s1")
        self.assertTrue(picker.is_complete)
        self.assertEqual(picker.choose("s1", 0), ())

    def test_ranges_verified(self) -> None:
        """The verified ranges can be listed."""
        picker = a_picker(6)
        self.assertEqual(tuple(picker.ranges_verified()), ())
        for index in (0, 1, 3, 5):
            picker.verified(index)
        self.assertEqual(tuple(picker.ranges_verified()), ((0, 2), (3, 1), (5, 1)))

    @given(st.sets(st.integers(0, 100)))
    def test_ranges(self, chosen: set[int]) -> None:
        """Ranges name exactly the chosen chunks, and do not touch."""
        joined = tuple(ranges(sorted(chosen)))
        self.assertEqual(indexes(joined), sorted(chosen))
        for (first, count), (following, _count) in pairwise(joined):
            self.assertLess(first + count, following)


class SeveralHoldersTests(SynchronousTestCase):
    """Several holders with all chunks."""

    def test_release(self) -> None:
        """The next holder is asked for what one did not deliver."""
        picker = a_picker(3, "s1", "s2")
        picker.choose("s1", 0)
        picker.verified(1)
        picker.release("s1")
        self.assertFalse(picker.is_asked("s1", 0))
        self.assertEqual(picker.choose("s2", 0), ((0, 1), (2, 1)))

    def test_stall(self) -> None:
        """Others are asked for what is pending at a holder that is silent for two seconds."""
        picker = a_picker(8, "s1", "s2")
        picker.choose("s1", 0)
        picker.choose("s2", 0)
        for index in (4, 5, 6, 7):
            picker.delivered("s2", index, 1.5)
        self.assertFalse(picker.snub_stalling(2.0))
        self.assertTrue(picker.snub_stalling(2.1))
        self.assertFalse(picker.snub_stalling(2.2))
        self.assertEqual(picker.snubbed, ("s1",))
        self.assertEqual(picker.choose("s1", 2.2), ())
        self.assertEqual(indexes(picker.choose("s2", 2.2)), [0, 1])
        # The late copy is no lie, and shows that the holder is back.
        picker.delivered("s2", 0, 2.3)
        self.assertTrue(picker.is_asked("s1", 0))
        picker.delivered("s1", 0, 2.4)
        self.assertEqual(picker.snubbed, ())
        self.assertEqual(picker.received, 5 * MIB)

    def test_bytes_are_a_sign_of_life(self) -> None:
        """A holder that takes minutes for a chunk is not stalled, but one that dribbles is."""
        for piece, is_stalled in ((1_000, False), (200, True)):
            picker = a_picker(8, "s1", "s2")
            picker.choose("s1", 0)
            snubbed = False
            for tick in range(100):
                picker.moved("s1", piece, tick / 2)
                snubbed |= picker.snub_stalling(tick / 2)
            self.assertEqual(snubbed, is_stalled)

    def test_one_more_chance(self) -> None:
        """A snubbed holder whose chunks others have delivered is asked for one."""
        picker = a_picker(20, "s1", "s2")
        for index in indexes(picker.choose("s1", 0)):
            picker.snub_stalling(3)
            picker.verified(index)
        self.assertEqual(picker.choose("s1", 4), ((4, 1),))
        self.assertFalse(picker.snub_stalling(5))
        self.assertTrue(picker.snub_stalling(7))

    def test_tail(self) -> None:
        """At the end the faster one is asked once for what would arrive last."""
        picker = a_picker(6, "slow", "fast", "third")
        slow = indexes(picker.choose("slow", 0))
        self.assertEqual(len(slow), FIRST)
        picker.delivered("slow", slow[0], 4.0)
        for index in indexes(picker.choose("fast", 4.0)):
            picker.delivered("fast", index, 4.1)
        self.assertEqual(indexes(picker.choose("fast", 4.1)), [slow[-1]])
        self.assertEqual(picker.choose("fast", 4.1), ())
        self.assertNotEqual(indexes(picker.choose("third", 4.1)), [slow[-1]])
        picker.delivered("fast", slow[-1], 4.2)
        # The second copy is no lie.
        self.assertTrue(picker.is_asked("slow", slow[-1]))
        picker.delivered("slow", slow[-1], 4.3)
        self.assertFalse(picker.is_asked("slow", slow[-1]))

    def test_no_second_copy_before_the_end(self) -> None:
        """While any chunk is unasked, none is requested twice."""
        picker = a_picker(100, "slow", partial=("fast",))
        slow = indexes(picker.choose("slow", 0))
        picker.announced("fast", ((slow[-1], 1),))
        self.assertEqual(picker.choose("fast", 1.0), ())


class PartialHolderTests(SynchronousTestCase):
    """Holders that announce what they have."""

    def test_only_what_was_announced(self) -> None:
        """A partial holder is asked for what it has announced, and for nothing else."""
        picker = a_picker(10, partial=("p1",))
        self.assertEqual(picker.choose("p1", 0), ())
        picker.announced("p1", ((3, 2), (7, 1)))
        self.assertEqual(sorted(indexes(picker.choose("p1", 0))), [3, 4, 7])
        self.assertEqual(picker.choose("p1", 0), ())

    def test_turns(self) -> None:
        """A holder that begins to announce has forgotten what it was asked for before."""
        picker = a_picker(10, "s1")
        self.assertEqual(indexes(picker.choose("s1", 0)), [0, 1, 2, 3])
        picker.announced("s1", ((2, 1), (9, 1)))
        self.assertEqual(sorted(indexes(picker.choose("s1", 0))), [2, 9])
        # It may have been on its way.
        self.assertTrue(picker.is_asked("s1", 1))
        picker.delivered("s1", 1, 0.1)
        picker.delivered("s1", 2, 0.1)
        self.assertFalse(picker.is_asked("s1", 1))
        self.assertTrue(picker.is_asked("s1", 2))
        picker.announced("s1", ((0, 1), (3, 6), (1, 1)))
        self.assertEqual(sorted(indexes(picker.choose("s1", 0.1))), [0, 3, 4, 5, 6, 7, 8])

    def test_rarest_first(self) -> None:
        """The rarest of a few chunks are requested first."""
        picker = a_picker(12, partial=("p1", "p2", "p3"))
        picker.announced("p1", ((0, 12),))
        picker.announced("p2", ((0, 8),))
        picker.announced("p3", ((0, 6),))
        first = indexes(picker.choose("p1", 0))
        self.assertGreaterEqual(len({8, 9, 10, 11} & set(first)), 3)

    def test_what_only_the_whole_one_has(self) -> None:
        """A holder with all chunks is asked for what partial holders lack."""
        picker = a_picker(64, "s1", partial=("p1",))
        picker.announced("p1", ((0, 60),))
        asked = indexes(picker.choose("s1", 0))
        self.assertGreaterEqual(len({60, 61, 62, 63} & set(asked)), 1)

    def test_downloaders_differ(self) -> None:
        """Two downloaders of one file want different chunks."""
        chosen = []
        for seed in (1, 2):
            picker = ChunkPicker(1_000 * MIB, Random(seed))
            picker.add("p1", 0.0, is_partial=True)
            picker.announced("p1", ((0, 1_000),))
            chosen.append(picker.choose("p1", 0))
        self.assertNotEqual(*chosen)

    def test_worth_telling(self) -> None:
        """A holder is told what is there if it chooses by that, or is to send something no more."""
        picker = a_picker(100, "s1")
        picker.add("seeder", 0.0, is_partial=True)
        picker.add("p1", 0.0, is_partial=True, downloads=True)
        told = [name for name in ("s1", "seeder", "p1") if picker.is_worth_telling(name)]
        self.assertEqual(told, ["seeder"])
        picker.announced("p1", ((7, 1),))
        picker.announced("s1", ((7, 1),))
        self.assertEqual(picker.choose("p1", 0.0), ((7, 1),))
        picker.delivered("s1", 7, 0.0)
        self.assertTrue(picker.is_worth_telling("p1"))

    def test_wrong_announcements(self) -> None:
        """Announcing chunks that do not exist, or twice, is a protocol error."""
        for first, second in (
            (((0, 11),), ()),
            (((10, 1),), ()),
            (((1, 3), (3, 1)), ()),
            (((1, 3),), ((3, 1),)),
            (((0, 10),), ((0, 10),)),
        ):
            picker = a_picker(10, "s1")
            with self.assertRaises(ProtocolError):
                picker.announced("s1", first)
                picker.announced("s1", second or ((99, 1),))

    def test_large(self) -> None:
        """The cost of choosing a chunk does not depend on their number."""
        chunks = 20_000
        picker = a_picker(chunks, "s1", partial=("p1", "p2"))
        picker.announced("p1", ((0, chunks),))
        picker.announced("p2", ((chunks // 2, chunks // 2),))
        now = 0.0
        while not picker.is_complete:
            for holder in ("s1", "p1", "p2"):
                now += 0.001
                for index in indexes(picker.choose(holder, now)):
                    picker.delivered(holder, index, now)
        self.assertEqual(picker.received, picker.size)
