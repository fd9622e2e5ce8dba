"""Holders that deliver what, and as, a test wants them to."""

import contextlib
import threading
from collections.abc import Callable
from typing import Any

from tests.process.stranger import (
    CHUNK,
    Line,
    Neighbor,
    call,
    digests_of,
)


def a_holder(
    port: int,
    name: str,
    hits: list[dict[str, Any]],
    deliver: Callable[[dict[str, Any]], object],
) -> Neighbor:
    """
    Link as a peer that claims to have things.

    :param hits: its answer to every question for files.
    :param deliver: is given each request for one of them, in a thread of its own.
    """

    def answer(holder: Neighbor, ask: dict[str, Any]) -> None:
        if ask["what"] == "topo":
            holder.line.say("TOLD", id=ask["id"], peers=[{"peer": name}], answered=1)
        else:
            holder.line.say("TOLD", id=ask["id"], hits=hits, answered=1)

    def wanted(_holder: Neighbor, want: dict[str, Any]) -> None:
        threading.Thread(target=_quietly, args=[deliver, want], daemon=True).start()

    return Neighbor(port, name, ASK=answer, WANT=wanted)


def _quietly(deliver: Callable[[dict[str, Any]], object], want: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, EOFError):
        deliver(want)


def begin_push(want: dict[str, Any], content: bytes, **lies: Any) -> Line:
    """Dial whoever wants content, and announce it."""
    line = call(want["port"])
    line.hear("HELLO")
    offer = {"ticket": want["ticket"], "file": want["file"], "size": len(content), **lies}
    line.say("PUSH", **offer)
    return line


def push(want: dict[str, Any], content: bytes) -> None:
    """Deliver content as an honest holder does; what its id names may be something else."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        serve_chunks(line, content)


def serve_chunks(line: Line, content: bytes) -> None:
    """Send the chunks that are asked for, until the other side is done."""
    while True:
        verb, fields = line.hear()
        if verb != "SEND":
            return
        for first, count in fields["chunks"]:
            for index in range(first, first + count):
                chunk = content[index * CHUNK : (index + 1) * CHUNK]
                line.say("CHUNK", index=index, length=len(chunk))
                line.write(chunk)
