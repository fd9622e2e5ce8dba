"""Limit failing dials, so that forged addresses cannot turn peers into a DoS amplifier."""

from collections import OrderedDict
from typing import Final

from p2p_twisted.wire import limits
from p2p_twisted.wire.names import host_group, is_loopback

_MINUTE: Final = 60.0


class DialLimit:
    """
    Allows only so many dials a minute to one host on which no peer answers.

    A requester says itself where it listens, and others name peers to link with: they could name
    an uninvolved host, which every peer would then dial. On loopback, where all peers have the
    same host, ports are counted separately. To a host that has answered within the last minute,
    any number of dials may run.

    All dials of a peer are counted together, but some kinds may ask for fewer than others.
    """

    def __init__(self) -> None:
        # Times of failed dials by address, the most recently dialed last.
        self._failed: OrderedDict[str, list[float]] = OrderedDict()
        # When an expected peer last answered, the latest last.
        self._answered: OrderedDict[str, float] = OrderedDict()

    def take(
        self, host: str, port: int, now: float, most: int = limits.FAILED_DIALS_PER_MINUTE
    ) -> bool:
        """
        Request permission for a dial, which counts as failed until :meth:`succeeded`.

        :param now: seconds on the monotonic clock.
        :param most: how many may fail in a minute.
        :returns: whether to dial.
        """
        if not self.allows(host, port, now, most):
            return False
        key = _key(host, port)
        self._failed[key] = [*self._lately(key, now), now]
        self._failed.move_to_end(key)
        return True

    def allows(self, host: str, port: int, now: float, most: int) -> bool:
        """Return whether a dial would be permitted; see :meth:`take`."""
        self._forget(now)
        key = _key(host, port)
        has_failed = len(self._lately(key, now)) >= most
        return not has_failed or key in self._answered

    def succeeded(self, host: str, port: int, now: float) -> None:
        """Record that the expected peer has answered."""
        key = _key(host, port)
        self._answered[key] = now
        self._answered.move_to_end(key)
        *others, _last = self._failed.pop(key, [0.0])
        if others:
            self._failed[key] = others

    def _lately(self, key: str, now: float) -> list[float]:
        return [then for then in self._failed.get(key, ()) if then > now - _MINUTE]

    def _forget(self, now: float) -> None:
        """Drop expired entries from the front only, so that a flood of addresses costs little."""
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
    return f"{host} {port}" if is_loopback(host) else host_group(host)
