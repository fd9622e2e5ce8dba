"""Real registries and peers as processes of a virtual network."""

import gc
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from attrs import define, field
from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from p2p_twisted.download.progress import Progress
from p2p_twisted.library.watcher import Noticed, NoWatcher, Watcher, WatcherMaker
from p2p_twisted.peer.build import PeerBuilder
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.peer.overlay_events import OverlayEvents
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.peer_context import PeerContext
from p2p_twisted.peer.private_part import PrivatePart
from p2p_twisted.peer.service import PeerService
from p2p_twisted.peer.settings import Settings
from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.private_registry import PrivateParts
from p2p_twisted.registry.registry import Registry
from p2p_twisted.registry.store import IRegistryStore, MemoryStore
from p2p_twisted.runtime.disk_thread import DiskThreads
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.parallel_map import in_turn
from p2p_twisted.runtime.threads import inline
from p2p_twisted.testing.at_once import AtOnce
from p2p_twisted.testing.introspection import UnmovedWatch, WitnessedEvents, close_files, driver_of
from p2p_twisted.testing.log_audience import logged_only_to
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.registry_process import RegistryProcess
from p2p_twisted.testing.virtual_reactor import VirtualReactor
from p2p_twisted.wire.messages import Gossip
from p2p_twisted.wire.names import MessageId, PeerName

REGISTRY: Final = "registry"
"""What the registry's process is called."""

NETWORK: Final = "default"
"""What the network is called."""

_PORTS: Final = range(9_100, 20_000)
# The year 2100: files that the tests' own machine writes meanwhile are always old to it.
_EPOCH: Final = 4_102_444_800.0
_OLD_SECONDS: Final = 3_600.0
_GOSSIP_LIFE_SECONDS: Final = 60.0

T = TypeVar("T")


def _blind(_noticed: Noticed) -> Watcher:
    return NoWatcher()


