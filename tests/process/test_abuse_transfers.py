"""Holders that lie, and strangers that push: nothing unverified is kept."""

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from tests.process.abused import AbusedCase
from tests.process.daemons import wait_until
from tests.process.lies import LIES, SLOW_LIES, Want, content_of, wrong_bytes
from tests.process.odd_holder import a_holder, begin_push, push
from tests.process.stranger import a_hit, a_ticket, digests_of

_SMALL = b"small " * 9_999


@pytest.mark.slow
class TransferTests(AbusedCase):
    """s1 wants what s2 has; a neighbor claims to have it, too."""

    files: ClassVar = {
        "s2": {
            "small.bin": _SMALL,
            **{f"{lie.__name__}.bin": content_of(n) for n, lie in enumerate(LIES + SLOW_LIES)},
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
        self.try_out(LIES, 4.0)

    def test_slow_lies(self) -> None:
        """A holder that delivers nothing, or far too slowly, is given up in time."""
        self.try_out(SLOW_LIES, 40.0)

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
