"""When to seek links again after refusals."""

from typing import TYPE_CHECKING, Final

from attrs import define

if TYPE_CHECKING:
    from random import Random

FIRST_BACKOFF_SECONDS: Final = 0.25
_LONGEST_BACKOFF_SECONDS: Final = 10.0


@define
class Backoff:
    """
    Doubles the pause with each refusal.

    :ivar until: when it is over, in seconds on the monotonic clock.
    """

    rng: "Random"
    until: float = 0.0
    _pause: float = 0.0

    def refused(self, now: float) -> None:
        """Begin a pause, twice as long as the last one."""
        self._pause = min(max(2 * self._pause, FIRST_BACKOFF_SECONDS), _LONGEST_BACKOFF_SECONDS)
        self.until = now + self._pause * self.rng.uniform(0.5, 1.5)

    def reset(self) -> None:
        """Make the next pause a short one."""
        self._pause = 0.0

    def skip(self, now: float) -> None:
        """End the pause now."""
        self.until = now
