"""Write the progress of running downloads in one line, as wide as there is room."""

from collections.abc import Sequence
from typing import Final

from p2p_twisted.console.text import (
    cells,
    clip,
    clip_middle,
    clock_time,
    human_size,
    reached,
    shown_name,
)
from p2p_twisted.download.progress import (
    Checking,
    Contribution,
    Copying,
    Hashing,
    Progress,
    Queued,
    Receiving,
    Saving,
    Seeking,
)

_NAME_CELLS: Final = 40
_BAR_CELLS: Final = 20
# How many cells the name has at least, and the bar, and whether size and source are there:
# the first that fits is used, and where none does, there is no name. Percentage, rate and time
# left always are there.
_LAYOUTS: Final = (
    (_NAME_CELLS, _BAR_CELLS, True, True),
    (_NAME_CELLS, 10, True, True),
    (_NAME_CELLS, 10, True, False),
    (24, 10, True, False),
    (24, 0, True, False),
    (10, 0, True, False),
    (4, 0, False, False),
)
_LONGEST_SECONDS: Final = 99 * 3600


def running_line(running: Sequence[Progress], width: int | None = None) -> str:
    """
    Write the progress of all running downloads in one line.

    :param width: in cells; ``None`` for no limit.
    """
    if len(running) == 1:
        return progress_line(running[0], width)
    size = sum(progress.size for progress in running)
    received = sum(progress.received for progress in running)
    rate = sum(p.state.rate for p in running if isinstance(p.state, Receiving))
    left = (size - received) / rate if rate > 0 else None
    done = received / size if size else 0.0
    return fitted_line(f"{len(running)} downloads", done, ("", pace(rate, left), ""), width)


def progress_line(progress: Progress, width: int | None) -> str:
    """
    Write the progress of one download.

    :param width: in cells; ``None`` for no limit.
    """
    done = progress.received / progress.size if progress.size else 0.0
    state = progress.state
    if isinstance(state, Hashing):
        # Nothing of it is here yet: what there is to see is how far its holder is.
        done = state.percent / 100
    source = _source(state.holders) if isinstance(state, Receiving) else ""
    details = (human_size(progress.size), _doing(progress), source)
    return fitted_line(shown_name(progress.name), done, details, width)


def fitted_line(name: str, done: float, details: tuple[str, str, str], width: int | None) -> str:
    """
    Put a line of progress together; what matters least gives way first.

    :param done: the part that is done, from 0 to 1.
    :param details: the size, what is being done, and the source.
    """
    size, doing, source = details
    for name_cells, bar_cells, has_size, has_source in _LAYOUTS:
        parts = [_bar(done, bar_cells), size * has_size, doing, source * has_source]
        rest = "  ".join(filter(None, parts))
        room = _NAME_CELLS if width is None else width - cells(rest) - 2
        if room >= min(name_cells, cells(name)):
            return f"{clip_middle(name, room)}  {rest}"
    # The time left is the last to go: of a rate and a time, it is what people wait for.
    rest = rest.strip()
    if cells(rest) > (width or 0):
        rest = f"{_bar(done, 0).strip()}  {doing.rpartition('  ')[2]}"
    return clip(rest, width or 0)


def _doing(progress: Progress) -> str:
    match progress.state:
        case Seeking(unreachable=[holder, *_]):
            return f"{holder.name} cannot be reached"
        case Seeking(misdated=[(holder, _), *_]):
            return f"no connection with {holder}: a clock is wrong"
        case Queued():
            return "waiting for its turn"
        case Seeking():
            return "looking for a holder"
        case Hashing(holder, _percent, is_growing=True):
            return f"{holder} is still writing to it"
        case Hashing(holder):
            return f"{holder} is still hashing it"
        case Checking():
            return "checking what is there already"
        case Copying():
            return "copying what is here already"
        case Receiving(rate, seconds_left):
            return pace(rate, seconds_left)
        case Saving():
            return "saving"
        case _:
            return ""


def _source(holders: Sequence[Contribution]) -> str:
    """Write the sources: holders that have delivered lately, or all if none has."""
    active = [each for each in holders if each.rate > 0] or holders
    match active:
        case []:
            return ""
        case [one]:
            return f"from {reached(one.holder, one.how)}"
        case _:
            return f"from {len(active)} peers"


def _bar(done: float, room: int) -> str:
    done = min(done, 1.0)
    filled = int(done * room)
    bar = f"[{'#' * filled}{'-' * (room - filled)}] " if room else ""
    return f"{bar}{int(done * 100):>3} %"


def pace(rate: float, seconds_left: float | None) -> str:
    """Write a rate, and the time that is left; nothing where nothing moves."""
    left = "" if seconds_left is None else f"  {_remaining(seconds_left)} left"
    return f"{human_size(rate)}/s{left}" if rate > 0 else ""


def _remaining(seconds: float) -> str:
    """Write a time to wait, to the second; very long ones as ``days``."""
    return clock_time(seconds) if seconds < _LONGEST_SECONDS else "days"
