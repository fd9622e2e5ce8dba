"""
A drill: registries on one etcd, random faults of both, and peers that come and go meanwhile.

    python -m p2p_twisted.testing.registry_drill --seeds 200

No name or port is given twice, nothing that was acknowledged is lost, and who comes is in within
5 s as long as one registry is reached that reaches a majority of etcd, and is told otherwise.
"""

import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent
from twisted.python.failure import Failure
from zope.interface import implementer

from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.registry.roster import Put, Registration
from p2p_twisted.testing.daemons import NETWORK
from p2p_twisted.testing.grants import Grants
from p2p_twisted.testing.log_audience import collect_the_past, logged_only_to
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.registry_faults import RegistryFaults
from p2p_twisted.testing.several_daemons import SeveralDaemons
from p2p_twisted.testing.short_lives import ShortLives
from p2p_twisted.wire.names import PeerName

_IN_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.25
_FIRST_SECONDS: Final = 2.0
_FAULTS_APART: Final = 6.0
_SETTLING_SECONDS: Final = 40.0
_SAME_SECONDS: Final = 5.0


@frozen
class DrillOutcome:
    """
    How one run ended.

    :ivar wrong: what should not have happened, in sentences.
    :ivar trace: see :meth:`VirtualNetwork.trace`.
    :ivar given: how many places were given.
    :ivar done: what befell registries and etcd.
    """

    seed: int
    wrong: tuple[str, ...]
    trace: str
    given: int
    done: tuple[str, ...]


@define(eq=False)
class RegistryDrill:
    """
    Has peers come and go while registries and members of etcd fail.

    :ivar peers: how many there are at a time.
    """

    daemons: SeveralDaemons
    peers: int
    rng: Random
    grants: Grants = field(init=False)
    faults: RegistryFaults = field(init=False)
    lives: list[ShortLives] = field(factory=list)
    wrong: list[str] = field(factory=list)
    # Since when each registry has been able to let peers in.
    _able: dict[str, float] = field(factory=dict)
    _numbers: "count[int]" = field(factory=count)

    def __attrs_post_init__(self) -> None:
        self.grants = Grants(self._kept, wrong=self.wrong)
        # Where registries may take peers for dead, none wants another's name.
        self.faults = RegistryFaults(
            self.daemons,
            self.rng,
            [],
            restart=lambda _name, _is_erased: None,
            stopped=lambda _name: None,
            halts=self.rng.random() < 0.5,
        )

    def run(self, seconds: float) -> None:
        """Run it all; ``wrong`` then has what was wrong."""
        self.daemons.start_registries()
        self.daemons.run(_FIRST_SECONDS)
        for number in range(1, self.peers + 1):
            self._begin(f"life{number}")
        end = self._now + seconds
        while self._now < end:
            self._wait(self.rng.expovariate(1 / _FAULTS_APART))
            self.faults.some()
        self.faults.end()
        self._wait(_SETTLING_SECONDS)
        self._compare()

    @property
    def _now(self) -> float:
        return self.daemons.network.clock.now

    def _begin(self, name: str) -> None:
        process = self.daemons.network.process(name)
        places = RegistryPlaces(self.daemons.places, self.rng)
        life = ShortLives(
            process=process,
            client=RegistryClient(process, places, NETWORK),
            grants=self.grants,
            choose=self._choose,
            rng=self.rng,
        )
        self.lives.append(life)
        Deferred.fromCoroutine(life.live()).addErrback(self._broken)

    def _broken(self, failure: Failure) -> None:
        self.wrong.append(failure.getTraceback())

    def _choose(self) -> PeerName:
        return f"p{next(self._numbers) if self.faults.halts else self.rng.randrange(self.peers)}"

    def _wait(self, seconds: float) -> None:
        end = self._now + seconds
        while self._now < end:
            self.daemons.run(min(_LOOK_SECONDS, end - self._now))
            self.grants.check(self._now)
            self._look()

    def _look(self) -> None:
        """See that nobody waits who could be in."""
        now = self._now
        able = filter(self._is_able, self.daemons.registry_names)
        self._able = {name: self._able.get(name, now) for name in able}
        if not self._able:
            return
        since = min(self._able.values())
        for life in self.lives:
            began = next((at for at in life.tries if at >= since), now)
            if now - began > _IN_SECONDS + _LOOK_SECONDS:
                who = life.process.name
                self.wrong.append(f"{now:.3f}: {who} is not in since {began:.3f}: {self._able}")
                life.tries.clear()

    def _is_able(self, registry: str) -> bool:
        """Return whether a registry can be reached, and reaches a majority of etcd that is well."""
        etcd, one = self.daemons.etcd, self.lives[0].process.name
        members = (name for name in etcd.names if etcd.reaches(registry, name))
        return etcd.reaches(one, registry) and any(map(etcd.is_well, members))

    def _kept(self) -> Mapping[PeerName, Registration]:
        keys, state = self.daemons.keys, self.daemons.etcd.state
        found = (keys.read({"kv": kv}) for kv in state.range(keys.watched())["kvs"])
        puts = (each.what for each in found if each is not None and isinstance(each.what, Put))
        return {put.name: put.registration for put in puts}

    def _compare(self) -> None:
        """See that all registries know what etcd has, but for what is on its way."""
        clock = self.daemons.network.clock
        if not clock.run_until(lambda: not self._differing(), _SAME_SECONDS):
            self.wrong += self._differing()

    def _differing(self) -> list[str]:
        kept = {(name, held.address.port) for name, held in self._kept().items()}
        wrong = []
        for name in self.daemons.registry_names:
            members = self.daemons.answering[name].members("", sys.maxsize)
            known = {(held.name, held.address.port) for held in members}
            if known != kept:
                wrong.append(f"{name} differs from etcd in {sorted(known ^ kept)}")
        return wrong


