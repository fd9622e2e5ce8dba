"""BitTorrent rivals, for one downloader or many."""

import shutil
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from typing_extensions import override

from benchmarks.figures import Sample
from benchmarks.lab import Lab, Process
from benchmarks.network import LOOPBACK
from benchmarks.tools import LIBTORRENT, Tools
from benchmarks.torrents import Tracker, write_torrent
from benchmarks.ways import Way

_SCRIPT = Path(__file__).with_name("libtorrent_peer.py")


class Torrent(Way):
    """A holder, and downloaders that give each other what they have."""

    downloaders: ClassVar[int] = 1

    def __init__(self, lab: Lab, tools: Tools, source: Path) -> None:
        super().__init__(lab, tools, source)
        self.home = lab.directory / type(self).__name__
        self.torrent = self.home / "torrent"

    @override
    def prepare(self) -> None:
        self.home.mkdir()
        self.tracker = Tracker()
        write_torrent(self.source, self.torrent, self.tracker.url)
        self.holder = self.seed()

    @override
    def fetch(self, target: Path) -> Sample:
        homes = [self.home / str(number) for number in range(self.downloaders)]
        for home in homes:
            home.mkdir()
        sample = self.download(homes)
        (homes[0] / self.source.name).rename(target)
        for home in homes:
            shutil.rmtree(home)
        return sample

    @abstractmethod
    def seed(self) -> Process:
        """Start the holder."""

    @abstractmethod
    def download(self, homes: Sequence[Path]) -> Sample:
        """Have a downloader for each directory get the file; measure until all have it."""


class Libtorrent(Torrent):
    """The library behind many clients; all of its processes are running when the clock starts."""

    name = "libtorrent"
    needs = (LIBTORRENT,)
    hint = "pip install libtorrent"

    @override
    def seed(self) -> Process:
        self._port = self.lab.port()
        return self._start("seed", self._port, self.source.parent)

    @override
    def download(self, homes: Sequence[Path]) -> Sample:
        ports = [self.lab.port() for _ in homes]
        leeches = [self._start("leech", *place) for place in zip(ports, homes, strict=True)]
        peers = " ".join(f"{LOOPBACK}:{port}" for port in (self._port, *ports))

        def begin() -> Sequence[Process]:
            for leech in leeches:
                leech.say(peers)
            return ()

        def is_done() -> bool:
            return all(leech.heard() == "done\n" for leech in leeches)

        sample = self.lab.timed([self.holder], leeches, begin, is_done)
        for leech in leeches:
            leech.end()
        return sample

    def _start(self, what: str, port: int, directory: Path) -> Process:
        place: Sequence[str | Path] = [LOOPBACK, str(port), self.torrent, directory]
        peer = self.lab.start_talking("libtorrent", self.tools.python, _SCRIPT, what, *place)
        self.lab.wait_for(peer, "ready")
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
        # It is told when the file is there, and goes on to serve it.
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
