"""BitTorrent rivals, for one downloader or many."""

import shutil
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from typing_extensions import override

from benchmarks.contenders.contender import OURS, Contender
from benchmarks.contenders.tools import LIBTORRENT, Tools
from benchmarks.contenders.torrents import Tracker, write_torrent
from benchmarks.lab.hosts import LOCAL, LOOPBACK, Host
from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.network import Network, is_saved
from benchmarks.lab.sample import Sample

PAIR: Final = (LOCAL, LOCAL, LOCAL)
_SCRIPT = Path(__file__).with_name("libtorrent_peer.py")


class Swarm(Contender):
    """
    A holder, and downloaders that may give each other what they have.

    :param hosts: where they are: one for what is between them, the holder's, one for
        each downloader.
    """

    def __init__(self, lab: Lab, tools: Tools, source: Path, hosts: Sequence[Host] = PAIR) -> None:
        super().__init__(lab, tools, source)
        self.hub, self.holder_host, *self.hosts = hosts
        self.home = lab.directory / type(self).__name__

    @override
    def fetch(self, target: Path) -> Sample:
        homes = [self.home / str(number) for number in range(len(self.hosts))]
        for home in homes:
            home.mkdir(parents=True, exist_ok=True)
        sample = self.download(homes)
        for home in homes:
            if (home / self.source.name).stat().st_size != self.source.stat().st_size:
                raise ValueError(f"{self.name}: one did not get all")
        (homes[0] / self.source.name).rename(target)
        for home in homes:
            shutil.rmtree(home)
        return sample

    @abstractmethod
    def download(self, homes: Sequence[Path]) -> Sample:
        """Let a downloader for each directory get the file; measure until all have it."""


class OurPeers(Swarm):
    """
    A peer with the file, and peers that are all to have it.

    :cvar options: of those that are to have it.
    """

    options: ClassVar[tuple[str, ...]] = ()

    @override
    def prepare(self) -> None:
        self.network = Network(self.lab, self.hub)
        self.holder = self.network.start_peer(self.source.parent.name, host=self.holder_host)
        self.receivers: Sequence[Process] = [
            self._start_receiver(number, host) for number, host in enumerate(self.hosts)
        ]
        self.network.wait_until_shared(self.holder)

    def _start_receiver(self, number: int, host: Host) -> Process:
        home = self.home / str(number)
        home.mkdir(parents=True, exist_ok=True)
        options = (f"--downloads={home}", *self.options)
        return self.network.start_peer(f"receiver{number}", *options, host=host)


class OurSwarm(OurPeers):
    """All get it at the same time."""

    name = OURS

    @override
    def download(self, homes: Sequence[Path]) -> Sample:
        def begin() -> Sequence[Process]:
            for receiver in self.receivers:
                receiver.say(f"get {self.source.name}")
            return ()

        def is_done() -> bool:
            return all(list(map(is_saved, self.receivers)))

        return self.lab.timed([self.holder], self.receivers, begin, is_done)


class Torrent(Swarm):
    """A rival that speaks BitTorrent."""

    @override
    def prepare(self) -> None:
        self.home.mkdir()
        self.torrent = self.home / "torrent"
        self.tracker = Tracker()
        write_torrent(self.source, self.torrent, self.tracker.url)
        self.holder = self.seed()

    @abstractmethod
    def seed(self) -> Process:
        """Start the holder."""


class Libtorrent(Torrent):
    """The library behind many clients; all of its processes are running when the clock starts."""

    name = "libtorrent"
    needs = (LIBTORRENT,)
    hint = "pip install libtorrent"

    @override
    def seed(self) -> Process:
        self._addresses: list[str] = []
        return self._start("seed", self.holder_host, self.source.parent)

    @override
    def download(self, homes: Sequence[Path]) -> Sample:
        leeches = [self._start("leech", *place) for place in zip(self.hosts, homes, strict=True)]
        peers = " ".join(self._addresses)

        def begin() -> Sequence[Process]:
            for leech in leeches:
                leech.say(peers)
            return ()

        def is_done() -> bool:
            return all(leech.heard() == "done\n" for leech in leeches)

        sample = self.lab.timed([self.holder], leeches, begin, is_done)
        for leech in leeches:
            leech.end()
        del self._addresses[1:]
        return sample

    def _start(self, what: str, host: Host, directory: Path) -> Process:
        address = host.address, str(self.lab.port())
        self._addresses.append(":".join(address))
        script: Sequence[str | Path] = (*host.prefix, self.tools.python, _SCRIPT, what, *address)
        peer = self.lab.start_talking("libtorrent", *script, self.torrent, directory)
        self.lab.wait_for(peer, "ready\n")
        return peer


class Aria2(Torrent):
    """A command; the clock runs from the start of all downloaders."""

    name = "aria2, BitTorrent"
    needs = ("aria2c",)
    hint = "apt install aria2"

    @override
    def seed(self) -> Process:
        flags = ["--bt-seed-unverified=true", "--seed-ratio=0.0"]
        return self.lab.start("aria2", *self._command(self.source.parent), *flags)

    @override
    def download(self, homes: Sequence[Path]) -> Sample:
        # The command's hook reports when the file is complete; aria2 keeps serving it.
        done = self.home / "done"
        done.mkdir()
        told = self.home / "told"
        told.write_text(f'#!/bin/sh\n: > "{done}/$1"\n')
        told.chmod(0o700)
        leeches: list[Process] = []

        def begin() -> Sequence[Process]:
            for home in homes:
                flags = [f"--on-bt-download-complete={told}", "--seed-ratio=0.0"]
                leeches.append(self.lab.start("aria2", *self._command(home), *flags))
            return leeches

        def is_done() -> bool:
            return len(list(done.iterdir())) == len(homes)

        sample = self.lab.timed([self.holder], [], begin, is_done)
        for leech in leeches:
            leech.end()
        shutil.rmtree(done)
        return sample

    def _command(self, directory: Path) -> Sequence[str | Path]:
        return [
            self.tools.find("aria2c"),
            f"--dir={directory}",
            f"--listen-port={self.lab.port()}",
            f"--interface={LOOPBACK}",
            "--no-conf=true",
            "--enable-dht=false",
            "--enable-peer-exchange=false",
            "--file-allocation=none",
            "--console-log-level=error",
            "--show-console-readout=false",
            self.torrent,
        ]
