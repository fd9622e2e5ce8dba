"""Run the shipped daemons: a registry and peers under twistd, with consoles on pipes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.lab.hosts import LOCAL, LOOPBACK, Host
from benchmarks.lab.lab import Lab, Process, TookTooLong
from p2p_twisted.cli.local_network import free_ports, twistd

_PORTS: Final = 100
_HASHED_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 0.2


class Network:
    """
    A registry, and peers as they are asked for.

    Each peer shares the folder of its name in the lab's directory, and its
    downloads land in ``Downloads`` below that.

    :param host: where the registry is.
    :param is_private: whether it is a private network, in which all is encrypted.
    """

    def __init__(self, lab: Lab, host: Host = LOCAL, *, is_private: bool = False) -> None:
        self._lab = lab
        self._host = host
        self._port = free_ports(1 + _PORTS)
        arguments = [
            "p2pmeta",
            f"--listen=tcp:{self._port}:interface={host.address}",
            f"--ports={self._port + 1}-{self._port + _PORTS}",
            "--store=memory:",
            *(("--private",) if is_private else _reach(host)),
        ]
        command = twistd(lab.directory / f"registry.{self._port}.log", arguments)
        registry = lab.start_daemon("registry", *host.prefix, *command)
        lab.wait_until_ready(registry)
        self._entry = (_join(registry.tail()),) if is_private else _reach(host)

    def start_peer(
        self, name: str, *options: str, host: Host = LOCAL, stamps: Path | None = None
    ) -> Process:
        """
        Start a peer; returns when it is ready.

        What the process says is how each line ended: ``ok`` or ``failed``.

        :param options: further ones of ``p2ppeer``.
        :param stamps: where to write down when it is pushed to, and when it publishes.
        """
        results, given = os.pipe()
        arguments = [
            "p2ppeer",
            f"--name={name}",
            f"--registry={self._host.address}:{self._port}",
            f"--interface={host.address}",
            f"--results={given}",
            *self._entry,
            *options,
        ]
        command = twistd(self._lab.directory / f"{name}.log", arguments)
        if stamps is not None:
            words = command[command.index("-n") :]
            command = [sys.executable, "-m", "benchmarks.lab.stamps", str(stamps), *words]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "pass_fds": (given,)}
        try:
            daemon = self._lab.start_daemon(name, *host.prefix, *command, **pipes)
        finally:
            os.close(given)
        self._lab.wait_until_ready(daemon)
        return Process(daemon, results)

    def folder(self, name: str) -> Path:
        """Return where a peer's files are."""
        return self._lab.directory / name

    def downloads(self, name: str) -> Path:
        """Return the folder of a peer's downloads."""
        return self.folder(name) / "Downloads"

    def wait_until_shared(self, peer: Process, files: int = 1) -> None:
        """
        Wait until a peer has hashed what it shares.

        :raises TookTooLong: when it does not.
        """

        def is_shared() -> bool:
            self._status(peer)
            return shares(peer, files)

        try:
            self._lab.wait(is_shared, _HASHED_SECONDS, every=_AGAIN_SECONDS)
        except TookTooLong as error:
            raise TookTooLong(f"{error}:{peer.tail()}") from None

    def port_of(self, peer: Process) -> int:
        """Return where a peer listens."""
        # Output may arrive after the verdict.
        while not (found := re.findall(r"^ *peer .*:(\d+)$", self._status(peer), re.MULTILINE)):
            self._lab.pause(_AGAIN_SECONDS)
        return int(found[-1])

    def _status(self, peer: Process) -> str:
        """Have a peer print its status; return the end of its output."""
        peer.say("status")
        self._lab.wait(lambda: ended(peer), readable=peer.readable)
        return peer.tail()


def ended(peer: Process) -> bool:
    """
    Return whether the last typed line has been executed.

    :raises TookTooLong: when the peer has ended.
    """
    if peer.has_ended:
        raise TookTooLong(f"the peer ended:{peer.tail()}")
    return peer.heard().endswith("\n")


def shares(peer: Process, files: int) -> bool:
    """Return whether a peer shares so many files, as the last status that was printed has it."""
    directory = peer.tail().rpartition("directory")[2]
    return f"({files:,} file" in directory and "still being hashed" not in directory


def is_saved(peer: Process) -> bool:
    """
    Return whether a download has ended.

    :raises TookTooLong: when it has failed, or the peer has ended.
    """
    if not ended(peer):
        return False
    if peer.heard() != "ok\n":
        raise TookTooLong(f"it was not downloaded:{peer.tail()}")
    return True


def _join(said: str) -> str:
    """Write the option by which peers come into a private network, as its registry said."""
    (invite,) = re.findall(r"^ *for others.*:\n *(p2p1-\S+)$", said, re.MULTILINE)
    return f"--join={invite}"


def _reach(host: Host) -> tuple[str, ...]:
    return () if host.address == LOOPBACK else ("--insecure-lan",)
