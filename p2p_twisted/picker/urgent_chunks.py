"""Which chunks of a file are wanted before all others, as somebody reads it while it comes."""

from collections.abc import Iterable

from attrs import frozen

from p2p_twisted.picker.ranges import Range


@frozen
class UrgentChunks:
    """
    What those who read a file wait for, and what they read next.

    :ivar awaited: chunks that somebody waits for now, in the order of waiting.
    :ivar ahead: what is read next, in the order in which it is wanted.
    """

    awaited: tuple[int, ...] = ()
    ahead: tuple[Range, ...] = ()

    @property
    def ranges(self) -> tuple[Range, ...]:
        """All of them; those that come first are wanted first."""
        return *((index, 1) for index in self.awaited), *self.ahead

    def turn(self, index: int) -> tuple[int, int]:
        """Return a sort key: urgent chunks come first, in the order in which they are wanted."""
        return self._place(index), index

    def among(self, chunks: Iterable[int]) -> list[int]:
        """Choose those of some chunks that are urgent, in the order in which they are wanted."""
        others = len(self.ranges)
        return sorted((each for each in chunks if self._place(each) < others), key=self.turn)

    def _place(self, index: int) -> int:
        places = enumerate(self.ranges)
        return next(
            (place for place, (first, count) in places if first <= index < first + count),
            len(self.ranges),
        )
