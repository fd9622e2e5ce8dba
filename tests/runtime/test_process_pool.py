"""One job on all cores, by processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import copy
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Final

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from p2p_twisted.runtime import process_pool
from p2p_twisted.runtime.parallel_map import NICER
from p2p_twisted.runtime.process_pool import ProcessPool
from p2p_twisted.wire.limits import KIB

_PATIENCE_SECONDS: Final = 20.0
_ITEMS: Final = 100
_PARENT: Final = """
import os
from p2p_twisted.runtime.process_pool import ProcessPool
from tests.runtime.test_process_pool import who
pool, answers = ProcessPool(2), {}
while len(answers) < 2:
    answers.update(pool(who, range(100)))
[other] = answers.keys() - {os.getpid()}
print(other, flush=True)
input()
"""


def who(_item: int = 0) -> tuple[int, int]:
    """Take a moment; return which process does so, and its priority."""
    sleep(0.001)
    return os.getpid(), os.getpriority(os.PRIO_PROCESS, 0)


def double(item: int) -> int:
    """Do something."""
    return 2 * item


def answer(_item: bytes) -> bytes:
    """Answer with some KiB."""
    return bytes(7 * KIB)


def double_here(here: int, kill: int, item: int) -> int:
    """Do something; be killed instead in any other process than one."""
    if os.getpid() != here:
        os.kill(os.getpid(), kill)
        sleep(0.05)
    return double(item)


def fail_elsewhere(here: int, item: int) -> int:
    """Do something; fail in any other process than one."""
    if os.getpid() != here:
        raise FileNotFoundError(item)
    sleep(0.001)
    return item


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    until = monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if monotonic() > until:
            raise AssertionError("it does not come")
        sleep(0.01)


def is_there(pid: int) -> bool:
    """Return whether the system knows a process, also one that has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_running(pid: int) -> bool:
    """Return whether a process has not ended, even if nobody has waited for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class ProcessPoolTests(SynchronousTestCase):
    """A pool with one process beside the calling thread."""

    def setUp(self) -> None:
        self.pool = self.make(cores=2)

    def make(self, cores: int, idle_seconds: float = 60) -> ProcessPool:
        """Make a pool."""
        pool = ProcessPool(cores, idle_seconds)
        pool.start()
        self.addCleanup(pool.stop)
        return pool

    def others(self, pool: ProcessPool | None = None) -> dict[int, int]:
        """Return which other processes work, and their priorities."""
        answers = dict((pool or self.pool)(who, range(_ITEMS)))
        answers.pop(os.getpid())
        return answers

    def other(self, pool: ProcessPool | None = None) -> int:
        """Return the other process, as soon as it works."""
        found: dict[int, int] = {}
        while not found:
            found = self.others(pool)
        return min(found)

    def test_in_order(self) -> None:
        """Results come in the order of the items, of which there may be none."""
        self.other()
        for count in (0, 1, 2, 1_000):
            self.assertEqual(self.pool(double, range(count)), list(range(0, 2 * count, 2)))

    def test_begun(self) -> None:
        """What is begun is done there, while this thread does something else."""
        other = self.other()
        items = iter(range(_ITEMS))
        finish = self.pool.begin(who, items)
        begun = _ITEMS - len(list(copy(items)))
        self.assertGreater(begun, 2)
        self.assertLess(begun, _ITEMS)
        done = [pid for pid, _priority in finish()]
        self.assertEqual(done[:begun], [other] * begun)
        self.assertEqual(len(done), _ITEMS)

    def test_unread_answers(self) -> None:
        """However much is begun, and is asked, nobody waits for the other for ever."""
        # Where they do wait for each other, that ends with the test.
        self.addCleanup(os.kill, self.other(), signal.SIGKILL)
        self.patch(process_pool, "_LONG_AHEAD", _ITEMS)
        lengths: list[int] = []

        def ask() -> None:
            finish = self.pool.begin(answer, [bytes(60 * KIB)] * _ITEMS)
            lengths.extend(map(len, finish()))

        thread = Thread(target=ask, daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
        self.assertEqual(lengths, [7 * KIB] * _ITEMS)

    def test_few(self) -> None:
        """For a few items, no process is started."""
        for _ in range(_ITEMS):
            self.assertEqual({pid for pid, _ in self.pool(who, range(5))}, {os.getpid()})

    def test_one_core(self) -> None:
        """Where there is one core, a process would only take turns."""
        self.assertEqual(self.others(self.make(cores=1)), {})

    def test_several_cores(self) -> None:
        """With this process, there are as many as cores."""
        pool = self.make(cores=3)
        wait_until(lambda: len(self.others(pool)) == 2)

    def test_low_priority(self) -> None:
        """It makes way for others."""
        usual = os.getpriority(os.PRIO_PROCESS, 0)
        other = self.other()
        self.assertEqual(self.others(), {other: min(usual + NICER, 19)})

    def test_taken_as_needed(self) -> None:
        """No item is taken from its source long before the call with it begins."""
        self.other()
        doubled: list[int] = []

        def source() -> Iterator[int]:
            for item in range(_ITEMS):
                self.assertLessEqual(item, len(doubled) + _ITEMS // 2)
                yield item
                doubled.append(item)

        self.assertEqual(self.pool(double, source()), list(range(0, 2 * _ITEMS, 2)))

    def test_fails(self) -> None:
        """What a call raises there is raised here; and the pool can be used again."""
        self.other()
        with self.assertRaises(FileNotFoundError):
            self.pool(partial(fail_elsewhere, os.getpid()), range(_ITEMS))
        self.assertEqual(self.pool(double, range(_ITEMS)), list(range(0, 2 * _ITEMS, 2)))
        self.other()

    def test_killed(self) -> None:
        """What a process was asked for that is killed is done here, and another one is started."""
        first = self.other()
        deadly = partial(double_here, os.getpid(), signal.SIGKILL)
        self.assertEqual(self.pool(deadly, range(_ITEMS)), list(range(0, 2 * _ITEMS, 2)))
        self.assertNotEqual(self.other(), first)
        self.assertFalse(is_there(first))

    def test_never_of_use(self) -> None:
        """Where it is killed before it has answered, there is no point in starting more."""
        deadly = partial(double_here, os.getpid(), signal.SIGKILL)
        wait_until(lambda: self.pool._most == 0 or not self.pool(deadly, range(_ITEMS)))
        self.assertEqual(self.pool(double, range(_ITEMS)), list(range(0, 2 * _ITEMS, 2)))
        self.assertEqual(self.others(), {})

    def test_none_to_start(self) -> None:
        """Where no process can be started, all is done here."""
        self.patch(sys, "executable", "/nowhere/python")
        self.assertEqual(self.pool(double, range(_ITEMS)), list(range(0, 2 * _ITEMS, 2)))
        self.assertEqual(self.others(), {})

    def test_interrupted(self) -> None:
        """Ctrl-C, which a terminal sends to all its processes, does not end it."""
        other = self.other()
        os.kill(other, signal.SIGINT)
        self.assertEqual(list(self.others()), [other])

    def test_two_threads(self) -> None:
        """Where another thread has the process, all is done in the thread that asks."""
        self.other()
        has_begun, is_over = Event(), Event()

        def slow() -> Iterator[int]:
            yield 1
            has_begun.set()
            is_over.wait(_PATIENCE_SECONDS)

        thread = Thread(target=self.pool, args=(double, slow()))
        thread.start()
        self.addCleanup(thread.join)
        has_begun.wait(_PATIENCE_SECONDS)
        self.assertEqual(self.others(), {})
        is_over.set()

    def test_idle(self) -> None:
        """One that has had nothing to do ends, is forgotten by the system, and is replaced."""
        pool = self.make(cores=2, idle_seconds=0.05)
        first = self.other(pool)
        wait_until(lambda: not is_there(first))
        self.assertNotEqual(self.other(pool), first)

    def test_stopped(self) -> None:
        """None is left in the end."""
        other = self.other()
        self.pool.stop()
        self.assertFalse(is_there(other))

    def test_orphan(self) -> None:
        """It ends with the process that has started it, however that ends."""
        if not os.path.isdir("/proc/self"):
            raise SkipTest("only Linux tells of other processes by files")
        parent = subprocess.Popen(
            [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        with parent:
            assert parent.stdout is not None
            other = int(parent.stdout.readline())
            parent.kill()
        wait_until(lambda: not is_running(other))
