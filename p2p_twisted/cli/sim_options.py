"""Parse the arguments of ``p2p sim``, without importing what it runs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from p2p_twisted.cli.number_ranges import number_from
from p2p_twisted.simulation.scenario import (
    FEWEST_PEERS,
    LONGEST_SECONDS,
    MOST_CHURN,
    MOST_PEERS,
    SHORTEST_SECONDS,
    Scenario,
    fault_in,
)

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

_MOST_KILLED: Final = 99
_MOST_BEHIND_NAT: Final = 99
_LARGEST_SEED: Final = 2**31 - 1


def add_sim(verbs: "SubParsers") -> None:
    """Add the verb ``sim``."""
    sim = verbs.add_parser(
        "sim",
        help="simulate a large network, and what befalls it",
        description="Run the overlay of very many peers, the same code that real peers run, on a "
        "simulated network and clock: the network forms, comes to harm after a third of the "
        "time, and goes on. The same options and seed give the same run, on any machine.",
        epilog="example: p2p sim --peers 200 --kill 50% --seed 7 --svg network.svg",
    )
    default = Scenario()
    _add_harm(sim, default)
    sim.add_argument(
        "--duration",
        metavar="SECONDS",
        type=number_from(SHORTEST_SECONDS, LONGEST_SECONDS, "a number of seconds"),
        default=default.duration,
        help=f"simulated time, {SHORTEST_SECONDS} to {LONGEST_SECONDS:,} (default: %(default)s)",
    )
    sim.add_argument(
        "--seed",
        metavar="N",
        type=number_from(0, _LARGEST_SEED),
        default=default.seed,
        help="which of all possible runs (default: %(default)s)",
    )
    sim.add_argument(
        "--json", action="store_true", help="print one JSON object; the table goes to stderr"
    )
    sim.add_argument(
        "--svg",
        metavar="FILE",
        type=Path,
        help="draw the network before, right at and after the fault",
    )
    sim.add_argument(
        "--trace", metavar="FILE", type=Path, help="write all that happens, one JSON object a line"
    )
    sim.add_argument("--events", metavar="FILE", type=Path, help="record it, for p2p replay")
    sim.set_defaults(run=_sim, parser=sim)


def _add_harm(sim: argparse.ArgumentParser, default: Scenario) -> None:
    sim.add_argument(
        "--peers",
        metavar="N",
        type=number_from(FEWEST_PEERS, MOST_PEERS),
        default=default.peers,
        help=f"how many, {FEWEST_PEERS} to {MOST_PEERS:,} (default: {default.peers:,})",
    )
    sim.add_argument(
        "--kill",
        metavar="N%",
        type=number_from(0, _MOST_KILLED, "a share like 50%,", "%"),
        default=default.kill,
        help=f"how many of them crash at once, 0%% to {_MOST_KILLED}%%",
    )
    sim.add_argument(
        "--silent", action="store_true", help="they vanish without a sign instead of crashing"
    )
    sim.add_argument(
        "--partition",
        metavar="SECONDS",
        type=number_from(0, LONGEST_SECONDS // 2, "a number of seconds"),
        default=default.partition,
        help="cut the network in halves for so long, at most half of the duration",
    )
    sim.add_argument(
        "--churn",
        metavar="N/min",
        type=number_from(0, MOST_CHURN, "a rate like 10/min,", "/min"),
        default=default.churn,
        help="how many peers join in a minute, and how many leave, half of them by crashing; "
        f"at most {MOST_CHURN}/min",
    )
    sim.add_argument(
        "--nat",
        metavar="N%",
        type=number_from(0, _MOST_BEHIND_NAT, "a share like 50%,", "%"),
        default=default.nat,
        help=f"how many of them nobody can dial, 0%% to {_MOST_BEHIND_NAT}%%",
    )


def _sim(options: argparse.Namespace) -> int:
    scenario = Scenario(
        peers=options.peers,
        kill=options.kill,
        is_silent=options.silent,
        partition=options.partition,
        churn=options.churn,
        nat=options.nat,
        duration=options.duration,
        seed=options.seed,
    )
    fault = fault_in(scenario)
    if fault is not None:
        options.parser.error(fault)
    from p2p_twisted.cli.sim import SimFiles, sim

    return sim(scenario, options.json, SimFiles(options.svg, options.trace, options.events))
