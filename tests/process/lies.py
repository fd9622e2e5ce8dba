"""What a holder may do instead of delivering a file that it was asked for."""

import random
import time
from collections.abc import Callable
from typing import Any

from tests.process.odd_holder import begin_push, serve_chunks
from tests.process.stranger import CHUNK, digests_of

Want = dict[str, Any]


def content_of(number: int) -> bytes:
    """Make up a file of three chunks."""
    return random.Random(number).randbytes(2 * CHUNK + 345_678)


def damaged(content: bytes) -> bytes:
    """Flip a bit in the second chunk."""
    place = CHUNK + 77
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


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


LIES: list[Callable[[Want, bytes], None]] = [
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
SLOW_LIES: list[Callable[[Want, bytes], None]] = [
    nothing,
    wrong_size,
    wrong_file,
    immense_file,
    stalled,
    trickle,
]
