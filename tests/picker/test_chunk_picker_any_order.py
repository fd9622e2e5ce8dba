"""Plans hold, in whatever order holders join, deliver, announce, stall and leave."""

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)

from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.limits import CHUNKS_ASKED
from p2p_twisted.picker.ranges import ranges
from p2p_twisted.wire.limits import MIB
from tests.picker.test_chunk_picker import indexes


class AnyOrder(RuleBasedStateMachine):
    """
    Deliveries, losses, stalls and lies in any order.

    The model: which chunks each holder was asked for and still may deliver.
    """

    CHUNKS = 40
    holders = Bundle("holders")

    def __init__(self) -> None:
        super().__init__()
        self.picker = ChunkPicker(self.CHUNKS * MIB - 5, Random(3))
        self.now = 0.0
        self.names = 0
        self.owed: dict[str, list[int]] = {}
        self.announced: dict[str, set[int] | None] = {}
        self.had: set[int] = set()

    @rule(target=holders, is_partial=st.booleans(), reorders=st.booleans())
    def joins(self, is_partial: bool, reorders: bool) -> str:
        """A holder is added."""
        self.names += 1
        name = f"s{self.names}"
        self.picker.add(name, self.now, is_partial=is_partial, reorders=reorders)
        self.owed[name] = []
        self.announced[name] = set() if is_partial else None
        return name

    @rule(holder=holders)
    def asks(self, holder: str) -> None:
        """It is asked for nothing that is verified, and for nothing that it does not have."""
        asked = indexes(self.picker.choose(holder, self.now))
        assert self.had.isdisjoint(asked)
        has = self.announced[holder]
        assert has is None or has.issuperset(asked)
        self.owed[holder] += asked
        assert len(asked) <= CHUNKS_ASKED
        first = indexes(self.picker.prefer(holder))
        assert set(self.owed[holder]).issuperset(first)

    @rule(awaited=st.lists(st.integers(0, CHUNKS - 1), unique=True, max_size=8))
    def somebody_reads(self, awaited: list[int]) -> None:
        """Some read it while it comes."""
        self.picker.hurry([(index, 16) for index in awaited], awaited)

    @rule(holder=holders, data=st.data())
    def delivers(self, holder: str, data: st.DataObject) -> None:
        """It delivers a chunk that it was asked for, which may be verified already."""
        if not self.owed[holder]:
            return
        index = self.owed[holder].pop(data.draw(st.integers(0, len(self.owed[holder]) - 1)))
        assert self.picker.is_asked(holder, index)
        assert self.picker.is_verified(index) == (index in self.had)
        self.picker.delivered(holder, index, self.now)
        self.had.add(index)

    @rule(holder=holders, first=st.integers(0, CHUNKS - 1), count=st.integers(1, 20))
    def announces(self, holder: str, first: int, count: int) -> None:
        """It announces new chunks; earlier requests may stay unanswered."""
        has = self.announced[holder]
        if has is None:
            has = self.announced[holder] = set()
        fresh = set(range(first, min(first + count, self.CHUNKS))) - has
        self.picker.announced(holder, tuple(ranges(sorted(fresh))))
        has |= fresh

    @rule(holder=consumes(holders))
    def leaves(self, holder: str) -> None:
        """It is lost or has lied."""
        self.picker.release(holder)
        del self.owed[holder], self.announced[holder]

    @rule(seconds=st.sampled_from([0.01, 0.5, 3.0]))
    def time_passes(self, seconds: float) -> None:
        """Some holders stall."""
        self.now += seconds
        self.picker.snub_stalling(self.now)

    @invariant()
    def counts(self) -> None:
        """It knows which chunks are verified."""
        last = MIB - 5 if self.CHUNKS - 1 in self.had else 0
        full = len(self.had - {self.CHUNKS - 1}) * MIB
        assert self.picker.received == full + last
        assert set(indexes(tuple(self.picker.ranges_verified()))) == self.had

    @precondition(lambda self: not self.picker.is_complete)
    @rule()
    def one_is_enough(self) -> None:
        """In the end, one honest holder with all chunks completes the file."""
        self.picker.add("honest", self.now)
        for _ in range(20 * self.CHUNKS):
            for index in indexes(self.picker.choose("honest", self.now)):
                assert index not in self.had
                self.now += 0.1
                self.picker.delivered("honest", index, self.now)
                self.had.add(index)
            self.now += 0.5
            self.picker.snub_stalling(self.now)
        assert self.picker.is_complete
        self.picker.release("honest")


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
AnyOrderTests = AnyOrder.TestCase
