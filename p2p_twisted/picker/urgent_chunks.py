"""Which chunks of a file are wanted before all others, as somebody reads it while it comes."""

from collections.abc import Iterable

from attrs import field, frozen

from p2p_twisted.picker.ranges import Range


@frozen
class UrgentChunks:
    """
    What those who read a file wait for, and what they read next.

    :ivar awaited: chunks that somebody waits for now, in the order of waiting.
    :ivar ahead: what is read next, in the order in which it is wanted.
    :ivar ranges: all of them; those that come first are wanted first.
    """

    awaited: tuple[int, ...] = ()
    ahead: tuple[Range, ...] = ()
    ranges: tuple[Range, ...] = field(init=False)

    @ranges.default
    def _all_of_them(self) -> tuple[Range, ...]:
        return *((index, 1) for index in self.awaited), *self.ahead

    def turn(self, index: int) -> tuple[int, int]:
        """Return a sort key: urgent chunks come first, in the order in which they are wanted."""
        return self._place(index), index

    def among(self, chunks: Iterable[int]) -> list[int]:
        """Choose those of some chunks that are urgent, in the order in which they are wanted."""
        others = len(self.ranges)
        if not others:
            # Mostly nobody reads, and this is asked for each chunk that comes.
            return []
        return sorted((each for each in chunks if self._place(each) < others), key=self.turn)

    def _place(self, index: int) -> int:
        places = enumerate(self.ranges)
        return next(
            (place for place, (first, count) in places if first <= index < first + count),
            len(self.ranges),
        )
