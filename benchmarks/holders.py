"""
One downloader, and one to four holders that are each told to send no faster than so much.

    python -m benchmarks.holders --rate 20M --size 256

Beside them: four of which one is killed midway, and four of which one has a bit
flipped in every tenth chunk, which the other three should make up for.
"""

from argparse import Namespace
from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.contenders.limited import Holders, OneKilled, OneWrong
from benchmarks.lab.lab import Lab
from benchmarks.lab.machine import MIB, write_content
from benchmarks.tables.figures import SPREAD, load, markdown, ratio, spread
from benchmarks.tables.options import parser, run
from benchmarks.tables.runs import side_by_side
from p2p_twisted.bandwidth.rates import read_rate
from p2p_twisted.cli.signals import Signals

_MOST: Final = 4


def table(options: Namespace, signals: Signals) -> None:
    """Measure, and print the tables."""
    size, rate = options.size * MIB, options.rate
    with Lab(signals, options.directory) as lab:
        source = lab.directory / "source" / "file.bin"
        write_content(source, size)
        several = {count: Holders(lab, source, rate, count) for count in range(1, _MOST + 1)}
        killed = OneKilled(lab, source, rate, _MOST)
        wrong = OneWrong(lab, source, rate, _MOST)
        samples = side_by_side([*several.values(), killed, wrong], options.rounds, size)
    print(
        f"\n{options.size} MiB from holders that send {rate} a second; {load(samples.values())}\n"
    )
    body = []
    for count, way in several.items():
        runs = samples[way.name]
        least = size / (count * (read_rate(rate) or 0))
        share = least / median(run.seconds for run in runs)
        body.append((way.name, f"{share:.3f}", *spread(runs)))
    print(markdown(("", "share of the sum", *SPREAD), body))
    body = [
        (
            way.name,
            f"{ratio(samples[way.name], samples[several[3].name]):.2f}",
            *spread(samples[way.name]),
        )
        for way in (killed, wrong)
    ]
    print(markdown(("", "time / 3 holders", *SPREAD), body))
    print(f"The longest pause around the kill was {killed.longest_pause:.2f} s.\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = parser(__doc__)
    known.add_argument("--rate", default="20M", help="as --max-up takes it")
    known.add_argument("--size", type=int, default=256, help="MiB")
    options = known.parse_args(arguments)
    run(table, options)


if __name__ == "__main__":
    main()
