"""Hits whose names or numbers are not what they seem: none leads elsewhere, or fools anybody."""

from typing import Any

import pytest

from tests.process.abused import AbusedCase
from tests.process.daemons import wait_until
from tests.process.lies import Want
from tests.process.odd_holder import a_holder, push
from tests.process.stranger import a_hit


@pytest.mark.slow
class HitTests(AbusedCase):
    """A neighbor claims to have what s1 asks for, under names and with numbers as it likes."""

    def test_names_that_lead_elsewhere(self) -> None:
        """A hit whose name could lead out of a folder, or fool a person, ends the link."""
        for number, name in enumerate(_BAD_NAMES):
            hit = a_hit(b"x", name, "s9")
            with a_holder(self.network.port("s1"), f"evil{number}", [hit], print) as holder:
                self.network.type("s1", "find unlikely", "0 files")
                wait_until(lambda holder=holder: not holder.is_linked, repr(name))

    def test_names_that_look_strange(self) -> None:
        """What is a name for the disk but strange to a shell or a person is fetched as it is."""
        for number, name in enumerate(_STRANGE_NAMES):
            content = b"strange %d" % number

            def deliver(want: Want, content: bytes = content) -> None:
                push(want, content)

            # The link of the one before may not be known to be gone yet.
            holder = f"odd{number}"
            hits = [a_hit(content, name, holder)]
            with a_holder(self.network.port("s1"), holder, hits, deliver):
                self.assertEqual(self.network.get("s1", name, f'get "{name}"'), content)

    def test_immense_numbers(self) -> None:
        """Sizes and counts beyond all bounds end the link."""
        fields: list[dict[str, Any]] = [
            {"size": 1 << 63},
            {"size": (1 << 40) + 1},
            {"size": -1},
            {"size": 1.5},
            {"size": True},
            {"hashed": 101},
            {"route": ["s1"] * 33},
        ]
        for number, field in enumerate(fields):
            hit = {**a_hit(b"x", "unlikely", "s9"), **field}
            with a_holder(self.network.port("s1"), f"evil{number}", [hit], print) as holder:
                self.network.type("s1", "find unlikely", "0 files")
                wait_until(lambda holder=holder: not holder.is_linked, repr(field))


_BAD_NAMES = [
    "../unlikely",
    "../../../../tmp/unlikely",
    "/etc/unlikely",
    "a/../../unlikely",
    "a//unlikely",
    "unlikely/",
    "./unlikely",
    ".",
    "..",
    "",
    ".unlikely",
    "a/.ssh/unlikely",
    "..\\unlikely",
    "C:\\unlikely",
    "C:unlikely",
    "unlikely:stream",
    "unlikely\0.txt",
    "unlikely\n.txt",
    "unlikely\r",
    "unlikely\x1b[2J",
    "unlikely\x9b31m",
    "unlikely\x7f",
    "unlikely\u202etxt.exe",
    "unlikely\u200b",
    "unlikely\u2028",
    "unlikely\ufeff",
    "unlikely\ue000",
    "unlikely\ud800",
    "unlikely\u00a0",
    "unlike\u0301ly",
    "unlikely ",
    " unlikely",
    "unlikely.",
    "CON",
    "nul.txt",
    "com1",
    "x" * 256,
    "/".join(["x" * 199] * 6),
    "/".join(["x"] * 33),
    "\U000e0041unlikely",
    "unlikely\u3164",
]
_STRANGE_NAMES = [
    "-rf",
    "--help",
    "$(reboot)",
    "`reboot`; reboot",
    "%s%n{0}{name}",
    "<b>bold<b>",
    "*?[a-z]",
    "~root",
    "CON2",
    "\u05e9\u05dc\u05d5\u05dd.txt",
    "\u1ec7.txt",
    "\U0001f468.txt",
    "x" * 255,
]
