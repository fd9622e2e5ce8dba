"""
Explain downloads in virtual networks where it is known what limits them.

    python -m p2p_twisted.testing.explain_drill --seeds 200

Each seed stages one thing that limits a download, among peers that come, go and download other
things. Whoever is blamed for anything else is blamed wrongly.
"""

import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from attrs import define, field, frozen

from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.explain.explanation import Explanation
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.paths import Path as Way
from p2p_twisted.testing.paths import Paths
from p2p_twisted.wire.limits import MIB
from p2p_twisted.wire.names import PeerName

_MEMORY: Final = Path("/dev/shm")
_FILM_BYTES: Final = 24 * MIB
_FEWEST, _MOST = 4, 8
_FIRST_SECONDS: Final = 20.0
_NOISE_SECONDS: Final = 2.0

Blame = tuple[Cause, PeerName | None]


@define(eq=False)
class Stage:
    """
    A network in which ``requester`` wants what ``holder`` has.

    :ivar others: the names of all others.
    :ivar settings: of each peer, other than the usual ones.
    :ivar busy: who must not be disturbed.
    """

    daemons: VirtualDaemons
    rng: Random
    requester: PeerName
    holder: PeerName
    others: list[PeerName]
    settings: dict[PeerName, dict[str, Any]] = field(factory=dict)
    busy: set[PeerName] = field(factory=set)

    def start(self) -> None:
        """Start all of them, the holder with a film and the others with little."""
        film = self.rng.randbytes(_FILM_BYTES)
        self.daemons.start_registry()
        for name in (self.holder, self.requester, *self.others):
            files = {"film": film} if name == self.holder else {f"song {name}": name.encode() * 99}
            self.daemons.start(name, files, **self.settings.get(name, {}))
            self.daemons.run(0.1)
        self.daemons.run(_FIRST_SECONDS)

    def get(self, name: PeerName = "", wanted: str = "film") -> None:
        """Have a peer begin to get something; whatever becomes of it."""
        got = self.daemons.peers[name or self.requester].get(wanted, unwatched)
        got.addErrback(lambda _failure: None)

    def disturb(self, seconds: float) -> None:
        """Let time go by, in which those come and go that have no part in it."""
        end = self.daemons.network.clock.now + seconds
        free = [name for name in self.others if name not in self.busy]
        while (left := end - self.daemons.network.clock.now) > 0:
            self.daemons.run(min(left, self.rng.expovariate(1 / _NOISE_SECONDS)))
            if free:
                self._one(self.rng.choice(free), free)

    def _one(self, name: PeerName, free: Sequence[PeerName]) -> None:
        if name not in self.daemons.peers:
            self.daemons.start(name, **self.settings.get(name, {}))
            return
        other = self.rng.choice([*free, self.holder])
        acts: Sequence[Callable[[], object]] = (
            partial(self.daemons.crash, name),
            partial(self.get, name, f"song {other}"),
            partial(self.daemons.network.set_path, name, other, Way(self.rng.uniform(0, 0.3))),
        )
        self.rng.choice(acts)()


@frozen
class StagedCase:
    """
    Something that limits a download.

    :ivar prepare: is done before the peers start, and ``stage`` then; it has the download begin.
    :ivar true: who may be blamed, and for what.
    :ivar seconds: after which it is explained.
    """

    stage: Callable[[Stage], None]
    true: Callable[[Stage], set[Blame]]
    prepare: Callable[[Stage], None] = lambda _stage: None
    seconds: float = 12.0


def _limited(who: str, **rates: int) -> Callable[[Stage], None]:
    def prepare(stage: Stage) -> None:
        stage.settings[getattr(stage, who)] = {"rates": Rates(**rates)}

    return prepare


def _not_alone(stage: Stage) -> None:
    stage.settings[stage.holder] = {"rates": Rates(up=MIB)}
    stage.busy.add(stage.others[0])


def _no_relays(stage: Stage) -> None:
    for name in (stage.holder, stage.requester, *stage.others):
        stage.settings[name] = {"relay": 0}


def _relays(stage: Stage) -> None:
    stage.settings.update({name: {"relay": MIB} for name in stage.others})
    # Without any of them it would be the firewall.
    stage.busy.update(stage.others)


def _shut(stage: Stage) -> None:
    stage.daemons.network.closed.update((stage.holder, stage.requester))
    stage.get()


def _slow_way(stage: Stage) -> None:
    way = Way(stage.rng.uniform(0.0, 0.2), bandwidth=stage.rng.uniform(0.3, 1.5) * MIB)
    stage.daemons.network.set_path(stage.holder, stage.requester, way)
    for name in stage.others:
        # It helps nobody: otherwise it would not be the only way.
        stage.daemons.network.set_path(name, stage.requester, way)
    stage.get()


def _gone(how: str) -> Callable[[Stage], None]:
    def stage_it(stage: Stage) -> None:
        stage.get()
        stage.daemons.run(3.0)
        getattr(stage.daemons, how)(stage.holder)

    return stage_it


