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
    """Make ids of files of one size."""
    return {f"{number:064x}": size for number in range(count)}


class FilePickerTests(SynchronousTestCase):
    """One decision at a time."""

    def test_few_at_first(self) -> None:
        """A holder is asked for a few files, and for more as it delivers."""
        picker = FilePicker(files(1_000))
        picker.add("s1")
        first = picker.choose("s1")
        self.assertEqual(len(first), 32)
        self.assertEqual(picker.choose("s1"), ())
        most = 0
        while asked := [
            file_id
            for file_id in picker.missing()
            if picker.pending_size("s1", file_id) is not None
        ]:
            for file_id in asked:
                picker.delivered("s1", file_id)
                picker.saved(file_id)
                picker.choose("s1")
            most = max(most, len(asked))
        self.assertEqual(most, limits.FILES_ASKED)
        self.assertTrue(picker.is_complete)

    def test_shared(self) -> None:
        """No two holders are asked for the same file while another is left."""
        picker = FilePicker(files(64))
        for holder in HOLDERS:
            picker.add(holder)
        asked = [picker.choose(holder) for holder in HOLDERS]
        self.assertEqual([len(each) for each in asked], [32, 32, 16])
        self.assertTrue(set(asked[0]).isdisjoint(asked[1]))
        self.assertEqual(set(asked[2]), set(asked[0][-16:]))

    def test_large_ones(self) -> None:
        """The bytes that are requested are bounded."""
        picker = FilePicker(files(20, wire_limits.MIB))
        picker.add("s1")
        self.assertEqual(len(picker.choose("s1")), limits.FILES_ASKED_BYTES // wire_limits.MIB)

    def test_unsaved(self) -> None:
        """While the disk does not keep up, nothing more is requested."""
        picker = FilePicker(files(20, wire_limits.MIB))
        picker.add("s1")
        came = picker.choose("s1")
        for file_id in came:
            self.assertTrue(picker.delivered("s1", file_id))
        self.assertEqual(picker.choose("s1"), ())
        self.assertFalse(picker.is_done("s1"))
        picker.saved(came[0])
        self.assertEqual(len(picker.choose("s1")), 1)

    def test_lost(self) -> None:
        """Others are asked for what is pending at a lost holder, but not for what it delivered."""
        picker = FilePicker(files(40))
        for holder in HOLDERS[:2]:
            picker.add(holder)
        lost = picker.choose("s1")
        picker.delivered("s1", lost[0])
        rest = picker.choose("s2")
        picker.release("s1")
        for file_id in rest:
            picker.delivered("s2", file_id)
        self.assertEqual(picker.choose("s2"), lost[1:])

    def test_not_offered(self) -> None:
        """A holder is asked only for what it has, and never again for what it refuses."""
        picker = FilePicker(files(4))
        one, two, three, four = picker.missing()
        picker.add("s1", [one, two])
        picker.add("s2")
        self.assertEqual(picker.choose("s1"), (one, two))
        picker.refused("s1", one)
        picker.refused("s2", two)
        self.assertEqual(picker.choose("s2"), (one, three, four))
        picker.refused("s1", two)
        self.assertTrue(picker.is_done("s1"))

    def test_given_up(self) -> None:
        """A file is given up if all holders said to have it refuse it, also those not connected."""
        picker = FilePicker(files(2))
        one, two = picker.missing()
        for holder in ("s1", "s2", "s3"):
            picker.refused(holder, one)
            picker.refused(holder, two)
        self.assertEqual(picker.give_up([]), ())
        picker.promised("s1", [one])
        picker.promised("s4", [two])
        self.assertEqual(picker.give_up(["s5"]), ())
        self.assertEqual(picker.give_up(["s2"]), (one,))
        picker.refused("s4", two)
        self.assertEqual(picker.give_up([]), (two,))

    def test_all_promised(self) -> None:
        """A holder may be said to have everything."""
        picker = FilePicker(files(1))
        [one] = picker.missing()
        picker.promised("s1")
        picker.refused("s2", one)
        self.assertEqual(picker.give_up(["s2"]), ())
        picker.mark_empty("s1")
        self.assertEqual(picker.give_up(["s2"]), (one,))

    def test_opening(self) -> None:
        """A holder connects with another file each time."""
        picker = FilePicker(files(3))
        picker.add("s1")
        self.assertEqual({picker.opening("s1") for _ in range(3)}, set(picker.missing()))
        self.assertEqual(sorted(picker.choose("s1")), sorted(picker.missing()))

    def test_opening_with_what_is_known(self) -> None:
        """A holder that announced a file connects with it, unless it has refused it."""
        picker = FilePicker(files(100))
        *_, last = picker.missing()
        picker.add("s1")
        self.assertEqual([picker.opening("s1", last) for _ in range(3)], 3 * [last])
        picker.refused("s1", last)
        self.assertNotEqual(picker.opening("s1", last), last)

    def test_refused_to_open(self) -> None:
        """A holder is not asked for a file that it refused when asked to connect."""
        picker = FilePicker(files(2))
        picker.add("s1")
        refused = picker.opening("s1")
        assert refused is not None
        picker.refused("s1", refused)
        other = picker.opening("s1")
        self.assertNotIn(other, (refused, None))
        self.assertEqual(picker.choose("s1"), (other,))


class FilePickerMachine(RuleBasedStateMachine):
    """Holders are added, deliver, refuse and are lost in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes = files(12)
        self.picker = FilePicker(self.sizes)
        self.pending: dict[str, list[str]] = {}
        self.came: set[str] = set()
        self.given_up: set[str] = set()

    @rule(holder=st.sampled_from(HOLDERS), some=st.none() | st.sets(st.integers(0, 11)))
    def offer(self, holder: str, some: set[int] | None) -> None:
        if holder not in self.pending:
            self.picker.add(holder, None if some is None else [f"{each:064x}" for each in some])
            self.pending[holder] = []

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.pending)))
        if data.draw(st.booleans()):
            self.picker.opening(holder)
        asked = self.picker.choose(holder)
        assert not set(asked) & (set(self.pending[holder]) | self.came | self.given_up)
        self.pending[holder] += asked
        # No holder is left without work for good while there is any.
        assert self.picker.is_done(holder) or self.pending[holder]

    @precondition(lambda self: any(self.pending.values()))
    @rule(data=st.data(), is_there=st.booleans())
    def answer(self, data: st.DataObject, is_there: bool) -> None:
        holder = data.draw(
            st.sampled_from(sorted(name for name in self.pending if self.pending[name]))
        )
        file_id = data.draw(st.sampled_from(self.pending[holder]))
        self.pending[holder].remove(file_id)
        if not is_there:
            self.picker.refused(holder, file_id)
            return
        is_wanted = file_id not in self.came and file_id not in self.given_up
        assert self.picker.delivered(holder, file_id) == is_wanted
        if is_wanted:
            self.came.add(file_id)
            self.picker.saved(file_id)

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        holder = data.draw(st.sampled_from(sorted(self.pending)))
        self.picker.release(holder)
        del self.pending[holder]

    @rule(holders=st.sets(st.sampled_from(HOLDERS)))
    def give_up(self, holders: set[str]) -> None:
        self.given_up |= set(self.picker.give_up(holders))

    @invariant()
    def nothing_is_lost(self) -> None:
        left = set(self.sizes) - self.came - self.given_up
        assert set(self.picker.missing()) == left
        assert self.picker.is_complete == (not left)

    def teardown(self) -> None:
        """A holder that has everything and refuses nothing delivers what is left."""
        self.picker.add("s9")
        while not self.picker.is_complete:
            asked = self.picker.choose("s9")
            assert asked, "nothing is asked for, and something is missing"
            for file_id in asked:
                if self.picker.delivered("s9", file_id):
                    self.picker.saved(file_id)


TestFilePickerMachine = FilePickerMachine.TestCase
TestFilePickerMachine.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
