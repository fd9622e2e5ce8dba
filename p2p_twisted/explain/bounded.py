"""Keep what peers make this one remember within bounds, so that none pushes out what others did."""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from attrs import define, field

T = TypeVar("T")


@define
class FairList(Generic[T]):
    """
    The last things that happened, of which each neighbor has a share.

    Once it is full, one of those goes that there are most of from one neighbor: whoever makes much
    happen pushes out its own. So what a neighbor makes up does not hide what others did.

    :param most: how many are kept.
    :param owner: names the neighbor that something came from.
    :param worth: says which of its own goes last; the oldest goes first among equals.
    """

    _most: int
    _owner: Callable[[T], Hashable]
    _worth: Callable[[T], float] = lambda _thing: 0.0
    kept: list[T] = field(factory=list, init=False)

    def add(self, thing: T) -> None:
        """Keep one more thing, and perhaps forget an older one."""
        self.kept.append(thing)
        if len(self.kept) > self._most:
            least = self._least_needed()
            self.kept = [each for each in self.kept if each is not least]

    def _least_needed(self) -> T:
        [(owner, _count)] = Counter(map(self._owner, self.kept)).most_common(1)
        return min((each for each in self.kept if self._owner(each) == owner), key=self._worth)
