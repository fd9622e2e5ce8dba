"""Run a registry and some peers as real daemons on this machine."""

import random
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from p2p_twisted.cli.command_parser import DAEMON
from p2p_twisted.cli.local_daemons import Daemon, Daemons
from p2p_twisted.cli.samples import samples_of, write_samples

HOST: Final = "127.0.0.1"
STARTED_AT_ONCE: Final = 8
SPARE_PORTS: Final = 10
_PORTS: Final = range(20_000, 32_000)
"""Below the ports that systems use for outgoing connections."""

Command = Callable[[Path, Sequence[str]], Sequence[str]]
"""Makes a daemon's command line from its log file and its arguments."""


def twistd(log: Path, arguments: Sequence[str]) -> Sequence[str]:
    """Make the command line of a daemon in the foreground; a :data:`Command`."""
    return [*_program(), DAEMON, "-n", f"--logfile={log}", *arguments]


def _program() -> list[str]:
    """Write how to start this program once more: from the archive that it came in, if it did."""
    if archive := getattr(getattr(sys.modules["__main__"], "__loader__", None), "archive", None):
        return [sys.executable, str(Path(archive).absolute())]
    # -P, as the current directory may have downloads in it, which are not to be imported.
    return [sys.executable, "-P", "-m", "p2p_twisted.cli"]


class LocalNetwork:
    """
    A registry and peers s1, s2 and so on, each with sample files to share.

    :param directory: for all their files; must not contain others.
    :param peers: how many peers.
    """

    def __init__(self, directory: Path, daemons: Daemons, peers: int, command: Command) -> None:
        self._directory = directory
        self._daemons = daemons
        self._peers = peers
        self._command = command
        self._registry_port = free_ports(1 + peers + SPARE_PORTS)

    @property
    def registry(self) -> str:
        """The registry's address."""
        return f"{HOST}:{self._registry_port}"

    def start(self) -> None:
        """
        Start the registry, and all peers except s1.

        :raises DaemonFailed: when one of them does not become ready.
        """
        for number in range(1, self._peers + 1):
            samples = samples_of(number, self._peers)
            write_samples(self._directory / f"s{number}", samples)
        self._daemons.wait_until_ready([self._start_registry()])
        for first in range(2, self._peers + 1, STARTED_AT_ONCE):
            after = min(first + STARTED_AT_ONCE, self._peers + 1)
            others = [self.start_peer(n, ["--accept=anyone"]) for n in range(first, after)]
            self._daemons.wait_until_ready(others)

    def start_peer(self, number: int, arguments: Iterable[str] = (), **options: Any) -> Daemon:
        """
        Start a peer.

        :param arguments: further arguments of the daemon.
        :param options: of :class:`subprocess.Popen`.
        """
        name = f"s{number}"
        # Whole paths, as those that s1 shows are read by somebody in another directory.
        own = (f"--name={name}", f"--directory={self._directory / name}")
        arguments = ["p2ppeer", *own, f"--registry={self.registry}", *arguments]
        return self._start(name, arguments, **options)

    def _start_registry(self) -> Daemon:
        first = self._registry_port + 1
        last = self._registry_port + self._peers + SPARE_PORTS
        listen = f"tcp:{self._registry_port}:interface={HOST}"
        return self._start("registry", ["p2pmeta", f"--listen={listen}", f"--ports={first}-{last}"])

    def _start(self, name: str, arguments: Sequence[str], **options: Any) -> Daemon:
        command = self._command(self._daemons.log_of(name), arguments)
        # In a session of its own, Ctrl-C does not reach it.
        defaults = {"cwd": self._directory, "start_new_session": True}
        return self._daemons.start(name, command, **{**defaults, **options})


def free_ports(count: int) -> int:
    """
    Find a row of free ports.

    :returns: the first of them.
    :raises OSError: when none is found in a hundred tries.
    """
    for _ in range(100):
        first = random.choice(_PORTS)
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise OSError(f"found no {count} free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
