"""Write why a download, or a question, goes as it does, as lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from p2p_twisted.console.layout import table, wrapped
from p2p_twisted.console.text import count, human_size, human_time, reached, shown_name, visible

_INDENT: Final = "  "


def explanation_lines(explained: Mapping[str, Any], width: int | None = None) -> Iterator[str]:
    """
    Write what limits it in the first line, then each holder, then what happened.

    :param explained: as the API has it.
    :param width: of a line, in cells; ``None`` for no limit.
    """
    number = f"{explained['number']}  " if explained["number"] else ""
    sentence = visible(explained["diagnosis"]["sentence"])
    yield from wrapped(f"{number}{shown_name(explained['name'])}: {sentence}", width)
    if explained["number"]:
        yield from wrapped(_times(explained), width)
    room = width and width - len(_INDENT)
    rows = [_holder_row(each) for each in explained["holders"]]
    yield from (f"{_INDENT}{line}" for line in table(rows, room) if rows)
    rows = [(human_time(each["at"]), _note(each)) for each in explained["notes"]]
    yield from (f"{_INDENT}{line}" for line in table(rows, room, right=(0,)) if rows)
    if explained["number"] and explained["question"] is not None:
        yield from wrapped(f"{_INDENT}{_question(explained['question'])}", width)


def _times(explained: Mapping[str, Any]) -> str:
    seconds, window = explained["seconds"], explained["window"]
    if explained["is_ended"]:
        return f"{_INDENT}it took {human_time(seconds)}"
    return f"{_INDENT}for {human_time(seconds)} now; judged by the last {human_time(window)}"


def _holder_row(holder: Mapping[str, Any]) -> tuple[str, ...]:
    via = f" asked by way of {holder['via']}" if holder["via"] else ""
    waits = holder["waits"]
    state = "delivers" if holder["is_delivering"] else visible(holder["last"])
    rate = f"{human_size(holder['rate'])}/s" if waits["seconds"] else ""
    spent = ", ".join(_spent(waits))
    return (
        f"{reached(holder['holder'], holder['how'])}{via}",
        f"{human_size(holder['received'])}, {100 * holder['share']:.0f} %",
        rate,
        ", ".join(filter(None, (f"asked {count(holder['asked'], 'time')}", state, spent))),
    )


def _spent(waits: Mapping[str, Any]) -> Iterator[str]:
    """Say what its connection waited for on this side, where that was much."""
    told = {"limit": "for --max-down", "disk": "for the disk", "idle": "with nothing to send"}
    for name, text in told.items():
        if waits["seconds"] and (share := waits[name] / waits["seconds"]) >= 0.1:
            yield f"{100 * min(share, 1.0):.0f} % of the time {text}"


def _note(note: Mapping[str, Any]) -> str:
    if note["times"] == 1:
        return visible(note["text"])
    until = human_time(note["until"])
    return f"{visible(note['text'])} ({note['times']:,} times, until {until})"


def _question(question: Mapping[str, Any]) -> str:
    if question["seconds"] is None:
        return "the other peers are being asked"
    first = [f"{each['peer']} after {human_time(each['after'])}" for each in question["holders"]]
    who = f": {', '.join(first)}" if first else ""
    return (
        f"asked {count(question['asked'], 'other peer')}, {question['answered']:,} answered in"
        f" {human_time(question['seconds'])}, with {count(question['hits'], 'hit')}{who}"
    )
