"""Write downloads as lines for people: their progress, and how they ended."""

from collections.abc import Iterator, Sequence
from typing import Final

from p2p_twisted.console.arguments import number_hint
from p2p_twisted.console.progress_line import progress_line
from p2p_twisted.console.rendering import name_list, outside_line, short_id
from p2p_twisted.console.text import (
    FailureLine,
    clip,
    count,
    human_size,
    human_time,
    reached,
    relayed_line,
    shown_name,
    visible,
)
from p2p_twisted.download.progress import (
    Blocked,
    Canceled,
    Contribution,
    Failed,
    Incomplete,
    Paused,
    Progress,
    Receiving,
    Saved,
    State,
    Undelivered,
    Waiting,
)
from p2p_twisted.peer.interface import Selection, Status
from p2p_twisted.peer_errors import NotFound
from p2p_twisted.upload.upload_progress import UploadProgress
from p2p_twisted.wire.firewall import cut_off, place
from p2p_twisted.wire.names import PeerAddress, PeerName

_NAMES_SHOWN: Final = 10
_NUMBER_CELLS: Final = 5
_REASON_CELLS: Final = 80


def earlier_line(progress: Progress) -> str:
    """Say that a download of an earlier run goes on, and how much of it is there, or is paused."""
    name = shown_name(progress.name)
    if isinstance(progress.state, Paused):
        return f"{name} is paused; resume {progress.number} goes on with it"
    percent = f", {progress.received * 100 // progress.size} %" if progress.size else ""
    return f"going on with {name}{percent}"


def download_line(progress: Progress, width: int | None = None) -> str:
    """
    Write the result of a download, or its progress.

    :param width: of a line of progress, in cells; ``None`` for no limit.
    """
    name = shown_name(progress.name)
    match progress.state:
        case Saved(path=path, was_here=True, unshared=unshared):
            return f"{name} is already in {shown_name(path)}{not_shared(unshared)}"
        case Saved() as saved:
            return _saved_line(progress, saved)
        case Incomplete() as incomplete:
            return _incomplete_line(progress, incomplete)
        case Failed(reason, is_kept, has_arrived):
            is_some_kept = is_kept and has_arrived
            kept = "; what had arrived is kept for the next try" if is_some_kept else ""
            return FailureLine(f"{name} was not downloaded: {reason}{kept}")
        case Canceled(reason):
            return f"canceled {name}: {reason}" if reason else f"canceled {name}"
        case Waiting(unreachable=[holder, *_]):
            return (
                f"{name} waits: {place(holder)} has it but cannot be reached, nor reach us;"
                " it goes on by itself when that has changed"
            )
        case Waiting(misdated=[(holder, why), *_]):
            return f"{name} waits for {holder}: {why}; it goes on by itself when that is done"
        case Waiting(refused=[(holder, why), *_]):
            said = clip(visible(why), _REASON_CELLS)
            return f"{name} waits: {holder} has it but says: {said}; it is asked again"
        case Waiting():
            return f"{name} waits; it goes on by itself when somebody who has it is back"
        case Blocked(reason):
            return f"{name} waits: {reason}; it goes on by itself when there is space"
        case Paused():
            return f"{progress_line(progress, width and width - len('  paused'))}  paused"
        case _:
            return progress_line(progress, width)


def _saved_line(progress: Progress, saved: Saved) -> str:
    name, path = shown_name(progress.name), shown_name(saved.path)
    files = "" if progress.files == 1 else f"{count(progress.files, 'file')}, "
    return (
        f"saved {name} to {path} ({files}{human_size(progress.size)},"
        f" id {short_id(progress.file_id)}, {_whose(saved.holders)}{human_time(saved.seconds)})"
        f"{not_shared(saved.unshared, _peers(saved.holders))}{beside(saved.older)}"
    )


def _incomplete_line(progress: Progress, of: Incomplete) -> FailureLine:
    saved = progress.files - len(of.missing)
    return FailureLine(
        f"saved {saved:,} of {count(progress.files, 'file')} of {shown_name(progress.name)} to"
        f" {shown_name(of.path)} ({human_size(progress.received)}, {_whose(of.holders)}"
        f"{human_time(of.seconds)}); {'; '.join(map(_lack, of.lacks))}"
        f"{not_shared(of.unshared, _peers(of.holders))}"
    )


def _lack(lack: tuple[PeerName | None, Sequence[str]]) -> str:
    """Say why some files are missing."""
    holder, names = lack
    if holder is None:
        return f"nobody shares {some_names(names)} any more"
    return f"{holder} has changed {some_names(names)}: get it again to have it as it is now"


def _whose(holders: Sequence[Contribution]) -> str:
    names = [reached(each.holder, each.how) for each in holders]
    return f"from {name_list(names)}, " if names else ""


def selection_lines(selection: Selection) -> Iterator[str]:
    """Write what several names and patterns mean, before it is downloaded."""
    if selection.things:
        names = tuple(hits[0].name for hits in selection.things)
        yield f"found {len(names):,}, {human_size(selection.size)}: {some_names(names)}"
    if selection.here:
        yield f"already here: {some_names([name for name, _here in selection.here])}"
    if selection.later:
        words = [word if isinstance(word, str) else word.name for word in selection.later]
        yield f"still being hashed by who has it, and waited for: {some_names(words)}"
    for word, why in selection.failed:
        hint = number_hint(word) if isinstance(why, NotFound) else None
        yield FailureLine(f"{shown_name(word)}: {why}{f'; {hint}' if hint else ''}")


