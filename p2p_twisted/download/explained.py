"""Put together what is known of how a download goes."""

from p2p_twisted.download.progress import Blocked, Canceled, Failed, Incomplete, Undelivered
from p2p_twisted.download.reporter import Reporter
from p2p_twisted.explain.facts import Facts


def facts_of(reporter: Reporter, limit: int | None) -> Facts:
    """
    Say what is known of a download.

    :param limit: what this peer receives at most, in bytes a second.
    """
    progress, account = reporter.progress, reporter.account
    state, obstacles = progress.state, account.obstacles
    if isinstance(state, Undelivered):
        obstacles = state.obstacles
    window, work, holders = account.measured(reporter.delivered_by)
    return Facts(
        number=progress.number,
        name=progress.name,
        file_id=progress.file_id,
        state=type(state).__name__.lower(),
        is_ended=progress.is_ended,
        began=account.began,
        seconds=account.seconds,
        seconds_in=account.seconds_in,
        size=progress.size,
        received=progress.received,
        reason=state.reason if isinstance(state, Blocked | Failed | Canceled) else "",
        limit=limit,
        window=window,
        work=work,
        holders=holders,
        notes=account.notes,
        unreachable=obstacles[0],
        refused=obstacles[1],
        misdated=obstacles[2],
        hashing=account.hashing,
        lacks=state.lacks if isinstance(state, Incomplete) else (),
    )
