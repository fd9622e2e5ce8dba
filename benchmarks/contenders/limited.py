"""Measure one downloader, and holders that are each limited to a rate."""

import mmap
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from typing_extensions import override

from benchmarks.contenders.contender import Contender
from benchmarks.contenders.tools import Tools
from benchmarks.lab.hosts import LOCAL, Host
from benchmarks.lab.lab import Lab, Process
from benchmarks.lab.machine import MIB, write_content
from benchmarks.lab.network import Network, is_saved
from benchmarks.lab.sample import Sample
from benchmarks.lab.stamps import push_seconds

_WRONG_EVERY: Final = 10
_AGE_SECONDS: Final = 60


class Holders(Contender):
    """
    Some holders, a network of their own.

    :param rate: what each of them may send, as ``--max-up`` takes it.
    :param count: how many there are.
    :param hosts: where they are: the registry, the downloader, and each holder.
    :ivar pushes: how many seconds each run took from its last push to the publication.
    """

    def __init__(
        self, lab: Lab, source: Path, rate: str, count: int, hosts: Sequence[Host] = ()
    ) -> None:
        super().__init__(lab, Tools(None), source)
        self.name = f"{count} holder{'s' if count > 1 else ''}"
        self._rate = rate
        self._count = count
        self.pushes: list[float] = []
        self._hub, self._here, *self._there = hosts or [LOCAL] * (2 + count)

    @override
    def prepare(self) -> None:
        self.network = Network(self.lab, self._hub)
        self.holders = [self.start_holder(number) for number in range(self._count)]
        self.start_downloader()
        for holder in self.holders:
            self.network.wait_until_shared(holder)

    def start_holder(self, number: int) -> Process:
        """Start a holder; its file is there already, or it is another name of the source."""
        name = self._own(f"holder{number}")
        shared = self.network.folder(name) / self.source.name
        if not shared.exists():
            shared.parent.mkdir()
            shared.hardlink_to(self.source)
        rate = f"--max-up={self._rate}"
        return self.network.start_peer(name, rate, host=self._there[number])

    def start_downloader(self) -> None:
        """Start the downloader."""
        name = self._own("downloader")
        self._stamps = self.lab.directory / f"{name}.stamps"
        self.downloader = self.network.start_peer(name, host=self._here, stamps=self._stamps)
        self._downloads = self.network.downloads(name)

    @override
    def fetch(self, target: Path) -> Sample:
        def begin() -> Sequence[Process]:
            self.downloader.say(f"get {self.source.name}")
            return ()

        sample = self.lab.timed(self.holders, [self.downloader], begin, self.is_done)
        self.pushes.append(push_seconds(self._stamps))
        (self._downloads / self.source.name).rename(target)
        return sample

    def is_done(self) -> bool:
        """Return whether the download has ended; called twenty times a second."""
        return is_saved(self.downloader)

    def received(self) -> int:
        """Return how many bytes of a running download there are."""
        return sum(part.stat().st_blocks * 512 for part in self._downloads.glob(".p2p-*.part"))

    def _own(self, name: str) -> str:
        return f"{name}-{type(self).__name__}{self._count}".lower()


class OneKilled(Holders):
    """
    Holders of which one is killed midway.

    :ivar longest_pause: for how many seconds nothing arrived, in any of the runs.
    """

    def __init__(self, lab: Lab, source: Path, rate: str, count: int) -> None:
        super().__init__(lab, source, rate, count)
        self.name += ", one killed midway"
        self.longest_pause = 0.0

    @override
    def fetch(self, target: Path) -> Sample:
        self._last = 0
        self._changed = time.monotonic()
        self._is_killed = False
        sample = super().fetch(target)
        self.holders[0] = self.start_holder(0)
        self.network.wait_until_shared(self.holders[0])
        return sample

    @override
    def is_done(self) -> bool:
        now, received = time.monotonic(), self.received()
        if received != self._last:
            self.longest_pause = max(self.longest_pause, now - self._changed)
            self._last, self._changed = received, now
        if not self._is_killed and received > self.source.stat().st_size / 2:
            self._is_killed = True
            self.holders[0].kill()
        return super().is_done()


class OneWrong(Holders):
    """Holders of which one has a bit flipped in every tenth chunk, as a bad disk would."""

    def __init__(self, lab: Lab, source: Path, rate: str, count: int) -> None:
        super().__init__(lab, source, rate, count)
        self.name += ", one with wrong bits"

    @override
    def prepare(self) -> None:
        wrong = self.lab.directory / self._own("holder0") / self.source.name
        size = self.source.stat().st_size
        write_content(wrong, size)
        with wrong.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
            places = range(MIB // 2, size, _WRONG_EVERY * MIB)
            # A page that was written to once is written to again without a new time of change.
            for place in places:
                content[place] ^= 0
            written = time.time() - _AGE_SECONDS
            os.utime(wrong, (written, written))
            super().prepare()
            for place in places:
                content[place] ^= 1

    @override
    def fetch(self, target: Path) -> Sample:
        sample = super().fetch(target)
        # It would not ask the holder that lied to it again.
        self.downloader.end()
        self.start_downloader()
        return sample
