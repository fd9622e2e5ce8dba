"""Never be the hammer: bound the dials that lead nowhere."""

from collections import deque
from typing import Final

from p2p_twisted.wire import limits
from p2p_twisted.wire.names import is_loopback

_MINUTE: Final = 60.0


class DialLimit:
    """
    At most four failing dials a minute to one host.

    Whoever wants a file says where it listens, and could name a host that has
    no part in this: it would be dialed by every holder. On loopback, where all
    peers have one host, each port is counted by itself.
    """

    def __init__(self) -> None:
        self._failed: dict[str, deque[float]] = {}

    def take(self, host: str, port: int, now: float) -> bool:
        """
        Ask for a dial, which counts as failed until :meth:`succeeded`.

        :param now: seconds on the monotonic clock.
        :returns: whether it may be made.
        """
        self._forget(now)
        failed = self._failed.setdefault(_key(host, port), deque())
        if len(failed) >= limits.FAILED_DIALS_PER_MINUTE:
            return False
        failed.append(now)
        return True

    def succeeded(self, host: str, port: int) -> None:
        """Take note that the peer that was expected has answered."""
        failed = self._failed.get(_key(host, port))
        if failed:
            failed.pop()

    def _forget(self, now: float) -> None:
        for key, failed in list(self._failed.items()):
            while failed and failed[0] <= now - _MINUTE:
                failed.popleft()
            if not failed:
                del self._failed[key]


def _key(host: str, port: int) -> str:
    return f"{host} {port}" if is_loopback(host) else host
