"""Decide how fast a peer relays."""

from p2p_twisted.relay import limits


def relay_rate(chosen: int | None, up: int | None) -> int | None:
    """
    Return how many bytes a second a peer relays.

    :param chosen: what its owner has said; 0 for nothing, ``None`` for what is usual.
    :param up: how many bytes a second it sends at most; ``None`` for no limit.
    :returns: ``None`` where it relays nothing: also where that would be too slow to be of use.
    """
    if chosen is not None:
        return (chosen if up is None else min(chosen, up)) or None
    usual = limits.RELAY_BYTES_PER_SECOND
    rate = usual if up is None else min(usual, up // limits.RELAY_SHARES_OF_UP)
    return rate if rate >= limits.RELAY_SLOWEST_BYTES_PER_SECOND else None
