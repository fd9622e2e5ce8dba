"""Bound how many handshakes one host has us work on: each takes milliseconds of processor."""

from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.limits import HANDSHAKES_BURST, HANDSHAKES_PER_SECOND
from p2p_twisted.wire.names import host_group, is_loopback

_HOSTS_MOST = 4_096


class HandshakeLimit:
    """Counts handshakes by host, which of IPv6 is a /64; loopback is not counted."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, host: str, now: float) -> bool:
        """
        Count one handshake.

        :param now: seconds on the monotonic clock.
        :returns: whether it may be worked on.
        """
        if is_loopback(host):
            return True
        group = host_group(host)
        bucket = self._buckets.pop(group, None)
        if bucket is None:
            bucket = TokenBucket(HANDSHAKES_PER_SECOND, HANDSHAKES_BURST)
            self._forget_one()
        # The hosts that came last are last.
        self._buckets[group] = bucket
        return bucket.take(now)

    def _forget_one(self) -> None:
        """Forget the host that has not come for longest, where there are too many."""
        if len(self._buckets) >= _HOSTS_MOST:
            del self._buckets[next(iter(self._buckets))]
