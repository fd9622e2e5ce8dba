"""One job on all cores."""

import os
import sys
from threading import Barrier, Event, Thread, get_native_id
from time import sleep

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from p2p_twisted.runtime.parallel_map import NICER, ParallelPool

_PATIENCE_SECONDS = 10.0


class ParallelPoolTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.pool = ParallelPool("parallel", 3)
        self.pool.start()
        self.addCleanup(self.pool.stop)

    def test_in_order(self) -> None:
        """Results come in the order of the items, of which there may be none."""
        for count in (0, 1, 2, 1000):
            self.assertEqual(self.pool(str, range(count)), list(map(str, range(count))))

    def test_at_the_same_time(self) -> None:
        """There are as many threads as there are cores."""
        barrier = Barrier(3)
        places = self.pool(lambda _item: barrier.wait(_PATIENCE_SECONDS), range(3))
        self.assertEqual(sorted(places), [0, 1, 2])

    def test_low_priority(self) -> None:
        """They make way for all others, whose priority stays."""
        if sys.platform != "linux":
            raise SkipTest("only Linux has priorities of threads")

        def priority(_item: int = 0) -> int:
            return os.getpriority(os.PRIO_PROCESS, get_native_id())

        before = priority()
        nicest = min(before + NICER, 19)
        self.assertEqual(set(self.pool(priority, range(5))), {nicest})
        self.assertEqual(priority(), before)

    def test_fails(self) -> None:
        """What a call raises is raised, once no other is running; and it can be used again."""
        failed, running = Event(), [True]

        def work(item: int) -> None:
            if item == 0:
                failed.set()
                raise ZeroDivisionError
            failed.wait(_PATIENCE_SECONDS)
            sleep(0.05)
            running.clear()

        with self.assertRaises(ZeroDivisionError):
            self.pool(work, range(2))
        self.assertEqual(running, [])
        self.assertEqual(self.pool(abs, [-1]), [1])

    def test_used_by_several(self) -> None:
        """Several threads may use it at once, and each gets its own results."""
        results: dict[int, list[int]] = {}

        def use(number: int) -> None:
            results[number] = self.pool(lambda item: number * item, range(200))

        users = [Thread(target=use, args=(number,)) for number in range(5)]
        for user in users:
            user.start()
        for user in users:
            user.join(_PATIENCE_SECONDS)
        expected = {number: [number * item for item in range(200)] for number in range(5)}
        self.assertEqual(results, expected)
