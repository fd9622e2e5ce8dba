"""Real registries and peers as processes of a virtual network."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from p2p_twisted.library.watching import NoWatcher
from p2p_twisted.peer.peer import Peer
from p2p_twisted.peer.service import PeerService
from p2p_twisted.peer.settings import Settings
from p2p_twisted.registry.checking import Checker
from p2p_twisted.registry.deciding import Policy
from p2p_twisted.registry.server import Registry
from p2p_twisted.registry.service import RegistryService
from p2p_twisted.registry.store import IRegistryStore, MemoryStore
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.threads import inline
from p2p_twisted.transfer.progress import Progress
from p2p_twisted.wire.limits import REGISTRY_PORT
from p2p_twisted.wire.names import PeerName

_NETWORK: Final = "default"
_REGISTRY: Final = "registry"
_NAMES: Final = range(9_100, 20_000)

T = TypeVar("T")


@define(eq=False)
class VirtualDaemons:
    """
    A registry and peers, unchanged but for their reactors, in one process and virtual time.

    :ivar folder: where the peers' directories are made.
    :ivar ports: what the registry gives to peers.
    :ivar said: what peers announced to their persons, in order.
    """

    folder: Path
    network: VirtualNetwork = field(factory=VirtualNetwork)
    ports: range = _NAMES
    peers: dict[PeerName, Peer] = field(factory=dict)
    said: list[str] = field(factory=list)
    _services: dict[str, PeerService | RegistryService] = field(factory=dict)
    _store: IRegistryStore = field(factory=MemoryStore)

    def start_registry(self) -> None:
        """Start the registry, or start it again with what it had written down."""
        reactor = self.network.process(_REGISTRY)
        rng = Random(self.network.rng.random())
        checker, policy = Checker(reactor, _NETWORK), Policy(self.ports)
        registry = Registry(reactor, self._store, checker, policy, rng, reactor.seconds)
        endpoint = f"tcp:{REGISTRY_PORT}:interface=127.0.0.1"
        service = RegistryService(reactor, registry, _NETWORK, endpoint)
        service.privilegedStartService()
        service.startService()
        self._services[_REGISTRY] = service

    def forget_registrations(self) -> None:
        """Lose what the registry, which does not run now, had written down."""
        self._store = MemoryStore()

    def start(self, name: PeerName, files: Mapping[str, bytes] | None = None) -> Peer:
        """
        Start a peer, or start it again on the directory it had.

        :param files: by their paths, what to put there before.
        """
        directory = self.folder / name
        for path, content in (files or {}).items():
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        reactor = self.network.process(name)
        rng = Random(self.network.rng.random())
        settings = Settings(name, directory, directory / "Downloads")
        peer = Peer(
            reactor, rng, settings, inline, lambda _noticed: NoWatcher(), self._say, reactor.stop
        )
        service = PeerService(reactor, peer, self._say, self._say)
        service.startService()
        self.peers[name], self._services[name] = peer, service
        return peer

    def start_many(self, number: int, apart: float = 0.1) -> None:
        """Start peers ``s1``, ``s2`` and so on, so many seconds one after the other."""
        for index in range(1, number + 1):
            self.start(f"s{index}")
            self.run(apart)

    def crash(self, name: str) -> None:
        """Kill a daemon: nobody is told, but its connections are reset."""
        self.network.processes[name].crash()
        # The system closes what a killed process had open, its lock among it.
        if name in self.peers:
            self.peers.pop(name).state.close()
        del self._services[name]

    def stop(self, name: str) -> "Deferred[None]":
        """Stop a daemon in order."""
        self.peers.pop(name, None)
        return Deferred.fromCoroutine(self._services.pop(name).stopService())

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.network.clock.run(seconds)

    def result(self, waiting: "Deferred[T]", within: float = 60.0) -> T:
        """
        Let time pass until something has come.

        :raises AssertionError: when it has not come in time.
        :raises Exception: when it is a failure: that one.
        """
        outcome: list[T | Failure] = []
        waiting.addBoth(outcome.append)
        assert self.network.clock.run_until(lambda: bool(outcome), within), "it did not come"
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        return outcome[0]

    def get(self, name: PeerName, wanted: str, within: float = 60.0) -> Progress:
        """Have a peer download something."""
        return self.result(self.peers[name].get(wanted, lambda _progress: None), within)

    def download(self, name: PeerName, target: str) -> bytes:
        """Read what a peer has downloaded."""
        return (self.folder / name / "Downloads" / target).read_bytes()

    def close(self) -> None:
        """End it all, without ceremony, and remove the folder."""
        for name in list(self._services):
            self.crash(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _say(self, text: str) -> None:
        self.said.append(text)
