"""Write what is pushed, and how that goes: for the console, and for a shell."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from p2p_twisted.console.admin_lines import date_text
from p2p_twisted.console.layout import fitted_table, wrapped
from p2p_twisted.console.progress_line import fitted_line, pace
from p2p_twisted.console.text import (
    cells,
    clip,
    human_size,
    padded,
    shown_name,
    visible,
)

_INDENT: Final = "  "
_REASON_CELLS: Final = 80
_RECIPIENTS_SHOWN: Final = 3
_NO_BREAK: Final = "\xa0"
SAVED: Final = "saved"
ASKED: Final = "asked"
OFF: Final = "off"
UNHEARD: Final = "not heard from"
_ONCE_IT_COMES: Final = (
    "who is off gets it on coming by that name: push it again to one that has another name now"
)
_PENDING: Final = ("fetching", "waiting", ASKED, "refused", "no space", "failed", OFF, UNHEARD)


@attrs.frozen(kw_only=True)
class ShownPush:
    """
    What a person is shown of a push.

    :ivar number: what the person calls it by.
    :ivar size: in bytes.
    :ivar until: in seconds since 1970.
    :ivar state: how far this peer is with it; ``None`` where it is its own.
    :ivar reason: why it is refused, or has failed.
    :ivar left_out: how many entries of its folder are not shared, and so not pushed.
    """

    number: int
    name: str
    size: int
    is_folder: bool
    sender: str
    to: Sequence[str]
    until: float
    state: str | None = None
    reason: str = ""
    is_over: bool = False
    left_out: int = 0

    @property
    def title(self) -> str:
        """Its name, as a person is shown it."""
        return shown_name(self.name) + ("/" if self.is_folder else "")

    @property
    def audience(self) -> str:
        """To whom it is."""
        shown = ", ".join(self.to[:_RECIPIENTS_SHOWN])
        more = len(self.to) - _RECIPIENTS_SHOWN
        return f"{shown} and {more} more" if more > 0 else shown


@attrs.frozen
class ShownReceipt:
    """
    How far one peer is with a push.

    :ivar done: how much of it is there, from 0 to 1.
    :ivar rate: in bytes a second.
    """

    peer: str
    state: str
    done: float = 0.0
    rate: float = 0.0
    reason: str = ""


@attrs.frozen(kw_only=True)
class ShownBoard:
    """
    How far all are with a push.

    :ivar counts: how many are how far.
    :ivar rows: some of them, those first that have not got it.
    :ivar done: how much of it all have together, from 0 to 1.
    :ivar rate: of all together, in bytes a second.
    :ivar seconds_left: until the last one has it, if that is known.
    :ivar unaware: how many are there that tell nothing of it.
    :ivar is_whole: whether all that are there have been heard: otherwise there may be more.
    :ivar is_unshared: whether its sender shares it no more.
    :ivar is_done: whether nothing more will happen as long as nobody comes.
    """

    push: ShownPush
    counts: Mapping[str, int]
    rows: Sequence[ShownReceipt] = ()
    done: float = 0.0
    rate: float = 0.0
    seconds_left: float | None = None
    unaware: int = 0
    is_whole: bool = True
    is_unshared: bool = False
    is_done: bool = False

    @property
    def without(self) -> int:
        """How many have not got it, for whatever reason."""
        return sum(self.counts.values()) - self.counts.get(SAVED, 0)


def board_lines(
    board: ShownBoard, width: int | None = None, height: int | None = None
) -> list[str]:
    """
    Write how far all are: a bar for all, how many have it, and a line for each that has not.

    :param width: in cells; ``None`` for no limit.
    :param height: how many lines there may be; ``None`` for no limit.
    """
    head = [_all_line(board, width), *_wrapped_counts(board, width)]
    rows = [row for row in board.rows if row.state != SAVED]
    room = len(rows) if height is None else max(1, height - len(head))
    if board.without > room and height is not None:
        # The last line says that there are more.
        room -= 1
    shown = [*_rows(rows[:room], width)]
    if more := board.without - len(shown):
        shown.append(_joined(f"{_INDENT}and {more:,} more", "", width))
    elif height is None and _names_who_is_off(board):
        shown += wrapped(_ONCE_IT_COMES, width)
    return [*head, *shown]


def counts_text(board: ShownBoard) -> str:
    """Write how many have it, and how it stands with the others."""
    return "".join(_counts(board))


def pushed_line(push: ShownPush, how: str) -> str:
    """
    Say that something is pushed now.

    :param how: the command that shows how it goes.
    """
    lacks = ""
    if push.left_out:
        lacks = f"; {push.left_out:,} in it not shared: hidden, or status says why"
    return (
        f"pushed {push.title} ({human_size(push.size)}) to {push.audience}"
        f" until {date_text(push.until)}: {how} shows how it goes{lacks}"
    )


def going_on(numbers: Sequence[int], how: str) -> str:
    """
    Say of pushes that are not waited for any longer that they go on.

    :param how: the command that shows how.
    """
    goes = "the push goes" if len(numbers) == 1 else "the pushes go"
    return f"{goes} on: {how} shows how"


def absent_lines(to: Iterable[str], there: Collection[str]) -> Iterator[str]:
    """
    Say of peers that something is pushed to that nobody is called so now.

    :param there: what those are called that are in the network.
    """
    for name in to:
        if not name.startswith("@") and name not in there:
            # It takes long to import, and most often all are there.
            from difflib import get_close_matches

            near = " or ".join(get_close_matches(name, there))
            meant = f"; did you mean {near}?" if near else ""
            yield f"nobody is called {name} now: who comes by that name gets it then{meant}"


def asked_line(push: ShownPush) -> str:
    """Ask a person about what somebody else pushes."""
    return (
        f"{push.sender} pushes {push.title} ({human_size(push.size)}):"
        f" accept {push.number} gets it, refuse {push.number} does not"
    )


def push_lines(pushes: Iterable[ShownPush], width: int | None = None) -> Iterator[str]:
    """List pushes with their numbers, each in one line, and why, if there is a reason."""
    pushes = list(pushes)
    rows = [
        (
            str(push.number),
            push.title,
            human_size(push.size),
            f"to {push.audience}" if push.state is None else f"from {push.sender}",
            _state_text(push),
        )
        for push in pushes
    ]
    room = width
    if width is not None and any(_why(push) for push in pushes):
        room = width * 2 // 3
    lines = fitted_table(rows, room, right=(0, 2), long=1, optional=(2, 3))
    for push, line in zip(pushes, lines, strict=True):
        yield _joined(line, _why(push), width)
    yield f"{len(rows):,} {'push' if len(rows) == 1 else 'pushes'}"


def _state_text(push: ShownPush) -> str:
    if push.is_over:
        return "over"
    return push.state or f"until {date_text(push.until)}"


def _why(push: ShownPush) -> str:
    """Write why it stands so, shortly: how one push goes is shown with all of it."""
    return "" if push.is_over else clip(visible(push.reason), _REASON_CELLS)


def _names_who_is_off(board: ShownBoard) -> bool:
    """Return whether a peer that a push of this peer's names is off, and may still get it."""
    push = board.push
    is_going = push.state is None and not (push.is_over or board.is_unshared)
    return is_going and any(row.state == OFF and row.peer in push.to for row in board.rows)


