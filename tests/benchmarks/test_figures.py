"""What the tables say is what was measured."""

from collections.abc import Callable, Sequence
from math import isnan

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.lab.sample import Sample, Usage
from benchmarks.tables.figures import (
    HEAD,
    PATIENCE_SECONDS,
    interleaved,
    load,
    markdown,
    percentile,
    ratio,
    rows,
    spread,
    usage_ratio,
)


def lasting(*seconds: float) -> list[Sample]:
    """Make runs that took so long."""
    return [Sample(each) for each in seconds]


class RatioTests(SynchronousTestCase):
    def test_median_over_rounds(self) -> None:
        """Each run is compared with ours of the same round, and the median counts."""
        self.assertEqual(ratio(lasting(2.0, 30.0, 4.0), lasting(1.0, 10.0, 1.0)), 3.0)

    def test_only_common_rounds(self) -> None:
        """A program that was run only at first is compared with our first runs."""
        self.assertEqual(ratio(lasting(8.0), lasting(4.0, 1.0, 1.0)), 2.0)

    def test_nothing_used(self) -> None:
        """Rounds that took less than the system counts tell nothing."""
        self.assertEqual(usage_ratio([1.0, 3.0, 8.0], [0.0, 1.0, 2.0]), 3.5)
        self.assertTrue(isnan(usage_ratio([0.1], [0.0])))


class TableTests(SynchronousTestCase):
    def test_spread(self) -> None:
        """Median, least and most come first, then how many runs there were."""
        self.assertEqual(spread(lasting(3.0, 1.0, 2.5)), ("2.50", "1.00", "3.00", "3"))

    def test_rows(self) -> None:
        """A row has the ratio first, then times, then what both sides used."""
        rival = Sample(3.0, Usage(cpu=0.5, peak=10_000_000), Usage(cpu=1.5, peak=20_000_000))
        samples = {"ours": lasting(2.0), "rival": [rival]}
        _, row = rows(samples, "ours")
        self.assertEqual(len(row), len(HEAD))
        spread_ = ("3.00", "3.00", "3.00", "1")
        self.assertEqual(row, ("rival", "1.50", *spread_, "0.50", "1.50", "10", "20"))

    def test_load(self) -> None:
        """What other processes used is the median over all runs of all contenders."""
        runs = [Sample(1.0, foreign=cores) for cores in (0.1, 0.2, 1.9)]
        self.assertIn("0.2 cores meanwhile, at most 1.9", load([runs[:1], runs[1:]]))

    def test_markdown(self) -> None:
        """Figures are to the right."""
        table = markdown(("", "s"), [("ours", "1"), ("rival", "2")])
        self.assertEqual(table, "|  | s |\n| --- | ---: |\n| ours | 1 |\n| rival | 2 |\n")

    def test_percentile(self) -> None:
        """The given share of all values is not above it."""
        values = [float(number) for number in range(100, 0, -1)]
        self.assertEqual(percentile(values, 0.5), 51.0)
        self.assertEqual(percentile(values, 0.99), 100.0)
        self.assertEqual(percentile(values, 1), 100.0)


class OrderTests(SynchronousTestCase):
    def run_in_turn(self, rounds: int, **seconds: float) -> tuple[list[str], dict[str, int]]:
        """Run contenders that take so long; return their order, and how often each was run."""
        told: list[str] = []

        def contender(each: float) -> Callable[[], Sample]:
            return lambda: Sample(each)

        def note(name: str, _sample: Sample) -> None:
            told.append(name)

        contenders = {name: contender(each) for name, each in seconds.items()}
        samples: dict[str, Sequence[Sample]] = {**interleaved(contenders, rounds, note)}
        return told, {name: len(runs) for name, runs in samples.items()}

    def test_in_turn(self) -> None:
        """All are run once before any is run again, and none always after the same one."""
        order, _ = self.run_in_turn(9, a=1.0, b=1.0, c=1.0)
        rounds = ["".join(order[start : start + 3]) for start in range(0, 27, 3)]
        self.assertEqual({"".join(sorted(each)) for each in rounds}, {"abc"})
        self.assertGreater(len(set(rounds)), 3)

    def test_slow_only_once(self) -> None:
        """What takes too long is run in the first round only."""
        _, counts = self.run_in_turn(5, quick=1.0, slow=PATIENCE_SECONDS + 1.0)
        self.assertEqual(counts, {"quick": 5, "slow": 1})