def _one_place(stage: Stage) -> None:
    stage.settings[stage.holder] = {"rates": Rates(up=MIB // 4), "at_once": Slots(up=1)}
    stage.busy.add(stage.others[0])


def _taken(stage: Stage) -> None:
    stage.get(stage.others[0])
    stage.daemons.run(1.0)
    stage.get()


def _paused(stage: Stage) -> None:
    stage.get()
    stage.daemons.run(2.0)
    stage.daemons.peers[stage.requester].pause()


def _one_slot(stage: Stage) -> None:
    stage.settings[stage.holder] = {"rates": Rates(up=MIB)}
    stage.settings[stage.requester] = {"at_once": Slots(down=1)}


def _two(stage: Stage) -> None:
    (stage.daemons.folder / stage.holder / "film 2").write_bytes(stage.rng.randbytes(_FILM_BYTES))
    stage.daemons.run(10.0)
    stage.get()
    stage.daemons.run(1.0)
    stage.get(wanted="film 2")


def _begin(stage: Stage) -> None:
    stage.get()


CASES: Final[Mapping[str, StagedCase]] = {
    "own limit": StagedCase(
        _begin, lambda _: {(Cause.OWN_LIMIT, None)}, _limited("requester", down=MIB)
    ),
    "holder's limit": StagedCase(
        _begin, lambda of: {(Cause.HOLDER_LIMIT, of.holder)}, _limited("holder", up=MIB)
    ),
    # The system tells nothing of connections in virtual time.
    "way": StagedCase(_slow_way, lambda of: {(Cause.HOLDER_OR_WAY, of.holder)}),
    "firewall": StagedCase(_shut, lambda of: {(Cause.FIREWALL, of.holder)}, _no_relays, 30.0),
    "relay": StagedCase(
        _shut,
        lambda of: {(Cause.RELAY, each) for each in of.others},
        _relays,
    ),
    "left": StagedCase(_gone("stop"), lambda _: {(Cause.NOBODY, None)}, _not_alone, 60.0),
    "crashed": StagedCase(_gone("crash"), lambda _: {(Cause.NOBODY, None)}, _not_alone, 60.0),
    # Its neighbors wait for it a while, and miss it; then they have dropped it.
    "vanished": StagedCase(
        _gone("vanish"),
        lambda of: {(Cause.HOLDER_SILENT, of.holder), (Cause.NOBODY, None)},
        _not_alone,
    ),
    # Soon, as it would get a place later.
    "busy": StagedCase(_taken, lambda of: {(Cause.HOLDER_BUSY, of.holder)}, _one_place, 1.5),
    "paused": StagedCase(_paused, lambda _: {(Cause.PAUSED, None)}, _limited("holder", up=MIB)),
    "queue": StagedCase(_two, lambda _: {(Cause.OWN_QUEUE, None)}, _one_slot, 5.0),
}


@frozen
class StagedOutcome:
    """What a download was explained by; ``wrong`` says whether that is not the truth."""

    seed: int
    case: str
    explained: Explanation
    wrong: bool


def run(seed: int) -> StagedOutcome:
    """Stage what a seed says, and have it explained."""
    rng = Random(seed)
    name = sorted(CASES)[seed % len(CASES)]
    case = CASES[name]
    names = [f"s{number}" for number in range(1, rng.randint(_FEWEST, _MOST) + 1)]
    rng.shuffle(names)
    folder = Path(tempfile.mkdtemp(prefix="explain-", dir=_MEMORY if _MEMORY.is_dir() else None))
    network = VirtualNetwork(seed, paths=Paths(Way(rng.uniform(0.0, 0.05))))
    stage = Stage(VirtualDaemons(folder / "peers", network), rng, names[0], names[1], names[2:])
    try:
        case.prepare(stage)
        stage.start()
        case.stage(stage)
        stage.disturb(case.seconds)
        explained = stage.daemons.peers[stage.requester].explain()
        blamed = explained.diagnosis.cause, explained.diagnosis.peer
        return StagedOutcome(seed, name, explained, blamed not in case.true(stage))
    finally:
        stage.daemons.close()
        shutil.rmtree(folder, ignore_errors=True)


def main(
    arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write
) -> int:
    """Run seeds, and say whom they blame; return the exit code."""
    parser = ArgumentParser(prog="python -m p2p_twisted.testing.explain_drill", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many; default: 20")
    parser.add_argument("--first", type=int, default=1, help="the first seed; default: 1")
    options = parser.parse_args(arguments)
    right: Counter[str] = Counter()
    wrong = 0
    for seed in range(options.first, options.first + options.seeds):
        outcome = run(seed)
        right[outcome.case] += not outcome.wrong
        if outcome.wrong:
            wrong += 1
            sentence = outcome.explained.diagnosis.sentence
            write(f"seed {seed}, {outcome.case}: {sentence}\n")
    for name, count in sorted(right.items()):
        write(f"{name}: {count} right\n")
    write(f"{options.seeds} seeds, {wrong} wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
