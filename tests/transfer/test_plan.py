"""Which chunks are asked for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.transfer.plan import Plan, Range, ranges
from p2p_twisted.wire.content import chunk_count
from p2p_twisted.wire.limits import CHUNKS_ASKED, MIB


def indexes(asked: tuple[Range, ...]) -> list[int]:
    return [index for first, count in asked for index in range(first, first + count)]


class PlanTests(SynchronousTestCase):
    """One file, asked for chunk by chunk."""

    def test_keeps_a_holder_busy(self) -> None:
        """More is asked for as soon as half of what was asked has come."""
        plan = Plan(100 * MIB)
        self.assertEqual(plan.ask("s1"), ((0, 16),))
        for index in range(7):
            plan.verified(index)
            self.assertEqual(plan.ask("s1"), ())
        plan.verified(7)
        self.assertEqual(plan.ask("s1"), ((16, 8),))

    def test_skips_what_is_there(self) -> None:
        """Chunks verified before are not asked for."""
        plan = Plan(5 * MIB)
        plan.verified(1)
        plan.verified(3)
        self.assertEqual(plan.ask("s1"), ((0, 1), (2, 1), (4, 1)))

    def test_release(self) -> None:
        """What one holder did not deliver, the next one is asked for."""
        plan = Plan(3 * MIB)
        plan.ask("s1")
        plan.verified(1)
        plan.release("s1")
        self.assertFalse(plan.is_asked("s1", 0))
        self.assertEqual(plan.ask("s2"), ((0, 1), (2, 1)))

    def test_comes_twice(self) -> None:
        """A chunk that comes twice counts once."""
        plan = Plan(2 * MIB)
        plan.verified(0)
        plan.verified(0)
        self.assertEqual(plan.received, MIB)
        self.assertFalse(plan.is_complete)

    def test_empty(self) -> None:
        """An empty file is complete from the start."""
        self.assertTrue(Plan(0).is_complete)
        self.assertEqual(Plan(0).ask("s1"), ())

    @given(
        st.integers(0, 60 * MIB),
        st.lists(st.tuples(st.sampled_from(["s1", "s2", "s3"]), st.integers(0, 20), st.booleans())),
    )
    def test_every_chunk_once(self, size: int, turns: list[tuple[str, int, bool]]) -> None:
        """Whatever holders do, no chunk is owed by two, and all get there in the end."""
        plan = Plan(size)
        owed: dict[str, set[int]] = {"s1": set(), "s2": set(), "s3": set()}
        had: set[int] = set()
        for holder, delivers, leaves in [*turns, *[("s1", 20, False), ("s2", 0, True)] * 20]:
            asked = indexes(plan.ask(holder))
            for other in owed.values():
                self.assertTrue(other.isdisjoint(asked))
            self.assertTrue(had.isdisjoint(asked))
            owed[holder].update(asked)
            self.assertLessEqual(len(owed[holder]), CHUNKS_ASKED)
            for index in sorted(owed[holder])[:delivers]:
                self.assertTrue(plan.is_asked(holder, index))
                plan.verified(index)
                owed[holder].discard(index)
                had.add(index)
            if leaves:
                plan.release(holder)
                owed[holder].clear()
            self.assertEqual(plan.is_complete, len(had) == chunk_count(size))
        for holder in ("s2", "s3"):
            plan.release(holder)
        while asked := indexes(plan.ask("s1")):
            owed["s1"].update(asked)
            while owed["s1"]:
                plan.verified(owed["s1"].pop())
        for index in owed["s1"]:
            plan.verified(index)
        self.assertTrue(plan.is_complete)
        self.assertEqual(plan.received, size)

    @given(st.sets(st.integers(0, 100)))
    def test_ranges(self, chosen: set[int]) -> None:
        """Ranges name exactly the chosen chunks, and do not touch."""
        joined = tuple(ranges(sorted(chosen)))
        self.assertEqual(indexes(joined), sorted(chosen))
        for (first, count), (following, _count) in pairwise(joined):
            self.assertLess(first + count, following)
