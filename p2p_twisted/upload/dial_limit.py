"""Never be the hammer: bound the dials that lead nowhere."""

from collections import OrderedDict
from typing import Final

from p2p_twisted.upload import limits
from p2p_twisted.wire.names import is_loopback

_MINUTE: Final = 60.0


class DialLimit:
    """
    At most four dials a minute to one host that nobody answers.

    Whoever wants a file says where it listens, and could name a host that has
    no part in this: it would be dialed by every holder. On loopback, where all
    peers have one host, each port is counted by itself. Where a peer has answered
    within the last minute, any number may be under way.
    """

    def __init__(self) -> None:
        # By address, when dials of the last minute failed; what was dialed last is last.
        self._failed: OrderedDict[str, list[float]] = OrderedDict()
        # When somebody answered last, the latest last.
        self._answered: OrderedDict[str, float] = OrderedDict()

    def take(self, host: str, port: int, now: float) -> bool:
        """
        Ask for a dial, which counts as failed until :meth:`succeeded`.

        :param now: seconds on the monotonic clock.
        :returns: whether it may be made.
        """
        self._forget(now)
        key = _key(host, port)
        failed = [then for then in self._failed.get(key, ()) if then > now - _MINUTE]
        if len(failed) >= limits.FAILED_DIALS_PER_MINUTE and key not in self._answered:
            return False
        self._failed[key] = [*failed, now]
        self._failed.move_to_end(key)
        return True

    def succeeded(self, host: str, port: int, now: float) -> None:
        """Take note that the peer that was expected has answered."""
        key = _key(host, port)
        self._answered[key] = now
        self._answered.move_to_end(key)
        *others, _last = self._failed.pop(key, [0.0])
        if others:
            self._failed[key] = others

    def _forget(self, now: float) -> None:
        """Drop what is of no use any more, from the front: a flood of addresses must be cheap."""
        while self._failed:
            key = next(iter(self._failed))
            if self._failed[key][-1] > now - _MINUTE:
                break
            del self._failed[key]
        while self._answered:
            key = next(iter(self._answered))
            if self._answered[key] > now - _MINUTE:
                break
            del self._answered[key]


def _key(host: str, port: int) -> str:
    return f"{host} {port}" if is_loopback(host) else host
