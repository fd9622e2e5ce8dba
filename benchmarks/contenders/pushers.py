"""Ways to give a file to many at once: ours, and what people type in a loop."""

import sys
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from typing_extensions import override

from benchmarks.contenders import ssh
from benchmarks.contenders.commands import Words, rsync_server
from benchmarks.contenders.contender import OURS
from benchmarks.contenders.swarms import OurPeers, Swarm
from benchmarks.lab.hosts import Host, is_listening
from benchmarks.lab.lab import Process, TookTooLong
from benchmarks.lab.sample import Sample

_WAIT_SECONDS: Final = 20.0
_LONGEST_SECONDS: Final = 1_800


class Typed(Swarm):
    """Somebody gives a file to all by one command; the clock runs until it has ended."""

    receivers: Sequence[Process]

    @abstractmethod
    def command(self) -> Words:
        """Write the command, which is run where the file is."""

    @property
    def senders(self) -> Sequence[Process]:
        """What runs where the file is, before the clock does."""
        return ()

    @override
    def download(self, homes: Sequence[Path]) -> Sample:
        started: list[Process] = []

        def begin() -> Sequence[Process]:
            name = type(self).__name__
            command = [*self.holder_host.prefix, *self.command()]
            started.append(self.lab.start(name, *command))
            return ()

        sample = self.lab.timed(self.senders, self.receivers, begin, lambda: started[0].has_ended)
        if started[0].end():
            raise TookTooLong(f"{self.name} failed:{started[0].tail()}")
        return sample


class OurPush(OurPeers, Typed):
    """``p2p push``: the clock runs until it says that all have it."""

    name = f"{OURS}, p2p push --to @all --wait"
    options: ClassVar[tuple[str, ...]] = ("--accept=anyone",)

    @property
    @override
    def senders(self) -> Sequence[Process]:
        return [self.holder]

    @override
    def command(self) -> Words:
        p2p = [sys.executable, "-m", "p2p_twisted.cli", "push", "--peer", self.source.parent.name]
        return [*p2p, self.source, "--to", "@all", "--wait", f"--timeout={_LONGEST_SECONDS}s"]


class Looped(Typed):
    """A server at each receiver, and a loop over all of them."""

    @override
    def prepare(self) -> None:
        self.home.mkdir()
        self.port = self.lab.port()
        self.make_ready()
        self.receivers = []
        for number, host in enumerate(self.hosts):
            home = self.home / str(number)
            home.mkdir(exist_ok=True)
            name = type(self).__name__
            server = self.lab.start(name, *host.prefix, *self.serve(number, host, home))
            self.lab.wait(partial(is_listening, server.pid, self.port), _WAIT_SECONDS)
            self.receivers.append(server)

    def make_ready(self) -> None:
        """Make what all of the servers need."""

    @abstractmethod
    def serve(self, number: int, host: Host, home: Path) -> Words:
        """Write a server's command, which stays in the foreground."""


class RsyncLoop(Looped):
    """rsync to one after the other."""

    name = "rsync, in a loop"
    needs: ClassVar[tuple[str, ...]] = ("rsync",)
    hint = "apt install rsync"

    @override
    def serve(self, number: int, host: Host, home: Path) -> Words:
        return rsync_server(self.tools, self.home / f"settings{number}", home, host, self.port)

    @override
    def command(self) -> Words:
        loop = 'f="$0"; for u; do rsync -W "$f" "$u" || exit 1; done'
        targets = [f"rsync://{host.address}:{self.port}/files/" for host in self.hosts]
        return ["sh", "-c", loop, self.source, *targets]


class ScpAtOnce(Looped):
    """scp to all at once."""

    name = "scp, to all at once"
    needs: ClassVar[tuple[str, ...]] = ssh.NEEDS
    hint = ssh.HINT

    @override
    def make_ready(self) -> None:
        ssh.make_keys(self.tools, self.home)

    @override
    def serve(self, number: int, host: Host, home: Path) -> Words:
        pid = self.home / f"pid{number}"
        return ssh.server(self.tools, self.home, host.address, self.port, pid)

    @override
    def command(self) -> Words:
        scp = " ".join(["scp", "-q", *ssh.client_flags(self.home, self.port)])
        begin = f'for u; do {scp} "$f" "$u" & p="$p $!"; done'
        loop = f'f="$0"; {begin}; for i in $p; do wait $i || exit 1; done'
        targets = [
            f"root@{host.address}:{self.home / str(number)}/"
            for number, host in enumerate(self.hosts)
        ]
        return ["sh", "-c", loop, self.source, *targets]
