"""Holders that lie, and strangers that push: nothing unverified is kept."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from tests.process.abused import AbusedCase
from tests.process.daemons import wait_until
from tests.process.stranger import (
    CHUNK,
    a_hit,
    a_holder,
    a_ticket,
    begin_push,
    digests_of,
    push,
    serve_chunks,
)

Want = dict[str, Any]


def content_of(number: int) -> bytes:
    """Make up a file of three chunks."""
    return random.Random(number).randbytes(2 * CHUNK + 345_678)


def damaged(content: bytes) -> bytes:
    """Flip a bit in the second chunk."""
    place = CHUNK + 77
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


# What a holder may do instead of delivering.


def wrong_size(want: Want, content: bytes) -> None:
    """Announce another size."""
    with begin_push(want, content, size=len(content) + 1) as line:
        line.is_cut()


def wrong_file(want: Want, content: bytes) -> None:
    """Announce another file."""
    with begin_push(want, content, file="0" * 64) as line:
        line.is_cut()


def immense_file(want: Want, content: bytes) -> None:
    """Announce the largest file there can be."""
    with begin_push(want, content, size=1 << 40) as line:
        line.is_cut()


def wrong_digests(want: Want, content: bytes) -> None:
    """Send the digests of something else."""
    with begin_push(want, content) as line:
        line.write(digests_of(damaged(content)))
        line.is_cut()


def half_of_the_digests(want: Want, content: bytes) -> None:
    """End within the digests."""
    with begin_push(want, content) as line:
        line.write(digests_of(content)[:50])


def wrong_bytes(want: Want, content: bytes) -> None:
    """Send the right digests, and other bytes."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        serve_chunks(line, damaged(content))


def half_a_chunk(want: Want, content: bytes) -> None:
    """End within a chunk."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.hear("SEND")
        line.say("CHUNK", index=0, length=CHUNK)
        line.write(content[:500_000])


def half_a_chunk_and_a_crash(want: Want, content: bytes) -> None:
    """Crash within a chunk."""
    line = begin_push(want, content)
    line.write(digests_of(content))
    line.hear("SEND")
    line.say("CHUNK", index=0, length=CHUNK)
    line.write(content[:500_000])
    time.sleep(0.1)
    line.reset()


def another_chunk(want: Want, content: bytes) -> None:
    """Send a chunk that nobody asked for."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.hear("SEND")
        line.say("CHUNK", index=1_000_000, length=CHUNK)
        line.write(bytes(CHUNK))
        line.is_cut()


def a_chunk_twice(want: Want, content: bytes) -> None:
    """Send a chunk again, instead of the others."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.hear("SEND")
        for _ in range(9):
            line.say("CHUNK", index=0, length=CHUNK)
            line.write(content[:CHUNK])
        line.is_cut()


def wrong_length(want: Want, content: bytes) -> None:
    """Announce less than a chunk."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.hear("SEND")
        line.say("CHUNK", index=0, length=CHUNK - 1)
        line.write(content[: CHUNK - 1])
        line.is_cut()


def too_early(want: Want, content: bytes) -> None:
    """Send everything at once, without waiting for what is asked for."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.say("CHUNK", index=0, length=CHUNK)
        line.write(content[:CHUNK])
        line.is_cut()


def no_message(want: Want, content: bytes) -> None:
    """Send what has no place in a push."""
    with begin_push(want, content) as line:
        line.write(digests_of(content) + b"GOSSIP {}\nWANT {}\n")
        line.is_cut()


def refusal(want: Want, content: bytes) -> None:
    """Refuse, with a reason that would like to be on the screen."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.say("REFUSE", ticket=want["ticket"], reason="\x1b[2J\x1b]0;owned\x07\u202e\nsaved")
        line.is_cut()


def nothing(want: Want, content: bytes) -> None:
    """Do not even dial."""


def stalled(want: Want, content: bytes) -> None:
    """Stand still within a chunk."""
    with begin_push(want, content) as line:
        line.write(digests_of(content))
        line.hear("SEND")
        line.say("CHUNK", index=0, length=CHUNK)
        line.write(content[:100_000])
        line.socket.settimeout(60.0)
        line.is_cut()


def trickle(want: Want, content: bytes) -> None:
    """Send a byte a second, for ever."""
    with begin_push(want, content) as line:
        for byte in digests_of(content):
            if not line.write(bytes([byte])):
                return
            time.sleep(1.0)