def selection_end(selection: Selection, ended: Sequence[Progress]) -> Iterator[str]:
    """Write a summary of a downloaded selection, unless the line of its only download is one."""
    if len(ended) == 1 and not selection.here and not selection.failed:
        return
    old = [each for each in ended if isinstance(each.state, Saved) and each.state.was_here]
    fetched = [each for each in ended if each not in old]
    saved = sum(map(_saved_files, fetched))
    wanted = sum(progress.files for progress in fetched)
    summary = f"saved {saved:,} of {count(wanted, 'file')}" if fetched else "nothing to download"
    already = len(selection.here) + len(old)
    here = f", {already:,} already here" if already else ""
    names = [word for word, _why in selection.failed]
    names += [each.name for each in ended if not isinstance(each.state, Saved)]
    failed = f"; not complete: {some_names(names)}" if names else ""
    yield f"{summary}{here}{failed}"


def unreachable_holders(progress: Progress) -> Sequence[PeerAddress]:
    """Return who has what is downloaded, and cannot be reached."""
    state = progress.state
    return state.unreachable if isinstance(state, Undelivered) else ()


def unreachable_line(progress: Progress, me: PeerAddress | None) -> str | None:
    """
    Write who has what is downloaded, and cannot be reached; ``None`` where that is no matter.

    :param me: where this peer listens.
    """
    if not (unreachable := unreachable_holders(progress)):
        return None
    holder, *others = unreachable
    more = f" and {len(others):,} more" if others else ""
    mine = () if me is None else (me,)
    return f"{place(holder)}{more} has it but {cut_off(holder, *mine)}"


def transfers_lines(
    status: Status,
    downloads: Sequence[Progress],
    uploads: Sequence[tuple[str, UploadProgress]],
    width: int | None = None,
) -> Iterator[str]:
    """
    Write all downloads with the numbers for ``cancel`` and ``pause``, all uploads, and all relayed.

    A download that no holder delivers has a second line: what it waits for.
    """
    room = width and width - _NUMBER_CELLS
    if not downloads:
        yield "no downloads yet"
    for progress in downloads:
        yield f"{progress.number:>3}  {download_line(progress, room)}"
        if isinstance(progress.state, Receiving) and len(progress.state.holders) > 1:
            for each in progress.state.holders:
                whom = reached(each.holder, each.how)
                yield f"     {human_size(each.received)} from {whom}{_at(each.rate)}"
        if isinstance(progress.state, Undelivered):
            yield f"     {_awaited(progress, status)}"
    for name, upload in uploads:
        sent = f"{human_size(upload.sent)} of {shown_name(name)}"
        yield f"  <  {sent} to {reached(upload.requester, upload.how)}{_at(upload.rate)}"
    for pair in status.relayed:
        line = relayed_line(pair.holder, pair.requester, pair.copied)
        yield f"  =  {line}{_at(pair.rate)}"


def _awaited(progress: Progress, status: Status) -> str:
    """Write what a download waits for that no holder delivers."""
    if (outside := outside_line(status)) is not None:
        return outside
    if not status.neighbors:
        return f"waiting for other peers: {status.alone}"
    unreachable = unreachable_line(progress, status.address)
    kept = unreachable or _misdated(progress.state) or _refused(progress.state)
    return kept or "waiting for a peer that has it"


def _misdated(state: State) -> str:
    """Write that a wrong clock keeps a holder and this peer apart; nothing where none does."""
    if not isinstance(state, Undelivered) or not state.misdated:
        return ""
    holder, why = state.misdated[0]
    return f"waiting for {holder}: {why}"


def _refused(state: State) -> str:
    """Write what a holder says that does not serve; nothing where none says anything."""
    if not isinstance(state, Undelivered) or not state.refused:
        return ""
    (holder, why), *others = state.refused
    more = f", and {len(others):,} more" if others else ""
    return f"waiting for {holder}{more}: {clip(visible(why), _REASON_CELLS)}"


def _saved_files(progress: Progress) -> int:
    match progress.state:
        case Saved():
            return progress.files
        case Incomplete(missing=missing):
            return progress.files - len(missing)
        case _:
            return 0


def not_shared(number: int, holders: Sequence[str] = ()) -> str:
    """Say how much of a folder its holder does not share, behind what was saved of it."""
    if not number:
        return ""
    by = f" by {holders[0]}" if len(holders) == 1 else ""
    return f"; {number:,} more {'is' if number == 1 else 'are'} not shared{by}"


def beside(older: Sequence[str]) -> str:
    """Say, behind what was saved, that files of some names were there already, and stay."""
    match older:
        case []:
            return ""
        case [name]:
            return f"; an older {shown_name(name)} stays there"
        case _:
            return f"; older ones stay there: {some_names(older)}"


def some_names(names: Sequence[str]) -> str:
    """Join names; of very many, only the first are shown."""
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(map(shown_name, names[:_NAMES_SHOWN]))
    return f"{shown} and {more:,} more" if more > 0 else shown


def _at(rate: float) -> str:
    return f", {human_size(rate)}/s" if rate > 0 else ""


def _peers(holders: Sequence[Contribution]) -> list[str]:
    return [each.holder for each in holders]
