"""
Chaos: real peers and their registry, random faults and downloads, then every invariant.

    python -m p2p_twisted.testing.chaos --seeds 1000 --peers 100
    python -m p2p_twisted.testing.chaos --seeds 50 --peers 20 --private
    python -m p2p_twisted.testing.chaos --seeds 50 --peers 20 --nat 30
"""

import gc
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

from attrs import define, field, frozen
from twisted.logger import ILogObserver, LogEvent
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from p2p_twisted.library.entries import Place
from p2p_twisted.library.watcher import Noticed, NoWatcher
from p2p_twisted.testing import invariants, private_invariants
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.faults import Faults
from p2p_twisted.testing.hosts import HostOf, Machines, one_machine
from p2p_twisted.testing.log_audience import collect_the_past, logged_only_to
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.private_daemons import PrivateDaemons
from p2p_twisted.testing.private_faults import PrivateFaults
from p2p_twisted.testing.users import Users, shared_files
from p2p_twisted.wire.names import PeerName

_FIRST_SECONDS: Final = 15.0
_SETTLING_SECONDS: Final = 120.0
_DOWNLOADS_SECONDS: Final = 900.0
_APART: Final = 0.1
_MEMORY: Final = Path("/dev/shm")
_OBJECTS_APART: Final = 100_000


@frozen
class ChaosOutcome:
    """
    How one run ended.

    :ivar wrong: every invariant that did not hold, in a sentence.
    :ivar trace: see :meth:`VirtualNetwork.trace`.
    :ivar saved: how many downloads ended well.
    :ivar virtual: how many seconds passed on the network, and ``real`` for us.
    :ivar done: what befell the network.
    """

    seed: int
    wrong: tuple[str, ...]
    trace: str
    saved: int
    virtual: float
    real: float
    done: tuple[str, ...]


@frozen
class Kind:
    """A kind of network: what makes its daemons and its faults, and what must be so in it."""

    daemons: type[VirtualDaemons]
    faults: type[Faults]
    lasting: Sequence[invariants.Check]
    settled: Sequence[invariants.Check]


OPEN: Final = Kind(VirtualDaemons, Faults, invariants.LASTING, invariants.SETTLED)
PRIVATE: Final = Kind(
    PrivateDaemons, PrivateFaults, private_invariants.LASTING, private_invariants.SETTLED
)


@define(eq=False)
class Chaos:
    """Runs peers with users and faults, and checks every invariant."""

    daemons: VirtualDaemons
    kind: Kind
    peers: int
    rng: Random
    wrong: list[str] = field(factory=list)
    faults: Faults = field(init=False)
    users: Users = field(init=False)

    def __attrs_post_init__(self) -> None:
        names = [f"s{number}" for number in range(1, self.peers + 1)]
        files = shared_files(names, self.rng)
        self.faults = self.kind.faults(self.daemons, self.rng, names, self._restart, self._stopped)
        self.users = Users(self.daemons, self.rng, self.faults.present, files)

    def run(self, seconds: float) -> None:
        """Run it all; ``wrong`` then has what was wrong."""
        self._begin()
        end = self.daemons.network.clock.now + seconds
        while self.daemons.network.clock.now < end:
            self.daemons.run(self.rng.expovariate(1.0))
            self.rng.choices([self.faults.some, self.users.do_something], [1, 2])[0]()
            self._check(self.kind.lasting)
        self.faults.end()
        self.daemons.run(_SETTLING_SECONDS)
        self.users.resume_all()
        self.daemons.network.clock.run_until(self._is_quiet, _DOWNLOADS_SECONDS)
        self._check(self.kind.settled)
        self.wrong += [*self.users.wrong, *self.users.wrong_files()]

    def _begin(self) -> None:
        self.daemons.start_registry()
        for name, files in self.users.files.items():
            self.daemons.start(name, files)
            self.daemons.run(_APART)
        self.daemons.run(_FIRST_SECONDS)
        self.faults.begin()

    def _restart(self, name: PeerName, is_erased: bool) -> None:
        if is_erased:
            self.daemons.erase(name)
        self.daemons.start(name, self.users.files[name] if is_erased else None)

    def _stopped(self, name: PeerName) -> None:
        self._check([partial(invariants.nothing_left, name=name)])

    def _is_quiet(self) -> bool:
        return not any(invariants.nothing_unfinished(self.daemons))

    def _check(self, checks: Sequence[invariants.Check]) -> None:
        for check in checks:
            for sentence in check(self.daemons):
                if sentence not in self.wrong:
                    self.wrong.append(sentence)


class _Unmoved(NoWatcher):
    """Watches without ever telling of a change: what peers share stays as it is here."""

    def __init__(self, _noticed: Noticed) -> None:
        """Ignore it."""

    @override
    def watch(self, _place: Place) -> bool:
        return True


