"""Tell those who watch what happens."""

from collections.abc import Callable
from typing import Generic, TypeVar

_Event = TypeVar("_Event")


class Watches(Generic[_Event]):
    """
    Tells all who watch.

    Whoever tells asks first whether anybody does, so that it costs nothing otherwise.
    """

    def __init__(self) -> None:
        self._watches: list[Callable[[_Event], None]] = []

    def __bool__(self) -> bool:
        return bool(self._watches)

    def watch(self, watch: Callable[[_Event], None]) -> Callable[[], None]:
        """Begin to tell; return what ends it."""
        self._watches.append(watch)
        return lambda: self._watches.remove(watch)

    def tell(self, event: _Event) -> None:
        """Tell all."""
        for watch in tuple(self._watches):
            watch(event)
