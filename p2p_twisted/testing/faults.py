"""Cause random faults in a virtual network, and undo them."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from attrs import define, field

from p2p_twisted.testing.daemons import REGISTRY, VirtualDaemons
from p2p_twisted.testing.paths import Path
from p2p_twisted.wire.names import PeerName

_LINGER_SECONDS: Final = 30.0
"""By when nothing of a stopped daemon may be left: what it still asked the registry has 10 s."""

_MOST_AWAY: Final = 0.4
_ERASED: Final = 0.2
_FORGETFUL: Final = 0.3


@define(eq=False)
class Faults:
    """
    Causes random faults, and ends each after a while.

    :ivar restart: starts a peer again; with true, on an empty disk.
    :ivar stopped: is called when a daemon has stopped in order, and its time to linger is over.
    :ivar done: what was done, in order, for the person who has to understand a run.
    """

    daemons: VirtualDaemons
    rng: Random
    names: list[PeerName]
    restart: Callable[[PeerName, bool], None]
    stopped: Callable[[PeerName], None]
    done: list[str] = field(factory=list)
    _away: dict[str, Callable[[], None]] = field(factory=dict)
    _is_over: bool = False

    def begin(self) -> None:
        """Make ready, once all peers run."""

    def some(self) -> None:
        """Cause one fault."""
        fault, weight = zip(*self._kinds(), strict=True)
        self.rng.choices(fault, weight)[0]()

    def present(self) -> list[PeerName]:
        """List the peers that run, and are not halted."""
        return [name for name in self.names if name not in self._away]

    def end(self) -> None:
        """Undo everything that is still wrong, now and later."""
        self._is_over = True
        self._note("everything is mended")
        self.daemons.network.mend()
        self.daemons.network.closed.clear()
        for undo in list(self._away.values()):
            undo()

    def _kinds(self) -> list[tuple[Callable[[], None], int]]:
        strikes = ((self._crash, 5), (self._vanish, 4), (self._halt, 4), (self._stop, 4))
        return [
            *((partial(self._strike, strike), weight) for strike, weight in strikes),
            (self._part, 2),
            (self._lose, 3),
            (self._slow, 2),
            (self._close, 2),
            (self._lose_registry, 2),
        ]

    def _strike(self, strike: Callable[[PeerName], None]) -> None:
        present = self.present()
        if len(present) > (1 - _MOST_AWAY) * len(self.names):
            strike(self.rng.choice(present))

    def _crash(self, name: PeerName) -> None:
        is_erased = self.rng.random() < _ERASED
        self._note(f"kill {name}{', and erase its disk' if is_erased else ''}")
        self.daemons.crash(name)
        self._undo_later(name, partial(self.restart, name, is_erased))

    def _vanish(self, name: PeerName) -> None:
        self._note(f"lose {name}")
        self.daemons.vanish(name)
        self._undo_later(name, partial(self.restart, name, False))

    def _halt(self, name: str) -> None:
        self._note(f"halt {name}")
        reactor = self.daemons.network.processes[name]
        reactor.halt()
        self._undo_later(name, reactor.go_on)

    def _stop(self, name: PeerName) -> None:
        self._note(f"stop {name}")
        self._away[name] = lambda: None

        def lingered() -> None:
            self.stopped(name)
            self.daemons.network.processes[name].crash()
            self._undo_later(name, partial(self.restart, name, False))

        self.daemons.stop(name).addBoth(lambda _: self._later(_LINGER_SECONDS, lingered))

    def _part(self) -> None:
        names = [*self.names, REGISTRY]
        group = self.rng.sample(names, self.rng.randint(1, len(names) // 2))
        self._note(f"part {' '.join(group)}")
        self.daemons.network.part(group)
        self._later(self.rng.uniform(2.0, 60.0), self._mend)

    def _lose(self) -> None:
        source, target = self.rng.sample([*self.names, REGISTRY], 2)
        self._note(f"nothing gets from {source} to {target}")
        self.daemons.network.lose(source, target)
        self._later(self.rng.uniform(2.0, 60.0), self._mend)

    def _mend(self) -> None:
        self._note("mend all ways")
        self.daemons.network.mend()

    def _slow(self) -> None:
        one, other = self.rng.sample(self.names, 2)
        path = Path(self.rng.uniform(0.0, 0.6), self.rng.choice([None, 20_000.0, 1e6]))
        self._note(f"between {one} and {other}: {path}")
        self.daemons.network.set_path(one, other, path)

    def _close(self) -> None:
        name, closed = self.rng.choice(self.names), self.daemons.network.closed
        self._note(f"nobody can dial {name}")
        closed.add(name)
        self._later(self.rng.uniform(10.0, 60.0), partial(closed.discard, name))

    def _lose_registry(self) -> None:
        if REGISTRY in self._away:
            return
        how = self.rng.choice([self._halt, self.daemons.crash, self.daemons.vanish])
        if how == self._halt:
            self._halt(REGISTRY)
            return
        is_forgetful = self.rng.random() < _FORGETFUL
        self._note(f"{how.__name__} registry{', with all it knew' if is_forgetful else ''}")
        how(REGISTRY)
        if is_forgetful:
            self.daemons.forget_registrations()
        self._undo_later(REGISTRY, self.daemons.start_registry)

    def _undo_later(self, name: str, undo: Callable[[], None]) -> None:
        """Have a daemon back after a while, or at once if all faults are over."""

        def now() -> None:
            if self._away.get(name) is now:
                self._note(f"{name} is back")
                del self._away[name]
                undo()

        self._away[name] = now
        self._later(0.0 if self._is_over else self.rng.uniform(0.5, 60.0), now)

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        self.daemons.network.clock.call_later(seconds, what)

    def _note(self, what: str) -> None:
        self.done.append(f"{self.daemons.network.clock.now:10.3f} {what}")
