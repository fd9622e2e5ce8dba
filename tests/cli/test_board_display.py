"""How pushes go, drawn in place on a terminal."""

import io

import pytest

from p2p_twisted.cli.board_display import BoardDisplay
from p2p_twisted.cli.shown_pushes import board_of
from p2p_twisted.console.push_lines import board_lines, counts_text
from tests.cli.fake_pushes import board


class Terminal(io.StringIO):
    """Somewhere to draw."""

    columns, rows = 60, 8

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_display(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal it is drawn in place, and nothing of it is left, also when that got narrow."""
    terminal = Terminal()
    display = BoardDisplay(terminal)
    monkeypatch.setattr(display, "_size", lambda: (terminal.columns, terminal.rows))
    many = board_of(board(3, 40))
    display.show([many])
    first = terminal.getvalue()
    assert first == "\r\x1b[J" + "".join(f"{line}\n" for line in board_lines(many, 59, 7))
    assert first.count("\n") == 7
    terminal.columns = 30
    wide = sum(-(-len(line) // 30) for line in board_lines(many, 59, 7))
    assert wide > 7
    display.show([many])
    assert terminal.getvalue().removeprefix(first).startswith(f"\r\x1b[{wide}A\x1b[J")
    display.clear()
    assert terminal.getvalue().endswith("A\x1b[J")
    before = terminal.getvalue()
    display.clear()
    assert terminal.getvalue() == before


def test_display_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several boards share the screen; of very many, some are shown."""
    terminal = Terminal()
    display = BoardDisplay(terminal)
    monkeypatch.setattr(display, "_size", lambda: (60, 12))
    for number in (2, 9):
        before = len(terminal.getvalue())
        display.show([board_of(board(3, 40))] * number)
        assert terminal.getvalue()[before:].count("\n") <= 11


def test_dumb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a terminal supports only lines, there is one for each change, as on a pipe."""
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    display = BoardDisplay(terminal)
    display.say("looking for it")
    for _ in range(2):
        display.show([board_of(board(3, 40))])
    display.clear()
    assert terminal.getvalue() == f"lesson.tar: {counts_text(board_of(board(3, 40)))}\n"
