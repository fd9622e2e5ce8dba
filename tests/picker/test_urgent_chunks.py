"""What somebody waits for who reads a file while it comes."""

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.limits import CHUNKS_OWED
from p2p_twisted.wire.limits import MIB
from tests.picker.test_chunk_picker import a_picker, indexes


class UrgentTests(SynchronousTestCase):
    """Chunks that somebody waits for."""

    def test_first(self) -> None:
        """They are asked for before all others, in their order, and then the others are."""
        picker = a_picker(12, "s1")
        picker.hurry([(9, 16), (5, 1)])
        picker.verified(10)
        self.assertEqual(indexes(picker.choose("s1", 0)), [9, 11, 5, 0])

    def test_only_once(self) -> None:
        """What is pending is not asked for again, unless its holder stalls."""
        picker = a_picker(12, "s1", "s2")
        picker.hurry([(8, 2)])
        self.assertEqual(indexes(picker.choose("s1", 0)), [8, 9, 0, 1])
        self.assertEqual(indexes(picker.choose("s2", 0)), [2, 3, 4, 5])
        picker.release("s1")
        for index in (2, 3, 4, 5):
            picker.delivered("s2", index, 1)
        self.assertEqual(indexes(picker.choose("s2", 1))[:2], [8, 9])

    def test_not_announced(self) -> None:
        """Nobody is asked for what it does not have."""
        picker = a_picker(12, "s1", partial=("s2",))
        picker.hurry([(8, 4)])
        picker.announced("s2", [(2, 1), (9, 1)])
        self.assertEqual(indexes(picker.choose("s2", 0)), [9, 2])
        self.assertIn(8, indexes(picker.choose("s1", 0)))


class AwaitedTests(SynchronousTestCase):
    """Chunks that somebody waits for, and holders that can be told what to send first."""

    def picker(self, *holders: str) -> ChunkPicker:
        picker = ChunkPicker(40 * MIB, Random(1))
        for holder in holders:
            picker.add(holder, 0.0, reorders=True)
        return picker

    def test_jumped(self) -> None:
        """Whoever jumps is served next, however much is pending."""
        picker = self.picker("s1")
        self.assertEqual(indexes(picker.choose("s1", 0)), [0, 1, 2, 3])
        picker.hurry([(30, 16)], [30])
        self.assertEqual(picker.choose("s1", 0), ((30, 4),))
        self.assertEqual(picker.prefer("s1"), ((30, 4),))
        self.assertEqual(picker.prefer("s1"), ())

    def test_already_pending(self) -> None:
        """What is pending behind others comes before them; what comes next anyway is not said."""
        picker = self.picker("s1")
        picker.choose("s1", 0)
        picker.hurry([(2, 1)], [2])
        self.assertEqual(picker.choose("s1", 0), ())
        self.assertEqual(picker.prefer("s1"), ((2, 1),))
        picker.delivered("s1", 2, 1)
        picker.hurry([(0, 2)], [0])
        self.assertEqual(picker.prefer("s1"), ())

    def test_several_readers(self) -> None:
        """What each waits for comes before what any of them reads next."""
        picker = self.picker("s1")
        picker.hurry([(30, 16), (10, 16), (20, 16)], [20, 10, 30])
        self.assertEqual(picker.choose("s1", 0), ((20, 1), (10, 1), (30, 2)))

    def test_bounded(self) -> None:
        """Whoever jumps again and again does not have ever more asked for."""
        picker = self.picker("s1")
        picker.choose("s1", 0)
        for index in range(39, 4, -1):
            picker.hurry([(index, 1)], [index])
            picker.choose("s1", 0)
        owed = [index for index in range(40) if picker.is_asked("s1", index)]
        self.assertEqual(len(owed), CHUNKS_OWED)

    def test_cannot_reorder(self) -> None:
        """A holder of an earlier version is asked when it has room, and told nothing else."""
        picker = a_picker(40, "s1")
        picker.choose("s1", 0)
        picker.hurry([(30, 16)], [30])
        self.assertEqual((picker.choose("s1", 0), picker.prefer("s1")), ((), ()))
        picker.delivered("s1", 0, 0.2)
        picker.delivered("s1", 1, 0.4)
        self.assertEqual(indexes(picker.choose("s1", 0.4))[0], 30)

    def test_of_the_fastest(self) -> None:
        """It is asked of a fast holder, even if it is pending at a slow one."""
        picker = self.picker("slow", "fast")
        for holder, seconds in (("slow", 4.0), ("fast", 0.2)):
            for index in indexes(picker.choose(holder, 0)):
                picker.delivered(holder, index, seconds)
        slow = indexes(picker.choose("slow", 4.0))
        picker.hurry([(30, 16)], [30])
        self.assertNotIn(30, indexes(picker.choose("slow", 4.0)))
        self.assertIn(30, indexes(picker.choose("fast", 4.0)))
        picker.hurry([(slow[1], 1)], [slow[1]])
        self.assertIn(slow[1], indexes(picker.choose("fast", 4.0)))
        self.assertNotIn(slow[1], indexes(picker.choose("fast", 4.0)))
