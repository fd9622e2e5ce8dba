"""Ways to get a file from one process to another: ours, and the two that it is judged by."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from benchmarks.contenders.tools import Tools
from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.network import Network, is_saved
from benchmarks.lab.sample import Sample
from benchmarks.lab.stamps import push_seconds
from benchmarks.lab.usage import peak_memory
from p2p_twisted.peer.private_member import MEMBER_FOLDER
from p2p_twisted.peer.settings import STATE_DIRECTORY

OURS = "p2p_twisted"


class Contender(ABC):
    """
    One contender to get a file.

    :param source: the file, in a folder that has nothing else in it.
    :ivar name: how the table calls it.
    :cvar needs: the commands that it needs.
    :cvar hint: how to get them.
    """

    name: str
    needs: ClassVar[tuple[str, ...]] = ()
    hint: ClassVar[str] = ""

    def __init__(self, lab: Lab, tools: Tools, source: Path) -> None:
        self.lab = lab
        self.tools = tools
        self.source = source

    @abstractmethod
    def prepare(self) -> None:
        """Start the processes that run before the file is wanted."""

    @abstractmethod
    def fetch(self, target: Path) -> Sample:
        """Get the file; measure only that."""


class Ours(Contender):
    """
    Two peers; the clock runs from the typed ``get`` to the verdict.

    :ivar pushes: how many seconds each run took from the push to the publication.
    :ivar options: further ones of each peer.
    """

    name = OURS
    options: Mapping[str, Sequence[str]] = {}
    is_private = False

    @override
    def prepare(self) -> None:
        self.network = Network(self.lab, is_private=self.is_private)
        self._stamps = self.lab.directory / "stamps"
        self.holder = self._start(self.source.parent.name)
        self.downloader = self._start("downloader", stamps=self._stamps)
        self.pushes: list[float] = []
        # An idle daemon to compare with.
        self.idle = self.network.start_peer("idle")
        self._peaks = self._peaks_now()
        self.network.wait_until_shared(self.holder)

    @property
    def key(self) -> Path | None:
        """The key file of the idle daemon, in a private network."""
        if not self.is_private:
            return None
        return self.lab.directory / "idle" / STATE_DIRECTORY / MEMBER_FOLDER / "peer.pem"

    def _start(self, name: str, **how: Any) -> Process:
        return self.network.start_peer(name, *self.options.get(name, ()), **how)

    @property
    def downloaded(self) -> Path:
        """The path of the download."""
        return self.network.downloads("downloader") / self.source.name

    @property
    def grown(self) -> Sequence[int]:
        """How many bytes holder and downloader have grown since they were ready."""
        return [now - before for now, before in zip(self._peaks_now(), self._peaks, strict=True)]

    def _peaks_now(self) -> Sequence[int]:
        return [peak_memory([peer.pid]) for peer in (self.holder, self.downloader)]

    @override
    def fetch(self, target: Path) -> Sample:
        def begin() -> Sequence[Process]:
            self.downloader.say(f"get {self.source.name}")
            return ()

        sides = [self.holder], [self.downloader]
        sample = self.lab.timed(*sides, begin, lambda: is_saved(self.downloader))
        self.pushes.append(push_seconds(self._stamps))
        self.downloaded.rename(target)
        return sample


class OursPrivate(Ours):
    """The same in a private network, in which all is encrypted."""

    name = f"{OURS}, private network"
    is_private = True


class Prepared(Contender):
    """Two processes that are running when the clock starts: one of our own scripts."""

    script: ClassVar[str]

    @override
    def prepare(self) -> None:
        port = str(self.lab.port())
        self.holder = self.lab.start_script(self.script, "hold", port, self.source)
        self.lab.wait_for(self.holder, "ready\n")
        self.downloader = self.lab.start_script(self.script, "take", port)
        self.lab.wait_for(self.downloader, "ready\n")

    @override
    def fetch(self, target: Path) -> Sample:
        def begin() -> Sequence[Process]:
            self.downloader.say(str(target))
            return ()

        def is_done() -> bool:
            return self.downloader.heard() == "done\n"

        return self.lab.timed([self.holder], [self.downloader], begin, is_done)


class Limit(Prepared):
    """Blocking calls only."""

    name = "blocking sendfile, recv_into, BLAKE3"
    script = "benchmarks.contenders.blocking"


class Defaults(Prepared):
    """Twisted with its defaults."""

    name = "Twisted's defaults, BLAKE3"
    script = "benchmarks.contenders.defaults"
