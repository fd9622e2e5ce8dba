"""The shipped daemons: a registry and peers under twistd, with their consoles on pipes."""

import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.lab import Lab, Process, TookTooLong
from p2p_twisted.control.network import free_ports, twistd

LOOPBACK: Final = "127.0.0.1"
_PORTS: Final = 100
_HASHED_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 0.2


class Network:
    """
    A registry, and peers as they are asked for.

    Each peer shares the folder of its name in the lab's directory, and its
    downloads land in ``Downloads`` below that.

    :param host: where the registry listens.
    :param prefix: what to start it with, ``ip netns exec NAME`` for example.
    """

    def __init__(self, lab: Lab, host: str = LOOPBACK, prefix: Sequence[str] = ()) -> None:
        self._lab = lab
        self._host = host
        self._port = free_ports(1 + _PORTS)
        first, last = self._port + 1, self._port + _PORTS
        listen = f"--listen=tcp:{self._port}:interface={host}"
        command = twistd(
            lab.directory / "registry.log", ["p2pmeta", listen, f"--ports={first}-{last}"]
        )
        registry = lab.start_daemon("registry", *prefix, *command)
        lab.wait_until_ready(registry)

    def start_peer(
        self, name: str, *options: str, host: str = LOOPBACK, prefix: Sequence[str] = ()
    ) -> Process:
        """
        Start a peer; returns when it is ready.

        What the process says is how each line ended: ``ok`` or ``failed``.

        :param options: further ones of ``p2ppeer``.
        :param prefix: what to start it with.
        """
        results, given = os.pipe()
        own = [f"--name={name}", f"--registry={self._host}:{self._port}", f"--interface={host}"]
        if host != LOOPBACK:
            own.append("--insecure-lan")
        arguments = ["p2ppeer", *own, f"--results={given}", *options]
        command = twistd(self._lab.directory / f"{name}.log", arguments)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "pass_fds": (given,)}
        try:
            daemon = self._lab.start_daemon(name, *prefix, *command, **pipes)
        finally:
            os.close(given)
        self._lab.wait_until_ready(daemon)
        return Process(daemon, results)

    def folder(self, name: str) -> Path:
        """Tell where a peer's files are."""
        return self._lab.directory / name

    def downloads(self, name: str) -> Path:
        """Tell where a peer's downloads land."""
        return self.folder(name) / "Downloads"

    def get_at_last(self, peer: Process, what: str) -> None:
        """
        Download something as soon as its holder has hashed it.

        :raises TookTooLong: when that is never the case.
        """
        deadline = time.monotonic() + _HASHED_SECONDS
        while time.monotonic() < deadline:
            peer.say(f"get {what}")
            self._lab.wait(lambda: ended(peer), readable=peer.readable)
            if peer.heard() == "ok\n":
                return
            self._lab.pause(_AGAIN_SECONDS)
        raise TookTooLong(f"{what} cannot be had:{peer.tail()}")

    def port_of(self, peer: Process) -> int:
        """Tell where a peer listens."""
        found = re.search(r"joined as \S+ on port (\d+)", peer.tail())
        assert found is not None, peer.tail()
        return int(found[1])


def ended(peer: Process) -> bool:
    """
    Tell whether the last line that was typed has had its effect.

    :raises TookTooLong: when the peer has ended.
    """
    if peer.has_ended:
        raise TookTooLong(f"the peer ended:{peer.tail()}")
    return peer.heard().endswith("\n")


def is_saved(peer: Process) -> bool:
    """
    Tell whether a download has ended.

    :raises TookTooLong: when it has failed, or the peer has ended.
    """
    if not ended(peer):
        return False
    if peer.heard() != "ok\n":
        raise TookTooLong(f"it was not downloaded:{peer.tail()}")
    return True
