"""Perform what was decided, in order, however what is performed leads to more."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

_Effect = TypeVar("_Effect")


def _do_nothing() -> None:
    pass


class EffectQueue(Generic[_Effect]):
    """
    Performs effects in the order in which they were decided.

    What an effect leads to is performed after those that stand before it, by the outermost
    call, however deep the calls nest.

    :param perform: performs one; where it raises, the others are performed all the same.
    :param performed: is called whenever all have been performed.
    """

    def __init__(
        self, perform: Callable[[_Effect], None], performed: Callable[[], None] = _do_nothing
    ) -> None:
        self._perform = perform
        self._performed = performed
        self._effects: deque[_Effect] = deque()
        self._is_performing = False

    def add(self, effects: Iterable[_Effect]) -> None:
        """Put effects behind those that wait."""
        self._effects.extend(effects)

    def perform(self) -> None:
        """Perform all that wait, unless that is being done."""
        if self._is_performing:
            return
        self._is_performing = True
        try:
            while self._effects:
                self._perform(self._effects.popleft())
        finally:
            self._is_performing = False
            if self._effects:
                self.perform()
            else:
                self._performed()
