"""
Measure one file from one process to another: ours, the limit, Twisted's defaults, and rivals.

    python -m benchmarks.push --sizes 64,512 --rivals /tmp/rivals/bin
"""

from argparse import Namespace
from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from benchmarks.contenders.commands import HttpServer, Nginx, NginxVerified, Rsync, Scp, Wormhole
from benchmarks.contenders.contender import Contender, Defaults, Limit, Ours
from benchmarks.contenders.swarms import Aria2, Libtorrent
from benchmarks.contenders.tools import Tools
from benchmarks.lab.lab import Lab
from benchmarks.lab.machine import MIB, write_content
from benchmarks.lab.sample import Sample, Samples
from benchmarks.loads.lateness import Pinger
from benchmarks.tables.figures import HEAD, Row, load, markdown, percentile, ratio, rows
from benchmarks.tables.options import parser, run, sizes
from benchmarks.tables.runs import ready, side_by_side
from p2p_twisted.cli.signals import Signals

RIVALS: Final[tuple[type[Contender], ...]] = (
    Limit,
    Defaults,
    Nginx,
    HttpServer,
    NginxVerified,
    Rsync,
    Scp,
    Libtorrent,
    Aria2,
    Wormhole,
)


_PINGS: Final = 500


def tables(
    options: Namespace,
    signals: Signals,
    our: type[Ours] = Ours,
    rivals: Sequence[type[Contender]] = RIVALS,
) -> None:
    """Measure at all sizes."""
    kinds = Tools(options.rivals).choose(rivals)
    for size in options.sizes:
        table(signals, options, our, kinds, size)


def table(
    signals: Signals,
    options: Namespace,
    our: type[Ours],
    kinds: Sequence[type[Contender]],
    size: int,
) -> None:
    """Measure all contenders at one size, and print the table."""
    with Lab(signals, options.directory) as lab:
        source = lab.directory / "holder" / "file.bin"
        write_content(source, size)
        tools = Tools(options.rivals)
        ours = our(lab, tools, source)
        contenders = [ours, *(kind(lab, tools, source) for kind in kinds)]
        samples = side_by_side(contenders, options.rounds, size)
        print(f"\n{size // MIB} MiB; {load(samples.values())}\n")
        print(markdown(HEAD, rows(samples, ours.name)))
        holder, downloader = (f"{grown / 1e6:.1f} MB" for grown in ours.grown)
        print(shortest(samples, ours.pushes))
        print(f"Ours grew: the holder by {holder}, the downloader by {downloader}.\n")
        print(markdown(*answers(ours, size)))


def shortest(samples: Samples, pushes: Sequence[float]) -> str:
    """Compare with the limit: from the push to the publication."""
    text = f"From the push to the publication, ours took {median(pushes):.3f} s"
    limits = samples.get(Limit.name)
    if not limits:
        return f"{text}.\n"
    share = ratio(limits, [Sample(seconds) for seconds in pushes])
    return f"{text}; the limit took {share:.2f} times that, without looking for a file.\n"


def answers(ours: Ours, size: int) -> tuple[Row, Sequence[Row]]:
    """Push again, while the daemons and an idle one are pinged."""
    peers = {"holder": ours.holder, "downloader": ours.downloader, "idle": ours.idle}
    ports = [ours.network.port_of(peer) for peer in peers.values()]
    pinger = Pinger(ours.lab, ports, ours.key)
    waits: list[list[float]] = [[] for _ in peers]
    while len(waits[0]) < _PINGS:
        target = ready(ours, size)
        pinger.waits()
        ours.fetch(target)
        for all_waits, some in zip(waits, pinger.waits(), strict=True):
            all_waits.extend(some)
        target.unlink()
    head = ("ms until a ping is answered meanwhile", "median", "p99", "max", "pings")
    return head, [
        (
            name,
            *(f"{1e3 * percentile(some, share):.1f}" for share in (0.5, 0.99, 1)),
            str(len(some)),
        )
        for name, some in zip(peers, waits, strict=True)
    ]


def main(
    arguments: Sequence[str] | None = None,
    about: str | None = __doc__,
    make: Callable[[Namespace, Signals], None] = tables,
) -> None:
    """Measure, and print the tables."""
    known = parser(about)
    known.add_argument("--sizes", type=sizes, default=sizes("64,512,2048"), help="MiB, MiB, ...")
    options = known.parse_args(arguments)
    run(make, options)


if __name__ == "__main__":
    main()
