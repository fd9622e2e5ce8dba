"""Bound how often each host may have us do something that costs much, or is a guess."""

from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.names import host_group, is_loopback

_HOSTS_MOST = 4_096


class HostLimit:
    """
    Counts by host, which of IPv6 is a /64; loopback is not counted.

    :param rate: how often it may be, per second.
    :param burst: how often at once, after a pause.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, host: str, now: float) -> bool:
        """
        Count once.

        :param now: seconds on the monotonic clock.
        :returns: whether the host may.
        """
        if is_loopback(host):
            return True
        group = host_group(host)
        bucket = self._buckets.pop(group, None)
        if bucket is None:
            bucket = TokenBucket(self._rate, self._burst)
            self._forget_one()
        # The hosts that came last are last.
        self._buckets[group] = bucket
        return bucket.take(now)

    def is_spent(self, host: str, now: float) -> bool:
        """Return whether :meth:`take` would say no, and count nothing."""
        bucket = None if is_loopback(host) else self._buckets.get(host_group(host))
        return bucket is not None and not bucket.left(now)

    def _forget_one(self) -> None:
        """Forget the host that has not come for longest, where there are too many."""
        if len(self._buckets) >= _HOSTS_MOST:
            del self._buckets[next(iter(self._buckets))]
