"""Downloads that are given up at any moment leave nothing behind."""

import os
import random
import re
import time
from itertools import count
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import Daemon, script, wait_until
from tests.process.networks import Network
from tests.process.person import Person

_TRANSFERS = 1_000
_AT_ONCE = 4
_BYTES = 24 << 20
_LONGEST_SECONDS = 0.2
_ENDED = re.compile(rb"(canceled|saved) f(\d)\.bin")
_SETTLED_SECONDS = 60.0


def descriptors(pid: int) -> int:
    """Count a process's open files and connections."""
    return len(os.listdir(f"/proc/{pid}/fd"))


@pytest.mark.slow
class CancelTests(SynchronousTestCase):
    """s2 is at a terminal, and changes its mind."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()
        for number in range(_AT_ONCE):
            self.network.write(f"s1/f{number}.bin", random.Random(number).randbytes(_BYTES))
        self.holder: Daemon = self.network.start_peer("s1")
        self.holder.wait_ready()
        self.holder.wait_until_shared(_AT_ONCE)
        self.person = Person(
            script("twistd"), "-n", *self.network.command("s2"), cwd=self.network.directory
        )
        self.addCleanup(self.person.end)
        self.person.sees("s2 (1)>")
        self.state = self.network.directory / "s2"
        self.rng = random.Random(7)

    def test_cancel(self) -> None:
        """After a thousand there are no descriptors, part files or connections more than before."""
        numbers = count(1)
        self.give_up_some(numbers)
        pids = (self.holder.pid, self.person.process.pid)
        before = [descriptors(pid) for pid in pids]
        canceled = 0
        while canceled < _TRANSFERS:
            canceled += self.give_up_some(numbers)
        # What the holder has in mind of those that are gone ends with their deadlines.
        wait_until(
            lambda: all(descriptors(pid) <= most for pid, most in zip(pids, before, strict=True)),
            f"{before} descriptors, not {[descriptors(pid) for pid in pids]}",
            _SETTLED_SECONDS,
        )
        self.assertEqual(self.network.leftovers(), [])
        self.assertEqual([path.name for path in self.own_files("wants/*")], [])
        self.person.type("get f0.bin\r")
        self.wait_for_ends(len(_ENDED.findall(self.person.read())) + 1)
        self.assertEqual(self.network.read("s2/Downloads/f0.bin"), self.network.read("s1/f0.bin"))
        self.assertNotIn("Traceback", (self.network.directory / "p2ppeer-s2.log").read_text())

    def give_up_some(self, numbers: "count[int]") -> int:
        """Ask for a few files, give them up at random moments; tell how many were."""
        ended = len(_ENDED.findall(self.person.read()))
        for number in range(_AT_ONCE):
            self.person.type(f"get f{number}.bin\r")
        mine = [next(numbers) for _ in range(_AT_ONCE)]
        self.rng.shuffle(mine)
        for number in mine:
            time.sleep(self.rng.uniform(0, _LONGEST_SECONDS / _AT_ONCE))
            self.person.type(f"cancel {number}\r")
        # Whoever was not there yet, or is done, is told so.
        for number in mine:
            self.give_up_again(number, ended)
        self.wait_for_ends(ended + _AT_ONCE)
        for path in self.state.glob("Downloads/*.bin"):
            path.unlink()
        new = _ENDED.findall(self.person.read())[ended:]
        return sum(how == b"canceled" for how, _file in new)

    def give_up_again(self, number: int, ended: int) -> None:
        """Give one up that had not begun when it was to be given up."""
        if len(_ENDED.findall(self.person.read())) < ended + _AT_ONCE:
            self.person.type(f"cancel {number}\r")

    def wait_for_ends(self, ends: int) -> None:
        """Wait until so many downloads have ended, well or not."""
        wait_until(lambda: len(_ENDED.findall(self.person.read())) >= ends, "the downloads", 30.0)

    def own_files(self, pattern: str) -> list[Path]:
        """List files of the peer's own."""
        return list(self.state.glob(f".p2p/{pattern}"))
