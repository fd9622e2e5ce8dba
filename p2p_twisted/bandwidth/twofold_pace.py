"""Keep one transfer to two rates at once."""

from collections.abc import Callable

from p2p_twisted.wire.pace import Pace


class TwofoldPace:
    """
    The pace of a transfer that is counted by two limiters: it moves when both let it.

    So it takes one transfer's share of either, and no debt is left with one of them.
    """

    def __init__(self, first: Pace, second: Pace) -> None:
        self._first = first
        self._second = second

    @property
    def is_paused(self) -> bool:
        """Whether the transfer must not move anything now."""
        return self._first.is_paused or self._second.is_paused

    @property
    def allowance(self) -> int:
        """How many bytes the transfer may move at once; at least one."""
        return min(self._first.allowance, self._second.allowance)

    def moved(self, count: int, go_on: Callable[[], None]) -> bool:
        """
        Account for bytes that have moved.

        :param go_on: is called when more may move, unless they may now.
        :returns: whether more may move now.
        """

        def over() -> None:
            if not self.is_paused:
                go_on()

        self._first.moved(count, over)
        self._second.moved(count, over)
        return not self.is_paused

    def stop(self) -> None:
        """Cancel all pauses, and begin no other; stopping twice does no harm."""
        self._first.stop()
        self._second.stop()
