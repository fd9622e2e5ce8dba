"""Random faults of several registries, and of the etcd that they share."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Final

from attrs import define
from typing_extensions import override

from p2p_twisted.testing.faults import Faults
from p2p_twisted.testing.paths import Path
from p2p_twisted.testing.several_daemons import SeveralDaemons

_CUT_SECONDS: Final = (2.0, 70.0)
_SLOW_SECONDS: Final = 4.0
_SLOWEST_WAY: Final = 0.1
_USUAL: Final = Path()


@define(eq=False, kw_only=True)
class RegistryFaults(Faults):
    """
    Causes those in a :class:`SeveralDaemons`.

    :ivar halts: whether registries are halted, too, and cut off from peers: then they may take
        peers for dead.
    """

    halts: bool

    @property
    def _world(self) -> SeveralDaemons:
        assert isinstance(self.daemons, SeveralDaemons)
        return self.daemons

    @override
    def _kinds(self) -> list[tuple[Callable[[], None], int]]:
        etcd = self._world.etcd
        return [
            (partial(self._one, etcd.names, self._crash_member), 3),
            (self._crash_leader, 3),
            (partial(self._one, etcd.names, self._halt), 2),
            (partial(self._one, etcd.names, self._slow_member), 2),
            (self._unseat, 2),
            (self._compact, 2),
            (self._cut, 4),
            (self._slow_way, 2),
            (partial(self._one, self._world.registry_names, self._crash_registry), 4),
            (self._crash_all, 1),
            (partial(self._one, self._world.registry_names, self._halt), 2 * self.halts),
        ]

    def _one(self, names: list[str], strike: Callable[[str], None]) -> None:
        strike_at = [name for name in names if name not in self._away]
        if strike_at:
            strike(self.rng.choice(strike_at))

    def _crash_member(self, name: str) -> None:
        self._end_process(name, partial(self._world.etcd.start, name))

    def _crash_leader(self) -> None:
        leader = self._world.etcd.leader
        if leader is not None and leader not in self._away:
            self._crash_member(leader)

    def _crash_registry(self, name: str) -> None:
        self._end_process(name, partial(self._world.start_registry, name))

    def _crash_all(self) -> None:
        for name in self._world.registry_names:
            if name not in self._away:
                self._crash_registry(name)

    def _end_process(self, name: str, start: Callable[[], None]) -> None:
        self._note(f"kill {name}")
        if name in self._world.etcd.names:
            self._world.network.processes[name].crash()
        else:
            self._world.crash(name)
        self._undo_later(name, start)

    def _slow_member(self, name: str) -> None:
        self._note(f"{name} is slow")
        slow = self._world.etcd.slow
        slow[name] = self.rng.uniform(0.0, _SLOW_SECONDS)

        def be_quick() -> None:
            slow.pop(name, None)

        self._later(self.rng.uniform(*_CUT_SECONDS), be_quick)

    def _unseat(self) -> None:
        self._note("etcd chooses another leader")
        self._world.etcd.unseat()

    def _compact(self) -> None:
        self._note("etcd compacts its history")
        self._world.etcd.state.compact()

    def _cut(self) -> None:
        names = [*self._world.etcd.names, *self._world.registry_names]
        group = self.rng.sample(names, self.rng.randint(1, len(names) // 2))
        self._note(f"part {' '.join(group)}{'' if self.halts else ', but not from peers'}")
        if self.halts:
            self._world.network.part(group)
        else:
            # A registry that cannot reach a peer may take it for dead.
            for one, other in product(group, set(names).difference(group)):
                self._world.network.lose(one, other)
                self._world.network.lose(other, one)
        self._later(self.rng.uniform(*_CUT_SECONDS), self._mend)

    def _slow_way(self) -> None:
        one = self.rng.choice(self._world.registry_names)
        other = self.rng.choice(self._world.etcd.names)
        path = Path(self.rng.uniform(0.0, _SLOWEST_WAY))
        self._note(f"between {one} and {other}: {path}")
        self._world.network.set_path(one, other, path)

    @override
    def end(self) -> None:
        super().end()
        self._world.etcd.slow.clear()
        for one in self._world.registry_names:
            for other in self._world.etcd.names:
                self._world.network.set_path(one, other, _USUAL)
