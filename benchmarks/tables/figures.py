"""Turn measured runs into tables: ratios first, then medians and their spread."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import nan
from random import Random
from statistics import median
from typing import Final, TypeVar

from benchmarks.lab.sample import Sample, Samples

PATIENCE_SECONDS: Final = 8.0
"""Where nothing else is said, what takes longer is measured in the first round only."""

Row = Sequence[str]
T = TypeVar("T")


def interleaved(
    contenders: Mapping[str, Callable[[], Sample]],
    rounds: int,
    told: Callable[[str, Sample], None],
    patience: float = PATIENCE_SECONDS,
) -> dict[str, list[Sample]]:
    """
    Run all contenders in turn, round by round, so that disturbances of the machine affect all.

    :param told: is called with every run.
    :param patience: what takes longer is run in the first round only, in seconds.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    for number in range(rounds):
        # The order changes, so that no program always runs after the same one.
        for name in Random(number).sample(list(contenders), len(contenders)):
            if number and samples[name][0].seconds > patience:
                continue
            sample = contenders[name]()
            samples[name].append(sample)
            told(name, sample)
    return samples


def ratio(theirs: Sequence[Sample], ours: Sequence[Sample]) -> float:
    """
    Return how many times as long they take.

    :returns: the median over the rounds that both were in.
    """
    # A slow program ran in the first rounds only.
    return median(their.seconds / our.seconds for their, our in zip(theirs, ours, strict=False))


def usage_ratio(theirs: Iterable[float], ours: Iterable[float]) -> float:
    """
    Return how many times as much they use.

    :returns: the median over the rounds in which we use what the system counts; NaN without any.
    """
    quotients = [their / our for their, our in zip(theirs, ours, strict=True) if our]
    return median(quotients) if quotients else nan


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that so large a share of values does not exceed; NaN if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else nan


SPREAD: Final[Row] = ("median s", "min", "max", "runs")
HEAD: Final[Row] = (
    "",
    "time / ours",
    *SPREAD,
    "CPU s, sender",
    "receiver",
    "peak MB, sender",
    "receiver",
)


def spread(runs: Sequence[Sample], digits: int = 2) -> Row:
    """Write how long some runs took, as :data:`SPREAD` has it."""
    seconds = [run.seconds for run in runs]
    times = (median(seconds), min(seconds), max(seconds))
    return (*(f"{time:.{digits}f}" for time in times), str(len(runs)))


def rows(samples: Samples, ours: str) -> Iterator[Row]:
    """Write a row for each contender, as :data:`HEAD` has it."""
    for name, runs in samples.items():
        yield (
            name,
            f"{ratio(runs, samples[ours]):.2f}",
            *spread(runs),
            f"{median(run.sender.cpu for run in runs):.2f}",
            f"{median(run.receiver.cpu for run in runs):.2f}",
            f"{max(run.sender.peak for run in runs) / 1e6:.0f}",
            f"{max(run.receiver.peak for run in runs) / 1e6:.0f}",
        )


def load(samples: Iterable[Sequence[Sample]]) -> str:
    """Write how busy other processes kept the machine."""
    foreign = [run.foreign for run in chain.from_iterable(samples)]
    return f"other processes used {median(foreign):.1f} cores meanwhile, at most {max(foreign):.1f}"


def markdown(head: Row, body: Iterable[Row]) -> str:
    """Write a table in Markdown; all columns but the first are figures."""
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ruler, *body)) + "\n"
