"""Limit how often something may happen, in the long run and at once."""

from attrs import define, field


# Without room for weak references: there are several for each link.
@define(weakref_slot=False)
class TokenBucket:
    """
    Holds tokens that come back at a rate, up to a burst.

    :ivar rate: tokens per second.
    :ivar burst: the most that can be saved up.
    """

    rate: float
    burst: float
    _tokens: float = field(init=False)
    _filled_at: float | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._tokens = self.burst

    def left(self, now: float) -> int:
        """Return how many whole tokens there are; ``now`` is in seconds, and may go back."""
        since = 0.0 if self._filled_at is None else max(0.0, now - self._filled_at)
        self._filled_at = now
        self._tokens = min(self.burst, self._tokens + since * self.rate)
        return int(self._tokens)

    def spend(self, count: int) -> None:
        """Remove tokens that are there: see :meth:`left`."""
        self._tokens -= count

    def take(self, now: float) -> bool:
        """Remove one token; return whether there was one."""
        if not self.left(now):
            return False
        self._tokens -= 1
        return True
