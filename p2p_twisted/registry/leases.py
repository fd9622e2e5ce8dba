"""Decide how long leases last."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Final

import attrs

from p2p_twisted.registry import limits
from p2p_twisted.registry.roster import Registration

# A lease is renewed three times before it runs out.
_RENEWALS_PER_LEASE: Final = 3

_STOOD_STILL_SECONDS: Final = 5.0
"""Leases are looked at every second; only a process that was stopped takes so long for it."""


@attrs.define
class Standstill:
    """Finds out that this process stood still, as did its machine, so that nobody could renew."""

    _looked_at: float = inf

    def is_over(self, now: float) -> bool:
        """Return whether it did until now, since this was asked last; in seconds."""
        stood, self._looked_at = now - self._looked_at, now
        return stood > _STOOD_STILL_SECONDS


def lease_seconds(peers: int, per_second: int) -> float:
    """
    Return how long a lease lasts where so many peers renew, so that they stay bearable.

    :param per_second: how many renewals are.
    """
    return max(limits.LEASE_SECONDS, _RENEWALS_PER_LEASE * peers / per_second)


def renewed(kept: Sequence[Registration], now: float, per_second: int) -> Iterator[Registration]:
    """Give every peer that a store has kept a new lease, or a new reservation."""
    lease = lease_seconds(len(kept), per_second)
    for held in kept:
        yield attrs.evolve(held, expires=now + full_seconds(held, lease))


def full_seconds(held: Registration, lease: float) -> float:
    """Return how long a registration may stay from now on without a renewal."""
    return lease if held.is_listening else limits.RESERVATION_SECONDS
