"""How much of something a link may send."""

from attrs import define, field


# Without room for weak references: there are four for each link.
@define(weakref_slot=False)
class TokenBucket:
    """
    A token bucket: so many a second, and a burst after a pause.

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
        """Tell how many whole tokens there are."""
        since = now - (now if self._filled_at is None else self._filled_at)
        self._filled_at = now
        self._tokens = min(self.burst, self._tokens + since * self.rate)
        return int(self._tokens)

    def spend(self, count: int) -> None:
        """Take tokens that there are: see :meth:`left`."""
        self._tokens -= count

    def take(self, now: float) -> bool:
        """Take one token, if there is one."""
        if not self.left(now):
            return False
        self._tokens -= 1
        return True
