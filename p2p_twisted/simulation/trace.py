"""What happened in a simulation, event by event: NDJSON, and its hash."""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from attrs import define, field


@define
class Trace:
    """
    Events, one JSON object a line, in the order in which they happened.

    :ivar write: is given each line, if the lines are wanted.
    """

    write: Callable[[str], object] | None = None
    _digest: Any = field(factory=hashlib.sha256)

    def add(self, at: float, event: str, **fields: Any) -> None:
        """
        Record an event.

        :param at: seconds from the start.
        """
        # Microseconds tell all events apart; more digits would only be noise.
        line = msgspec.json.encode({"at": round(at, 6), "event": event, **fields}) + b"\n"
        self._digest.update(line)
        if self.write is not None:
            self.write(line.decode())

    @property
    def hash(self) -> str:
        """The SHA-256 of all lines so far: that of the file, once it is complete."""
        return str(self._digest.hexdigest())
