"""Decide which transfer may move how many bytes when, so that together they keep to a rate."""

from typing import Final

from p2p_twisted.wire import limits

_SAVED_SECONDS: Final = 0.1
_LATE_SECONDS: Final = 1.0
_TURN_SECONDS: Final = 0.02
# More than anything that is ever read or written at once.
_UNLIMITED_BYTES: Final = 2 * limits.MIB
_SMALLEST_TURN_BYTES: Final = 4 * limits.KIB


class Throttle:
    """
    A token bucket for several transfers, filled at a rate and emptied in turns.

    The bucket is kept as the time at which all that has moved will have been paid for (a
    virtual scheduling algorithm, ITU-T I.371). After its turn, a transfer waits until then;
    as all turns have the same size, each transfer gets an equal share. Delays of a busy
    machine of up to one second are made up for; after a pause of all transfers, a tenth of a
    second may be made up for.

    :param rate: bytes per second; ``None`` for no limit.
    :ivar total: how many bytes have moved.
    """

    def __init__(self, rate: int | None = None) -> None:
        self.total = 0
        self._rate = rate
        self._paid_at = self._spent_at = 0.0

    @property
    def rate(self) -> int | None:
        """Bytes per second; setting it forgets all debts."""
        return self._rate

    @rate.setter
    def rate(self, rate: int | None) -> None:
        self._rate = rate
        self._paid_at = self._spent_at = 0.0

    @property
    def turn(self) -> int:
        """How many bytes a transfer may move in one turn."""
        if self._rate is None:
            return _UNLIMITED_BYTES
        return min(limits.MIB, max(_SMALLEST_TURN_BYTES, int(self._rate * _TURN_SECONDS)))

    def spend(self, count: int, now: float) -> float:
        """
        Account for bytes that have moved.

        :param now: seconds on the monotonic clock.
        :returns: how many seconds from now they will have been paid for.
        """
        self.total += count
        if self._rate is None:
            return 0.0
        is_late = now - self._spent_at < _LATE_SECONDS
        self._spent_at = now
        earliest = now - (_LATE_SECONDS if is_late else _SAVED_SECONDS)
        self._paid_at = max(self._paid_at, earliest) + count / self._rate
        return max(0.0, self._paid_at - now)


class Share:
    """One transfer's share of a throttle."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._moved = 0

    @property
    def allowance(self) -> int:
        """How many bytes the transfer may move now; at least one."""
        return max(1, self._throttle.turn - self._moved)

    def spend(self, count: int, now: float) -> float:
        """
        Account for bytes that have moved.

        :returns: how many seconds to pause before more may move; 0 within a turn.
        """
        owed = self._throttle.spend(count, now)
        if self._throttle.rate is None:
            self._moved = 0
            return 0.0
        self._moved += count
        if self._moved < self._throttle.turn:
            return 0.0
        self._moved %= self._throttle.turn
        return owed
