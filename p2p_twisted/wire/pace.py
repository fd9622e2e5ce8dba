"""How fast bytes may move: the seam between connections and whoever limits them."""

from collections.abc import Callable
from typing import Protocol


class Pace(Protocol):
    """The pace of one connection, in one direction."""

    @property
    def is_paused(self) -> bool:
        """Whether nothing may move now."""

    @property
    def allowance(self) -> int:
        """How many bytes may move at once, at least one."""

    def moved(self, count: int, go_on: Callable[[], None]) -> bool:
        """
        Take note that bytes have moved.

        :param go_on: is called when more may move, unless that is now.
        :returns: whether it is.
        """

    def stop(self) -> None:
        """Call nobody back any more; twice does no harm."""
