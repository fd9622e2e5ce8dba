"""Decide what a change that another registry has stored comes to here."""

from collections.abc import Callable

import attrs

from p2p_twisted.registry.leases import full_seconds
from p2p_twisted.registry.roster import Change, Extend, Forget, Put, Roster
from p2p_twisted.wire.names import PeerName


def heard_change(
    roster: Roster,
    change: Change,
    is_pending: Callable[[PeerName], bool],
    now: float,
    lease: float,
) -> list[Change] | None:
    """
    Return what is to be changed here.

    A lease lasts from when it is heard of: the clocks of different machines tell nothing.

    :param is_pending: whether something about a peer is being stored here: to undo that later must
        not undo what others did.
    :param now: seconds on the monotonic clock.
    :param lease: how many seconds a renewed one lasts.
    :returns: ``None`` where that is not possible yet.
    """
    if is_pending(change.name):
        return None
    held = roster.named(change.name)
    match change:
        case Put(registration):
            full = attrs.evolve(registration, expires=now + full_seconds(registration, lease))
            holder = roster.placed(registration.address.host, registration.address.port)
            if holder is None or holder.name == change.name:
                return [Put(full)]
            # That one is elsewhere by now, as will be told next.
            return None if is_pending(holder.name) else [Forget(holder.name), Put(full)]
        case Extend(name) if held is not None:
            return [Extend(name, now + full_seconds(held, lease))]
        case Forget() if held is not None:
            return [change]
        case _:
            return []
