"""Limits, pauses and resharing with real daemons."""

import os
import random
import time

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import script, wait_until
from tests.process.networks import Network
from tests.process.person import Person

_BYTES = 6 << 20
_RATE = 1 << 20
_CONTENT = random.Random(1).randbytes(_BYTES)


class LimitCase(SynchronousTestCase):
    """s1 shares a file."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()
        self.network.write("s1/big.bin", _CONTENT)

    def start_holder(self, *options: str) -> None:
        """Start s1."""
        holder = self.network.start_peer("s1", *options)
        holder.wait_ready()
        holder.wait_until_shared(1)

    def person(self, *options: str) -> Person:
        """Sit down at s2's console."""
        command = ("-n", *self.network.command("s2"), *options)
        person = Person(script("twistd"), *command, cwd=self.network.directory)
        self.addCleanup(person.end)
        person.sees("s2 (1)>")
        return person

    def saved(self) -> bytes:
        """Wait until s2 has the file, and nothing is left of the work; read it."""
        folder = self.network.directory / "s2" / "Downloads"
        wait_until(lambda: os.listdir(folder) == ["big.bin"], "the download")
        return (folder / "big.bin").read_bytes()


@pytest.mark.slow
class RateTests(LimitCase):
    """Rates, given as options."""

    def assert_not_faster(self, *options: str) -> None:
        """A download takes as long as it must, at least."""
        requester = self.network.start_peer("s2", *options)
        requester.wait_ready()
        began = time.monotonic()
        requester.answer("big.bin", "^saved big.bin", 60.0)
        self.assertGreater(time.monotonic() - began, 0.9 * _BYTES / _RATE)
        self.assertEqual(self.saved(), _CONTENT)

    def test_up(self) -> None:
        """A holder sends no faster than it may."""
        self.start_holder("--max-up=1M")
        self.assert_not_faster()

    def test_down(self) -> None:
        """A requester receives no faster than it may."""
        self.start_holder()
        self.assert_not_faster("--max-down=1M")


@pytest.mark.slow
class PauseTests(LimitCase):
    """What somebody at a console does to running transfers."""

    def test_pause(self) -> None:
        """A paused download rests over a restart; resumed, and limited no more, it completes."""
        self.start_holder()
        person = self.person("--max-down=1M")
        person.type("big.bin\r")
        part = self.network.directory / "s2" / "Downloads"
        wait_until(lambda: [*part.glob(".p2p-*.part")], "the first bytes")
        person.type("pause 1\r")
        wait_until(lambda: b"  paused" in person.read(), "the pause")
        person.process.kill()
        person.process.wait()
        person = self.person("--max-down=1M")
        person.type("transfers\r")
        wait_until(lambda: b"  paused" in person.read(), "the pause, in the next run")
        person.type("limit down off\r")
        person.sees("up unlimited, down unlimited")
        person.type("resume all\r")
        self.assertEqual(self.saved(), _CONTENT)

    def test_limit(self) -> None:
        """A limit that is lifted lets a running download go on at once."""
        self.start_holder()
        person = self.person("--max-down=128K")
        person.type("big.bin\r")
        part = self.network.directory / "s2" / "Downloads"
        wait_until(lambda: [*part.glob(".p2p-*.part")], "the first bytes")
        began = time.monotonic()
        person.type("limit down unlimited\r")
        self.assertEqual(self.saved(), _CONTENT)
        self.assertLess(time.monotonic() - began, _BYTES / (128 << 10))
