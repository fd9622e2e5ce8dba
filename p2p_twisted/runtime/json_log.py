"""Write a log as JSON: one flat object on each line, for programs that collect logs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from twisted.logger import ILogObserver, LogEvent, formatEvent
from zope.interface import provider

_OWN: Final = ("time", "level", "where", "text", "traceback")
_LEGACY: Final = frozenset({"message", "isError", "system", "format", "failure", "why", "printed"})
"""What events of Twisted's older log carry beside their fields."""


def json_observer(lines: TextIO) -> ILogObserver:
    """
    Make an observer that writes each event as one line.

    Its keys are ``time`` (UTC, ISO 8601), ``level``, ``where`` (the part of the program),
    ``text`` (the sentence), ``traceback`` where something failed, and the values that the
    sentence is made of, numbers as numbers. None of them takes the place of the first five.
    """

    def observe(event: LogEvent) -> None:
        lines.write(json.dumps(_flat(event)) + "\n")
        lines.flush()

    observer: ILogObserver = provider(ILogObserver)(observe)
    return observer


def _flat(event: LogEvent) -> Mapping[str, Any]:
    at = datetime.fromtimestamp(event["log_time"], UTC)
    level = event.get("log_level")
    line: dict[str, Any] = {
        "time": at.isoformat(timespec="milliseconds"),
        "level": "info" if level is None else level.name,
        "where": event.get("log_namespace", ""),
        "text": formatEvent(event),
    }
    if (failure := event.get("log_failure")) is not None:
        line["traceback"] = failure.getTraceback()
    for name, value in event.items():
        if name not in _OWN and name not in _LEGACY and not name.startswith("log_"):
            line[name] = value if isinstance(value, str | int | None) else _shown(value)
    return line


def _shown(value: Any) -> str | float:
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    try:
        return str(value)
    except Exception as error:
        return f"cannot be shown: {type(error).__name__}"