def run(seed: int, peers: int = 12, seconds: float = 120.0) -> DrillOutcome:
    """Run one seed."""
    with tempfile.TemporaryDirectory(prefix="drill-") as folder:
        daemons = SeveralDaemons(Path(folder) / "peers", VirtualNetwork(seed))
        drill = RegistryDrill(daemons, peers, Random(seed))

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            if "log_failure" in event:
                drill.wrong.append(event["log_failure"].getTraceback())

        collect_the_past()
        try:
            with logged_only_to(observe):
                drill.run(seconds)
        except Exception:
            drill.wrong.append(Failure().getTraceback())
        finally:
            trace, wrong = daemons.network.trace(), tuple(drill.wrong)
            # They know connections, and these what has ended.
            drill.lives.clear()
            daemons.close()
    done = tuple(drill.faults.done)
    return DrillOutcome(seed, wrong, trace, drill.grants.given, done)


def main(
    arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write
) -> int:
    """Run seeds, and tell which fail, and what befell them; return the exit code."""
    parser = ArgumentParser(prog="python -m p2p_twisted.testing.registry_drill")
    parser.add_argument("--seeds", type=int, default=20, help="how many; default: 20")
    parser.add_argument("--first", type=int, default=1, help="the first seed; default: 1")
    parser.add_argument("--peers", type=int, default=12, help="at a time; default: 12")
    parser.add_argument("--seconds", type=float, default=120.0, help="of faults; default: 120")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once; default: 2")
    options = parser.parse_args(arguments)
    one = partial(run, peers=options.peers, seconds=options.seconds)
    failed = given = 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(one, range(options.first, options.first + options.seeds)):
            given += outcome.given
            if outcome.wrong:
                failed += 1
                lines = "\n    ".join((*outcome.done, *outcome.wrong))
                write(f"seed {outcome.seed} fails:\n    {lines}\n")
    write(f"{options.seeds} seeds, {failed} failed; {given} places given\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