@define(eq=False)
class VirtualDaemons:
    """
    Runs a registry and peers, unchanged but for their reactors, in one process.

    Peers are called ``s1``, ``s2`` and so on where nothing else is said.

    :ivar folder: where the peers' directories are made.
    :ivar network: to cut it, to slow it down, and to halt what runs on it.
    :ivar ports: what the registry gives to peers.
    :ivar make_watcher: makes what tells peers of changes below their directories; by
        default nothing does, and they look every 5 s.
    :ivar peers: those that run.
    :ivar answering: the registries that were started last, by their processes.
    :ivar said: what peers announced to their persons, in order.
    :ivar heard: for each run of a peer, how often each broadcast came to it.
    :ivar repeated: runs of peers to which a broadcast came that they had heard.
    :ivar ended: daemons that stopped in order or gave up, and why they did.
    """

    folder: Path
    network: VirtualNetwork = field(factory=VirtualNetwork)
    ports: range = _PORTS
    make_watcher: WatcherMaker = _blind
    peers: dict[PeerName, Peer] = field(factory=dict)
    answering: dict[str, Registry] = field(factory=dict)
    said: list[str] = field(factory=list)
    heard: list[tuple[PeerName, "Counter[MessageId]"]] = field(factory=list)
    repeated: list[tuple[PeerName, MessageId]] = field(factory=list)
    ended: dict[str, str] = field(factory=dict)
    _services: dict[str, MultiService] = field(factory=dict)
    _store: IRegistryStore = field(factory=MemoryStore)
    # To forget killed daemons would end their coroutines, which still know the disk.
    _killed: list[object] = field(factory=list)

    @property
    def registry_names(self) -> list[str]:
        """What the processes of registries are called."""
        return [REGISTRY]

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Where the registries listen."""
        host_of, names = self.network.host_of, self.registry_names
        return tuple((host_of(name).address, self._port_of(name)) for name in names)

    def start_registry(self, name: str = REGISTRY) -> None:
        """Start a registry, or start it again with what it had written down."""
        reactor = self.network.process(name)
        rng, daemon = Random(self.network.rng.random()), MultiService()
        private = self._private_parts(reactor, daemon)
        process = RegistryProcess(NETWORK, self.ports, self.wall)
        at, store = self._port_of(name), self._store_of(reactor, rng)
        added = process.add_to(daemon, reactor, at, store, private, rng=rng)
        daemon.privilegedStartService()
        daemon.startService()
        self._services[name], self.answering[name] = daemon, added

    def forget_registrations(self) -> None:
        """Lose what the registry, which does not run now, had written down."""
        self._store = MemoryStore()

    def start(
        self, name: PeerName, files: Mapping[str, bytes] | None = None, **settings: Any
    ) -> Peer:
        """
        Start a peer, or start it again on the directory it had.

        :param files: by their paths, what to put there before.
        :param settings: other than the usual ones.
        """
        directory = self.folder / name
        self._write(directory, files or {})
        reactor = self.network.process(name)
        usual = {"name": name, "directory": directory, "downloads": directory / "Downloads"}
        usual |= {"interface": self.network.host_of(name).address, "registries": self.places}
        chosen = Settings(**{**usual, **settings})
        context = PeerContext(
            rng=Random(self.network.rng.random()),
            settings=chosen,
            private=self._private_part(chosen, reactor),
            reactor=reactor,
            offload=inline,
            disks=DiskThreads(AtOnce(), inline, inline, in_turn, in_turn),
            watcher_for=lambda _directory: self.make_watcher,
            announce=self.said.append,
            stopped=reactor.stop,
            wall=partial(self.date_of, name),
            processor=reactor.seconds,
            core_wanted=lambda: 0.0,
        )
        builder = PeerBuilder(context, UnmovedWatch, self._counting_events(name))
        peer, daemon = builder.build(), MultiService()

        def give_up(reason: str, _code: Exit) -> None:
            self.said.append(reason)
            self.ended[name] = reason

        for service in builder.network.member_services():
            service.setServiceParent(daemon)
        PeerService(reactor, peer, self.said.append, give_up).setServiceParent(daemon)
        daemon.startService()
        self.peers[name], self._services[name] = peer, daemon
        self.ended.pop(name, None)
        return peer

    def start_many(self, number: int, apart: float = 0.1) -> None:
        """Start peers ``s1``, ``s2`` and so on, so many seconds one after the other."""
        for index in range(1, number + 1):
            self.start(f"s{index}")
            self.run(apart)

    def crash(self, name: str) -> None:
        """Kill a daemon: it says no goodbye, and its connections are reset."""
        self.network.processes[name].crash()
        self._bury(name)

    def vanish(self, name: str) -> None:
        """Lose a daemon and its host: its connections stay open, and nothing comes on them."""
        self.network.processes[name].vanish()
        self._bury(name)

    def erase(self, name: PeerName) -> None:
        """Lose the disk of a peer that does not run now."""
        shutil.rmtree(self.folder / name)

    def stop(self, name: str) -> "Deferred[None]":
        """Stop a daemon in order."""
        self.peers.pop(name, None)
        self.ended[name] = "stopped"
        stopped: Deferred[None] = maybeDeferred(self._services.pop(name).stopService)
        return stopped

    # What one does with them

    def run(self, seconds: float) -> None:
        """Run the network for so many seconds of virtual time."""
        self.network.clock.run(seconds)

    def result(self, waiting: "Deferred[T]", within: float = 60.0) -> T:
        """
        Run the network until a Deferred has fired, and return its result.

        :param within: seconds of virtual time.
        :raises AssertionError: when it has not fired in time.
        :raises Exception: that of its failure.
        """
        outcome: list[T | Failure] = []
        waiting.addBoth(outcome.append)
        assert self.network.clock.run_until(lambda: bool(outcome), within), "it did not come"
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        return outcome[0]

    def get(self, name: PeerName, wanted: str, within: float = 60.0) -> Progress:
        """Have a peer download something."""
        return self.result(self.peers[name].get(wanted, unwatched), within)

    def download(self, name: PeerName, target: str) -> bytes:
        """Read what a peer has downloaded."""
        return (self.folder / name / "Downloads" / target).read_bytes()

    def broadcast(self, name: PeerName) -> MessageId:
        """Have a peer, which has joined, broadcast something; return the broadcast's id."""
        driver = driver_of(self.peers[name])
        assert driver is not None
        gossip = Gossip(driver.new_id(), "note", name, 0.0, _GOSSIP_LIFE_SECONDS)
        driver.publish(gossip)
        return gossip.id

    def wall(self) -> float:
        """Return the virtual wall time, in seconds since the epoch."""
        return _EPOCH + self.network.clock.now

    def date_of(self, _name: str) -> float:
        """Return what the clock of a daemon's machine says: all are right."""
        return self.wall()

    def close(self) -> None:
        """Kill all daemons, and remove the folder."""
        for name in list(self._services):
            self.crash(name)
        shutil.rmtree(self.folder, ignore_errors=True)
        with logged_only_to():
            self._forget()
            self.network.clear()
            # Coroutines that end here may set timers once more, which hold others.
            while gc.collect():
                self.network.clear()

    # How it works

    def _port_of(self, _registry: str) -> int:
        return REGISTRY_PORT

    def _store_of(self, _reactor: VirtualReactor, _rng: Random) -> IRegistryStore:
        return self._store

    def _private_parts(self, _reactor: VirtualReactor, _of: MultiService) -> PrivateParts | None:
        return None

    def _private_part(self, _settings: Settings, _reactor: VirtualReactor) -> PrivatePart | None:
        return None

    def _forget(self) -> None:
        """Forget all that keeps ended daemons alive."""
        self._killed.clear()
        self.answering.clear()

    def _write(self, directory: Path, files: Mapping[str, bytes]) -> None:
        # Old enough to be hashed at once.
        written = self.wall() - _OLD_SECONDS
        for path, content in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            os.utime(target, (written, written))

    def _counting_events(self, name: PeerName) -> Callable[..., OverlayEvents]:
        """Return what makes the events of a peer, the broadcasts of which are counted."""
        heard: Counter[MessageId] = Counter()
        self.heard.append((name, heard))

        def count(gossip: Gossip) -> None:
            heard[gossip.id] += 1
            if heard[gossip.id] > 1:
                self.repeated.append((name, gossip.id))

        return partial(WitnessedEvents, witness=count)

    def _bury(self, name: str) -> None:
        if name in self.peers:
            peer = self.peers.pop(name)
            close_files(peer)
            self._killed.append(peer)
        self._killed.append(self._services.pop(name))
