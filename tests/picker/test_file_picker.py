"""Which small files are asked of whom."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker import limits
from p2p_twisted.picker.file_picker import FilePicker
from p2p_twisted.wire import limits as wire_limits

HOLDERS = ("s1", "s2", "s3")


def files(count: int, size: int = 10) -> dict[str, int]:
    """Name files of one size."""
    return {f"{number:064x}": size for number in range(count)}


class PoolTests(SynchronousTestCase):
    """One decision at a time."""

    def test_few_at_first(self) -> None:
        """A holder is asked for a few, and for more the more it delivers."""
        pool = FilePicker(files(1_000))
        pool.add("s1")
        first = pool.ask("s1")
        self.assertEqual(len(first), 32)
        self.assertEqual(pool.ask("s1"), ())
        most = 0
        while asked := [file for file in pool.missing() if pool.is_pending("s1", file)]:
            for file in asked:
                pool.delivered("s1", file)
                pool.saved(file)
                pool.ask("s1")
            most = max(most, len(asked))
        self.assertEqual(most, limits.FILES_ASKED)
        self.assertTrue(pool.is_complete)

    def test_shared(self) -> None:
        """No two holders are asked for the same while there is something else."""
        pool = FilePicker(files(64))
        for holder in HOLDERS:
            pool.add(holder)
        asked = [pool.ask(holder) for holder in HOLDERS]
        self.assertEqual([len(each) for each in asked], [32, 32, 16])
        self.assertTrue(set(asked[0]).isdisjoint(asked[1]))
        self.assertEqual(set(asked[2]), set(asked[0][-16:]))

    def test_large_ones(self) -> None:
        """Not more bytes are asked for than may be waiting."""
        pool = FilePicker(files(20, wire_limits.MIB))
        pool.add("s1")
        self.assertEqual(len(pool.ask("s1")), limits.FILES_ASKED_BYTES // wire_limits.MIB)

    def test_unsaved(self) -> None:
        """While the disk does not keep up, nothing more is asked for."""
        pool = FilePicker(files(20, wire_limits.MIB))
        pool.add("s1")
        came = pool.ask("s1")
        for file in came:
            self.assertTrue(pool.delivered("s1", file))
        self.assertEqual(pool.ask("s1"), ())
        self.assertFalse(pool.is_done("s1"))
        pool.saved(came[0])
        self.assertEqual(len(pool.ask("s1")), 1)

    def test_lost(self) -> None:
        """What a lost holder owes others are asked for, but what came is not."""
        pool = FilePicker(files(40))
        for holder in HOLDERS[:2]:
            pool.add(holder)
        lost = pool.ask("s1")
        pool.delivered("s1", lost[0])
        rest = pool.ask("s2")
        pool.release("s1")
        for file in rest:
            pool.delivered("s2", file)
        self.assertEqual(pool.ask("s2"), lost[1:])

    def test_not_offered(self) -> None:
        """A holder is asked only for what it has, and never again for what it refuses."""
        pool = FilePicker(files(4))
        one, two, three, four = pool.missing()
        pool.add("s1", [one, two])
        pool.add("s2")
        self.assertEqual(pool.ask("s1"), (one, two))
        pool.refused("s1", one)
        pool.refused("s2", two)
        self.assertEqual(pool.ask("s2"), (one, three, four))
        pool.refused("s1", two)
        self.assertTrue(pool.is_done("s1"))

    def test_given_up(self) -> None:
        """Given up is what all refuse who were said to have it: those who are away may have it."""
        pool = FilePicker(files(2))
        one, two = pool.missing()
        for holder in ("s1", "s2", "s3"):
            pool.refused(holder, one)
            pool.refused(holder, two)
        self.assertEqual(pool.give_up([]), ())
        pool.promised("s1", [one])
        pool.promised("s4", [two])
        self.assertEqual(pool.give_up(["s5"]), ())
        self.assertEqual(pool.give_up(["s2"]), (one,))
        pool.refused("s4", two)
        self.assertEqual(pool.give_up([]), (two,))

    def test_all_promised(self) -> None:
        """Somebody may be said to have everything."""
        pool = FilePicker(files(1))
        [one] = pool.missing()
        pool.promised("s1")
        pool.refused("s2", one)
        self.assertEqual(pool.give_up(["s2"]), ())
        pool.mark_empty("s1")
        self.assertEqual(pool.give_up(["s2"]), (one,))

    def test_opening(self) -> None:
        """A holder connects with another file each time."""
        pool = FilePicker(files(3))
        pool.add("s1")
        self.assertEqual({pool.opening("s1") for _ in range(3)}, set(pool.missing()))
        self.assertEqual(sorted(pool.ask("s1")), sorted(pool.missing()))

    def test_opening_with_what_is_known(self) -> None:
        """A holder that told of a file connects with that, unless it has not got it after all."""
        pool = FilePicker(files(100))
        *_, last = pool.missing()
        pool.add("s1")
        self.assertEqual([pool.opening("s1", last) for _ in range(3)], 3 * [last])
        pool.refused("s1", last)
        self.assertNotEqual(pool.opening("s1", last), last)

    def test_refused_to_open(self) -> None:
        """What a holder did not even connect for, it is not asked for."""
        pool = FilePicker(files(2))
        pool.add("s1")
        refused = pool.opening("s1")
        assert refused is not None
        pool.refused("s1", refused)
        other = pool.opening("s1")
        self.assertNotIn(other, (refused, None))
        self.assertEqual(pool.ask("s1"), (other,))


class PoolMachine(RuleBasedStateMachine):
    """Holders come, deliver, refuse and go in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes = files(12)
        self.pool = FilePicker(self.sizes)
        self.owed: dict[str, list[str]] = {}
        self.came: set[str] = set()
        self.given_up: set[str] = set()

    @rule(holder=st.sampled_from(HOLDERS), some=st.none() | st.sets(st.integers(0, 11)))
    def offer(self, holder: str, some: set[int] | None) -> None:
        if holder not in self.owed:
            self.pool.add(holder, None if some is None else [f"{each:064x}" for each in some])
            self.owed[holder] = []

    @precondition(lambda self: self.owed)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.owed)))
        if data.draw(st.booleans()):
            self.pool.opening(holder)
        asked = self.pool.ask(holder)
        assert not set(asked) & (set(self.owed[holder]) | self.came | self.given_up)
        self.owed[holder] += asked
        # No holder is left without work for good while there is any.
        assert self.pool.is_done(holder) or self.owed[holder]

    @precondition(lambda self: any(self.owed.values()))
    @rule(data=st.data(), is_there=st.booleans())
    def answer(self, data: st.DataObject, is_there: bool) -> None:
        holder = data.draw(st.sampled_from(sorted(name for name in self.owed if self.owed[name])))
        file = data.draw(st.sampled_from(self.owed[holder]))
        self.owed[holder].remove(file)
        if not is_there:
            self.pool.refused(holder, file)
            return
        is_wanted = file not in self.came and file not in self.given_up
        assert self.pool.delivered(holder, file) == is_wanted
        if is_wanted:
            self.came.add(file)
            self.pool.saved(file)

    @precondition(lambda self: self.owed)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.owed)))
        self.pool.release(holder)
        del self.owed[holder]

    @rule(holders=st.sets(st.sampled_from(HOLDERS)))
    def give_up(self, holders: set[str]) -> None:
        self.given_up |= set(self.pool.give_up(holders))

    @invariant()
    def nothing_is_lost(self) -> None:
        left = set(self.sizes) - self.came - self.given_up
        assert set(self.pool.missing()) == left
        assert self.pool.is_complete == (not left)

    def teardown(self) -> None:
        """A holder that has everything and refuses nothing delivers what is left."""
        self.pool.add("s9")
        while not self.pool.is_complete:
            asked = self.pool.ask("s9")
            assert asked, "nothing is asked for, and something is missing"
            for file in asked:
                if self.pool.delivered("s9", file):
                    self.pool.saved(file)


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
