"""What is written for people."""

import os
import pty
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, suppress
from io import StringIO
from unittest.mock import patch

from p2p_twisted.cli.answers import complain, say_lines

LONG = (
    "pushed lesson.tar (256.0 MiB) to @all until 2026-12-06 15:00: p2p pushes 1 shows how it goes"
)
ADDRESS = f"http://192.168.1.23:9012/{'uXo0v2v7mJx1kz5r0eH8Vw' * 4}/tour.mp4"


def on_a_terminal(name: str, columns: int, write: Callable[[], None]) -> list[str]:
    """Return the lines that a terminal is given."""
    ours, its = pty.openpty()
    sized = patch.object(os, "get_terminal_size", lambda _fd: os.terminal_size((columns, 24)))
    with open(its, "w") as stream, sized, patch.object(sys, name, stream):
        write()
    read = b""
    with suppress(OSError):
        while more := os.read(ours, 65_536):
            read += more
    os.close(ours)
    return read.decode().splitlines()


def test_breaks_between_words() -> None:
    """A terminal would break a line that is too wide in the middle of a word."""
    for name, write in (("stdout", lambda: say_lines([LONG])), ("stderr", lambda: complain(LONG))):
        lines = on_a_terminal(name, 40, write)
        assert max(map(len, lines)) <= 40
        assert " ".join(map(str.strip, lines)) == LONG
        assert on_a_terminal(name, 200, write) == [LONG]


def test_copies_whole() -> None:
    """An address that is too wide stays on one line: so it is copied as it is."""
    assert on_a_terminal("stdout", 60, lambda: say_lines([ADDRESS])) == [ADDRESS]


def test_for_programs() -> None:
    """Where no terminal is, nothing is broken, nor are the lines that there are."""
    with redirect_stderr(StringIO()) as written:
        complain(f"{LONG}\n{LONG}")
    assert written.getvalue() == f"{LONG}\n{LONG}\n"