def _counts(board: ShownBoard) -> Iterator[str]:
    if total := sum(board.counts.values()):
        least = "" if board.is_whole else "at least "
        yield f"{board.counts.get(SAVED, 0):,} of {least}{total:,} have it"
    elif board.is_done and not board.unaware:
        yield "nobody whom it is for is here"
    else:
        yield "nobody tells of it yet"
    for state in _PENDING:
        if number := board.counts.get(state):
            yield f", {number:,} {state}"
    if board.unaware:
        yield f", {board.unaware:,} more tell nothing of it"
    if board.push.is_over:
        yield f", and {board.push.sender} pushes it no more"
    elif board.is_unshared:
        yield f", and {board.push.sender} shares it no more"


def _wrapped_counts(board: ShownBoard, width: int | None) -> list[str]:
    # A number stays with what it counts.
    whole = "".join(part.replace(" ", _NO_BREAK) for part in _counts(board))
    lines = wrapped(whole.replace(f",{_NO_BREAK}", ", "), width)
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _all_line(board: ShownBoard, width: int | None) -> str:
    push = board.push
    doing = "" if board.is_done else pace(board.rate, board.seconds_left)
    details = (human_size(push.size), doing, f"to {push.audience}")
    return fitted_line(push.title, board.done, details, width)


def _rows(rows: Sequence[ShownReceipt], width: int | None) -> Iterator[str]:
    names = max((cells(row.peer) for row in rows), default=0)
    states = max((cells(row.state) for row in rows), default=0)
    for row in rows:
        line = f"{_INDENT}{padded(row.peer, names)}  {padded(row.state, states)}"
        if row.state == "fetching":
            line += f"  {int(100 * min(row.done, 1)):>3} %"
        more = pace(row.rate, None) or clip(visible(row.reason), _REASON_CELLS)
        yield _joined(line.rstrip(), more, width)


def _joined(line: str, more: str, width: int | None) -> str:
    """Add something to a line, as much of it as there is room for; a figure only as a whole."""
    whole = f"{line}  {more}" if more else line
    if width is None or cells(whole) <= width:
        return whole
    return clip(line if more[:1].isdigit() else whole, width)