@contextmanager
def _collected_seldom() -> Iterator[None]:
    """
    Collect garbage only after very many new objects.

    Nearly everything that peers make is short-lived: to look through it as often as
    Python does takes an eighth of a run.
    """
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_APART)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run(
    seed: int, peers: int, seconds: float, is_private: bool = False, nat: int = 0
) -> ChaosOutcome:
    """Run one seed; ``nat`` percent of the peers are behind NAT."""
    began = time.perf_counter()
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=_MEMORY if _MEMORY.is_dir() else None))
    kind = PRIVATE if is_private else OPEN
    network = VirtualNetwork(seed, host_of=_host_of(seed, peers, nat))
    daemons = kind.daemons(folder / "peers", network, make_watcher=_Unmoved)
    start = daemons.network.clock.now
    chaos = Chaos(daemons, kind, peers, Random(seed))

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            chaos.wrong.append(event["log_failure"].getTraceback())

    collect_the_past()
    try:
        with logged_only_to(observe), _collected_seldom():
            chaos.run(seconds)
            # A failure that no code waits for is logged when it is collected.
            gc.collect()
    except Exception:
        chaos.wrong.append(Failure().getTraceback())
    finally:
        trace = daemons.network.trace()
        daemons.close()
        shutil.rmtree(folder, ignore_errors=True)
    virtual, real = daemons.network.clock.now - start, time.perf_counter() - began
    done = tuple(chaos.faults.done)
    return ChaosOutcome(
        seed=seed,
        wrong=tuple(chaos.wrong),
        trace=trace,
        saved=chaos.users.saved,
        virtual=virtual,
        real=real,
        done=done,
    )


def _host_of(seed: int, peers: int, nat: int) -> HostOf:
    """Have some peers live behind NAT, and then each process on a machine of its own."""
    if not nat:
        return one_machine
    names = [f"s{number}" for number in range(1, peers + 1)]
    return Machines(Random(seed).sample(names, peers * nat // 100))


def replay(seed: int, peers: int, seconds: float, is_private: bool = False, nat: int = 0) -> str:
    """Return the command that runs one seed again."""
    how = f"{' --private' if is_private else ''}{f' --nat {nat}' if nat else ''}"
    return (
        f"python -m p2p_twisted.testing.chaos --first {seed} --seeds 1"
        f" --peers {peers} --seconds {seconds:g} --verbose{how}"
    )


def main(
    arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write
) -> int:
    """Run seeds, and say which fail and how to run them again; return the exit code."""
    options = _options(arguments)
    one = partial(run, **_kind_of_run(options))
    failed, virtual, real, saved = 0, 0.0, 0.0, 0
    with ProcessPoolExecutor(options.jobs) as pool:
        seeds = iter(range(options.first, options.first + options.seeds))
        # In pieces: what is not wanted any more is then not run either.
        while batch := list(islice(seeds, 64)):
            for outcome in pool.map(one, batch):
                virtual, real = virtual + outcome.virtual, real + outcome.real
                saved += outcome.saved
                if outcome.wrong:
                    failed += 1
                _report(outcome, options, write)
    speed = virtual / real if real else 0.0
    write(
        f"{options.seeds} seeds, {failed} failed; {saved} downloads saved;"
        f" {speed:.0f} times real time on each of {options.jobs} processors\n"
    )
    return 1 if failed else 0


def _report(outcome: ChaosOutcome, options: Namespace, write: Callable[[str], object]) -> None:
    if options.verbose:
        write("".join(f"{line}\n" for line in outcome.done))
        write(f"seed {outcome.seed}: {outcome.saved} saved, trace {outcome.trace}\n")
    if outcome.wrong:
        write(f"seed {outcome.seed} fails:\n")
        write("".join(f"    {sentence}\n" for sentence in outcome.wrong))
        again = replay(outcome.seed, **_kind_of_run(options))
        write(f"  again: {again}\n")


def _kind_of_run(options: Namespace) -> dict[str, Any]:
    return {
        "peers": options.peers,
        "seconds": options.seconds,
        "is_private": options.private,
        "nat": options.nat,
    }


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m p2p_twisted.testing.chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many; default: 10")
    parser.add_argument("--first", type=int, default=1, help="the first seed; default: 1")
    parser.add_argument("--peers", type=int, default=100, help="default: 100")
    parser.add_argument("--seconds", type=float, default=300.0, help="of faults; default: 300")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once; default: 2")
    parser.add_argument("--private", action="store_true", help="run private networks")
    parser.add_argument("--nat", type=int, default=0, help="percent of peers behind NAT")
    parser.add_argument("--verbose", action="store_true", help="tell all that was done")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
