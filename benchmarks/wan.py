"""
Measure one downloader far from one holder, and from several, beside a web server.

    python -m benchmarks.wan --seconds 10 --holders 4

Each is in a network namespace of its own, so this needs root. A process carries the packets between
them: late, no faster than a rate, and not all of them.
"""

from argparse import Namespace
from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.contenders.commands import Nginx
from benchmarks.contenders.limited import Holders
from benchmarks.contenders.tools import Tools
from benchmarks.lab.delay import Distance
from benchmarks.lab.hosts import FarApart
from benchmarks.lab.lab import Lab
from benchmarks.lab.machine import MIB, write_content
from benchmarks.tables.figures import SPREAD, load, markdown, ratio, spread
from benchmarks.tables.options import parser, run_in_namespaces
from benchmarks.tables.runs import side_by_side
from p2p_twisted.cli.signals import Signals

_BYTES_PER_MBIT: Final = 125_000
_PATIENCE_SECONDS: Final = 120.0
_UNLIMITED: Final = "off"


def tables(options: Namespace, signals: Signals) -> None:
    """Measure over each way."""
    if options.congestion is not None:
        print(f"Congestion is avoided by {options.congestion}.")
    for milliseconds, rate in options.ways:
        for percent in options.losses:
            distance = Distance(rate * _BYTES_PER_MBIT, milliseconds / 2e3, percent / 100)
            way = f"{milliseconds:g} ms there and back, {rate:g} Mbit/s, {percent:g} % lost"
            table(signals, options, way, distance)


def table(signals: Signals, options: Namespace, way: str, distance: Distance) -> None:
    """
    Measure over one way, and print the table.

    :param way: says what lies between.
    """
    tools, count = Tools(options.rivals), options.holders
    size = max(1, round(options.seconds * distance.rate / MIB)) * MIB
    with (
        FarApart(1 + count, distance, options.congestion) as there,
        Lab(signals, options.directory) as lab,
    ):
        source = lab.directory / "source" / "file.bin"
        write_content(source, size)
        hosts = [there.hub, *there.hosts]
        ours = [Holders(lab, source, _UNLIMITED, number, hosts) for number in (1, count)]
        _hub, downloader, holder, *_others = hosts
        rivals = [kind(lab, tools, source, (holder, downloader)) for kind in tools.choose([Nginx])]
        samples = side_by_side([*ours, *rivals], options.rounds, size, _PATIENCE_SECONDS)
    print(f"\n{way}: {size // MIB} MiB; {load(samples.values())}\n")
    one = samples[ours[0].name]
    body = [
        (
            name,
            f"{ratio(runs, one):.2f}",
            f"{size / median(run.seconds for run in runs) / _BYTES_PER_MBIT:.0f}",
            *spread(runs),
        )
        for name, runs in samples.items()
    ]
    print(markdown(("", "time / 1 holder", "Mbit/s", *SPREAD), body))
    since = median(ours[0].pushes)
    print(f"From the push to the publication, 1 holder took {since:.2f} s.", flush=True)


def ways(text: str) -> Sequence[tuple[float, float]]:
    """Read ways such as ``20x900``, with commas: milliseconds there and back, and Mbit/s."""
    pairs = (way.split("x") for way in text.split(","))
    return [(float(milliseconds), float(rate)) for milliseconds, rate in pairs]


def percents(text: str) -> Sequence[float]:
    """Read percentages, with commas."""
    return [float(percent) for percent in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the tables."""
    known = parser(__doc__)
    known.add_argument(
        "--seconds",
        type=float,
        default=10.0,
        help="how large the file is: what comes in so long (%(default)s)",
    )
    known.add_argument(
        "--ways",
        type=ways,
        default=ways("20x900,100x200"),
        help="ms there and back, and Mbit/s: 20x900,100x200",
    )
    known.add_argument(
        "--losses", type=percents, default=percents("0,0.5"), help="%% of packets: 0,0.5"
    )
    known.add_argument("--holders", type=int, default=4, help="how many (%(default)s)")
    known.add_argument(
        "--congestion", metavar="NAME", help="the algorithm to avoid it, such as cubic"
    )
    options = known.parse_args(arguments)
    run_in_namespaces(tables, options)


if __name__ == "__main__":
    main()
