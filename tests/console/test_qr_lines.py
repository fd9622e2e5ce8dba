"""Invites as QR codes that a phone can read off a terminal."""

import pytest
import segno
import zxingcpp

from p2p_twisted.console.qr_lines import qr_lines
from p2p_twisted.console.screen import Screen
from p2p_twisted.console.text import QrLine
from p2p_twisted.peer.qr_code import qr_rows
from tests.console.fake_admin import CODE

# Pixels a side.
_MODULE = 8
_HALVES = {"█": "00", "▀": "01", "▄": "10", " ": "11"}
THREE_PLACES = f"{CODE},192.168.100.100:65535,[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535"


def seen(lines: list[str]) -> list[str]:
    """Return the rows of modules that somebody sees."""
    rows: list[str] = []
    for line in lines:
        pairs = [_HALVES[character] for character in line]
        rows += ["".join(pair[half] for pair in pairs) for half in (0, 1)]
    return rows


@pytest.mark.parametrize("text", [CODE, THREE_PLACES])
def test_drawn(text: str) -> None:
    """What is drawn is the code, in a frame of light modules."""
    rows = qr_rows(text)
    assert rows == tuple("".join(map(str, row)) for row in segno.make_qr(text, error="l").matrix)
    drawn = seen(list(qr_lines(rows)))
    frame = "0" * (len(rows) + 4)
    assert drawn[:2] == [frame, frame]
    assert drawn[2 : 2 + len(rows)] == [f"00{row}00" for row in rows]
    assert set(drawn[2 + len(rows) :]) == {frame}


def test_fits() -> None:
    """An invite to one registry fits into a usual terminal, its code included."""
    lines = list(qr_lines(qr_rows(f"{CODE[:50]}@192.168.100.100:9011"), 80))
    assert len(lines) <= 22
    assert len(lines[0]) <= 80


def test_no_room() -> None:
    """Where it would be broken, nothing is drawn."""
    rows = qr_rows(CODE)
    width = len(rows) + 4
    assert len(list(qr_lines(rows, width))) > 1
    assert list(qr_lines(rows, width - 1)) == [
        f"the QR code is {width} columns wide: make the terminal as wide, and ask again"
    ]


def test_colors() -> None:
    """On a terminal it has its own colors: light is light, whatever the terminal's are."""
    line = next(qr_lines(qr_rows(CODE)))
    assert isinstance(line, QrLine)
    assert f"\x1b[97;40m{line}\x1b[m\r\n" in Screen().print([line])


@pytest.mark.parametrize("text", [CODE, THREE_PLACES])
def test_scanned(text: str) -> None:
    """A reader of QR codes reads the invite off it."""
    rows = seen(list(qr_lines(qr_rows(text))))
    gray = {"0": b"\xff" * _MODULE, "1": b"\0" * _MODULE}
    pixels = b"".join(b"".join(gray[each] for each in row) * _MODULE for row in rows)
    image = memoryview(pixels).cast("B", (len(rows) * _MODULE, len(rows[0]) * _MODULE))
    assert [each.text for each in zxingcpp.read_barcodes(image)] == [text]