_LIES: list[Callable[[Want, bytes], None]] = [
    wrong_digests,
    half_of_the_digests,
    wrong_bytes,
    half_a_chunk,
    half_a_chunk_and_a_crash,
    another_chunk,
    a_chunk_twice,
    wrong_length,
    too_early,
    no_message,
    refusal,
]
_SLOW_LIES: list[Callable[[Want, bytes], None]] = [
    nothing,
    wrong_size,
    wrong_file,
    immense_file,
    stalled,
    trickle,
]
_SMALL = b"small " * 9_999


class TransferTests(AbusedCase):
    """s1 wants what s2 has; a neighbor claims to have it, too."""

    files: ClassVar = {
        "s2": {
            "small.bin": _SMALL,
            **{f"{lie.__name__}.bin": content_of(n) for n, lie in enumerate(_LIES + _SLOW_LIES)},
        }
    }

    def try_out(self, lies: list[Callable[[Want, bytes], None]], seconds: float) -> None:
        """Have s1 fetch a file for each lie; s2 delivers it in the end."""
        for lie in lies:
            name = f"{lie.__name__}.bin"
            content = (self.network.folder / "s2" / name).read_bytes()
            # Asked before s2: its name is the smaller one.
            liar = f"a-{lie.__name__}".replace("_", "-")
            hits = [a_hit(content, name, liar)]

            def deliver(want: Want, lie: Any = lie, content: bytes = content) -> None:
                lie(want, content)

            began = time.monotonic()
            with a_holder(self.network.port("s1"), liar, hits, deliver) as holder:
                self.assertEqual(self.network.get("s1", name, seconds=seconds), content)
                self.assertIn("WANT", [verb for verb, _ in holder.heard], name)
            self.assertLess(time.monotonic() - began, seconds, name)

    def test_lies(self) -> None:
        """Whatever a holder does instead of delivering, the next one is asked at once."""
        self.try_out(_LIES, 4.0)

    @pytest.mark.slow
    def test_slow_lies(self) -> None:
        """A holder that delivers nothing, or far too slowly, is given up in time."""
        self.try_out(_SLOW_LIES, 40.0)

    @pytest.mark.slow
    def test_liar_is_avoided(self) -> None:
        """Whoever has sent wrong bytes once is not asked again, but others are."""
        content, wants = content_of(1_000), list[Want]()

        def deliver(want: Want) -> None:
            wants.append(want)
            wrong_bytes(want, content)

        def rescue() -> None:
            time.sleep(2.0)
            hits = [a_hit(content, "rare.bin", "honest")]
            self.rescuer = a_holder(port, "honest", hits, lambda want: push(want, content))

        port = self.network.port("s1")
        with a_holder(port, "liar", [a_hit(content, "rare.bin", "liar")], deliver):
            thread = threading.Thread(target=rescue)
            thread.start()
            self.assertEqual(self.network.get("s1", "rare.bin"), content)
            thread.join()
            self.rescuer.close()
        self.assertEqual(len(wants), 1)

    def test_small_lies(self) -> None:
        """A small file that comes on the link is verified like any other."""

        def deliver(want: Want) -> None:
            holder.line.write(
                f'FILE {{"ticket": "{want["ticket"]}", "size": {len(_SMALL)}}}\n'.encode()
                + _SMALL[:-1]
                + b"!"
            )

        hits = [a_hit(_SMALL, "small.bin", "liar")]
        with a_holder(self.network.port("s1"), "liar", hits, deliver) as holder:
            for _ in range(50):
                holder.line.write(
                    f'FILE {{"ticket": "{a_ticket()}", "size": 60000}}\n'.encode() + bytes(60_000)
                )
            self.assertEqual(self.network.get("s1", "small.bin"), _SMALL)
            self.assertTrue(holder.is_linked)
            holder.line.write(b'FILE {"ticket": "x", "size": 65537}\n')
            wait_until(lambda: not holder.is_linked, "cut")

    def test_unsolicited(self) -> None:
        """What nobody asked for is cut off, and what was asked for comes only once."""
        content, wants = content_of(1_001), list[Want]()

        def deliver(want: Want) -> None:
            wants.append(want)
            push(want, content)

        hits = [a_hit(content, "replayed.bin", "once")]
        port = self.network.port("s1")
        with a_holder(port, "once", hits, deliver):
            self.assertEqual(self.network.get("s1", "replayed.bin"), content)
        for number in range(200):
            [want] = wants
            lie = {} if number % 2 else {"ticket": a_ticket()}
            with begin_push(want, content, **lie) as line:
                line.write(digests_of(content) + content[:100_000])
                self.assertTrue(line.is_cut())

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

            hits = [a_hit(content, name, "odd")]
            with a_holder(self.network.port("s1"), "odd", hits, deliver):
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
    "x" * 201,
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
    "x" * 200,
]
