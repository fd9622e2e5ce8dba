"""How fast bytes may move: what a connection asks of the limiter of its bytes."""

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
        Count bytes that have moved.

        :param go_on: is called when more may move, unless that is now.
        :returns: whether more may move now.
        """

    def stop(self) -> None:
        """Never call ``go_on`` again; twice does no harm."""
