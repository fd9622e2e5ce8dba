"""Rates that transfers share."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.bandwidth.meter import Meter
from p2p_twisted.bandwidth.throttle import Share, Throttle
from p2p_twisted.wire.limits import KIB, MIB
from p2p_twisted.wire.pace import Pace


class Transfer:
    """Moves as much as it may, in pieces of at most so many bytes."""

    def __init__(self, limiter: Limiter, piece: int = MIB, most: int = 1 << 40) -> None:
        self.moved = 0
        self.pace: Pace = limiter.pace()
        self._piece = piece
        self._most = most

    def go_on(self) -> None:
        while self.moved < self._most:
            count = min(self._piece, self.pace.allowance, self._most - self.moved)
            self.moved += count
            if not self.pace.moved(count, self.go_on):
                return


def run(clock: Clock, seconds: float, step: float = 0.001) -> None:
    """Let time go by, as coarsely as a busy reactor does."""
    for _ in range(round(seconds / step)):
        clock.advance(step)


class ThrottleTests(SynchronousTestCase):
    """The arithmetic."""

    def test_unlimited(self) -> None:
        """Without a rate, no transfer ever pauses."""
        share = Share(Throttle())
        self.assertEqual(share.allowance, 2 * MIB)
        self.assertEqual([share.spend(MIB - 1, 0.0) for _ in range(100)], [0.0] * 100)
        self.assertEqual(share.allowance, 2 * MIB)

    def test_within_a_turn(self) -> None:
        """A transfer of many small pieces pauses no more often than others."""
        share = Share(Throttle(MIB))
        pauses = [share.spend(KIB, 100.0) for _ in range(200)]
        turns = [count for count, pause in enumerate(pauses, 1) if pause]
        self.assertEqual(turns, [103, 123, 144, 164, 185])

    @given(
        st.integers(16 * KIB, 1 << 33),
        st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, MIB)), max_size=100),
    )
    def test_never_more(self, rate: int, moves: list[tuple[float, int]]) -> None:
        """A transfer that pauses as told exceeds the rate by a second and a turn at most."""
        share, now, moved = Share(Throttle(rate)), 1_000.0, 0
        for idle, most in moves:
            now += idle
            count = min(most, share.allowance)
            moved += count
            now += share.spend(count, now)
        turn = Throttle(rate).turn
        self.assertLessEqual(moved, rate * (now - 1_000.0 + 1.001) + turn)


class PacerTests(SynchronousTestCase):
    """Transfers on a clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000.0)

    def moved(self, limiter: Limiter, transfers: list[Transfer], step: float = 0.001) -> list[int]:
        for transfer in transfers:
            transfer.go_on()
        run(self.clock, 10.0, step)
        for transfer in transfers:
            transfer.pace.stop()
        return [transfer.moved for transfer in transfers]

    def test_holds(self) -> None:
        """One transfer and many keep to the rate, and get the same each."""
        for rate in (64 * KIB, 10 * MIB, 300 * MIB):
            for count in (1, 8):
                limiter = Limiter(self.clock, rate)
                moved = self.moved(limiter, [Transfer(limiter) for _ in range(count)])
                turn = Throttle(rate).turn
                self.assertApproximates(sum(moved), 10 * rate, 0.1 * rate + count * turn)
                # What had been saved before they began is the first one's.
                self.assertLessEqual(max(moved) - min(moved), 0.1 * rate + 2 * turn)

    def test_busy_reactor(self) -> None:
        """Timers that are up to half a second late do not lower the rate."""
        for step in (0.05, 0.5):
            limiter = Limiter(self.clock, 10 * MIB)
            moved = self.moved(limiter, [Transfer(limiter)], step)
            self.assertApproximates(sum(moved), 100 * MIB, 10 * MIB * step + 2 * MIB)

    def test_idle(self) -> None:
        """A long time without transfers is not made up for."""
        limiter = Limiter(self.clock, 10 * MIB)
        for _ in range(3):
            run(self.clock, 10.0, 1.0)
            transfer = Transfer(limiter)
            transfer.go_on()
            transfer.pace.stop()
            self.assertLess(transfer.moved, 2 * MIB)

    def test_small_pieces(self) -> None:
        """A transfer of small files gets as much as one of a large file."""
        limiter = Limiter(self.clock, 4 * MIB)
        small, large = self.moved(limiter, [Transfer(limiter, KIB), Transfer(limiter)])
        self.assertApproximates(small, large, 0.02 * large)

    def test_slow_reader(self) -> None:
        """The others get what one transfer cannot use."""
        limiter = Limiter(self.clock, 4 * MIB)
        little, much = self.moved(limiter, [Transfer(limiter, most=MIB), Transfer(limiter)])
        self.assertEqual(little, MIB)
        self.assertApproximates(much, 39 * MIB, MIB)

    def test_change(self) -> None:
        """A new rate holds at once, also for a transfer in a long pause."""
        limiter = Limiter(self.clock, 1 * KIB)
        transfer = Transfer(limiter)
        transfer.go_on()
        run(self.clock, 1.0)
        self.assertTrue(transfer.pace.is_paused)
        before = transfer.moved
        limiter.limit(10 * MIB)
        self.assertEqual(limiter.rate, 10 * MIB)
        run(self.clock, 1.0)
        self.assertApproximates(transfer.moved - before, 10 * MIB, 1.2 * MIB)

    def test_stop(self) -> None:
        """A stopped transfer is not called back, even when the rate changes."""
        limiter = Limiter(self.clock, 1 * KIB)
        transfer = Transfer(limiter)
        transfer.go_on()
        before = transfer.moved
        transfer.pace.stop()
        transfer.pace.stop()
        limiter.limit(MIB)
        run(self.clock, 60.0, 1.0)
        self.assertEqual(transfer.moved, before)
        # What was under way may still be counted.
        transfer.pace.moved(MIB, self.fail)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class SpeedTests(SynchronousTestCase):
    """How fast something moves."""

    def test_last_seconds(self) -> None:
        """Bytes of long ago do not count."""
        meter = Meter()
        self.assertEqual(meter.rate(100.0), 0.0)
        for tenth in range(100):
            meter.moved(KIB, 100.1 + tenth / 10)
        self.assertApproximates(meter.rate(110.0), 10 * KIB, KIB)
        self.assertEqual(meter.total, 100 * KIB)
        for tenth in range(100):
            meter.moved(4 * KIB, 110.1 + tenth / 10)
        self.assertApproximates(meter.rate(120.0), 40 * KIB, 4 * KIB)
        self.assertEqual(meter.rate(130.0), 0.0)

    def test_begun(self) -> None:
        """A transfer that has just begun is measured from its first bytes on."""
        meter = Meter()
        for tenth in range(10):
            meter.moved(KIB, 100.0 + tenth / 10)
        self.assertApproximates(meter.rate(101.0), 10 * KIB, KIB)
