"""Whether a thread would have a core of its own."""

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from p2p_twisted.runtime.idle_cores import (
    CoreTime,
    IdleCores,
    reactor_core_time,
    reactor_waited,
    usable_cores,
)


class IdleCoresTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.now, self.reads = 0.0, 0
        self.times: CoreTime | None = CoreTime(0.0, 0.0)
        self.cores = self.made(2)

    def made(self, count: int) -> IdleCores:
        def read() -> CoreTime | None:
            self.reads += 1
            return self.times

        return IdleCores(read, count, lambda: self.now)

    def are_there(self, running: float, waiting: float) -> bool:
        """Let a thread have run, and waited for a core, for so many seconds since it began."""
        self.now += 1.0
        self.times = CoreTime(running, waiting)
        return self.cores.are_there()

    def test_busy(self) -> None:
        """There are none while a thread waits for one for much of the time that it could run."""
        self.assertTrue(self.are_there(0.10, 0.02))
        self.assertFalse(self.are_there(0.12, 0.06))
        self.assertTrue(self.are_there(0.22, 0.08))

    def test_too_early(self) -> None:
        """A moment says nothing: it stays as it was, and the moment counts later."""
        self.assertFalse(self.are_there(0.0, 0.0))
        self.assertTrue(self.are_there(0.05, 0.0))
        self.assertTrue(self.are_there(0.05, 0.02))
        self.assertFalse(self.are_there(0.05, 0.04))

    def test_looks_seldom(self) -> None:
        """To look takes time itself."""
        for _ in range(100):
            self.are_there(0.1, 0.0)
            self.now -= 0.999
        self.assertLess(self.reads, 10)

    def test_unknown(self) -> None:
        """There are none where there is one core only, or the system does not tell."""
        self.times = CoreTime(0.1, 0.0)
        self.assertFalse(self.made(1).are_there())
        self.times = None
        self.assertFalse(self.cores.are_there())

    def test_real(self) -> None:
        """What the system says can be read, and the time of a thread grows."""
        self.assertGreaterEqual(usable_cores(), 1)
        before = reactor_core_time()
        if before is None:
            raise SkipTest("this system does not tell")
        after = before
        while after.running == before.running:
            sum(range(100_000))
            after = reactor_core_time() or before
        self.assertGreaterEqual(after.waiting, before.waiting)

    def test_reactor(self) -> None:
        """How long the reactor's thread has waited is read alone, and never goes back."""
        times = reactor_core_time()
        if times is None:
            self.assertEqual(reactor_waited(), 0.0)
            return
        waited = reactor_waited()
        self.assertGreaterEqual(waited, times.waiting)
        self.assertLessEqual(waited, (reactor_core_time() or times).waiting)
