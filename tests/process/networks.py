"""Whole networks of real daemons: a registry and peers that share a directory, as by hand."""

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, free_ports, scratch_folder, wait_until


class Peer(Daemon):
    """A peer whose console is on pipes."""

    def answer(self, line: str, pattern: str, seconds: float = PATIENCE) -> str:
        """
        Type a line, and wait until something that follows matches a pattern to its line's end.

        :returns: all that followed.
        """
        start = len(self.log)
        self.type(line)
        sought = re.compile(f"{pattern}.*\n", re.M)

        def is_said() -> bool:
            return bool(sought.search(self.log[start:]))

        try:
            wait_until(lambda: is_said() or not self.is_running, repr(pattern), seconds)
            assert is_said(), f"it ended before {pattern!r}"
        except AssertionError as error:
            raise AssertionError(f"{error}, to {line!r}; the log:\n{self.log}") from None
        return self.log[start:]

    def topology(self) -> dict[str, set[str]]:
        """Type TOPO, and read who has which neighbors; the silent ones have ``{"?"}``."""
        said = self.answer("TOPO", r"\d+ peers?, ")
        peers = {peer: set(links.split()) for peer, links in re.findall("^(.+) :(.*)$", said, re.M)}
        silent = re.search("no answer from (.*)", said)
        return peers | {peer: {"?"} for peer in (silent[1].split(", ") if silent else ())}

    def wait_for_topology(self, *names: str, seconds: float = PATIENCE) -> None:
        """Wait until TOPO shows exactly these peers, all of which answer."""
        seen: dict[str, set[str]] = {}

        def is_right() -> bool:
            nonlocal seen
            seen = self.topology()
            return set(seen) == set(names) and {"?"} not in seen.values()

        try:
            wait_until(is_right, f"only {names}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; the last TOPO: {seen}") from None

    def wait_until_shared(self, files: int, seconds: float = PATIENCE) -> None:
        """Wait until it shares that many files, all of them hashed."""

        def is_shared() -> bool:
            said = self.answer("status", "up for")
            return f"({files:,} file" in said and "still being hashed" not in said

        wait_until(is_shared, f"{files} shared files", seconds)


def use_own_runtime_folder(case: SynchronousTestCase) -> None:
    """Have daemons make their sockets where those that others have left running are not found."""
    case.addCleanup(os.environ.update, {"XDG_RUNTIME_DIR": os.environ["XDG_RUNTIME_DIR"]})
    os.environ["XDG_RUNTIME_DIR"] = str(scratch_folder(case))


def for_class(cases: type[SynchronousTestCase]) -> SynchronousTestCase:
    """Stand for one case whose cleanups come once all tests of a class are over."""
    return cast(SynchronousTestCase, SimpleNamespace(addCleanup=cases.addClassCleanup))


class Network:
    """
    A directory with room for a registry and peers, on ports of their own.

    All that was started in it is ended when the test is over, and must not have logged a traceback.

    :param ports: how many the registry has for peers.
    :ivar directory: where all of them run.
    """

    def __init__(self, case: SynchronousTestCase, ports: int = 5) -> None:
        self._case = case
        self.directory = scratch_folder(case)
        self.registry_port, *rest = free_ports(1 + ports)
        self.ports = range(rest[0], rest[-1] + 1)

    def start_registry(self, *more: str, **how: Any) -> Daemon:
        """Start the registry; returns when it listens."""
        listen = f"tcp:{self.registry_port}:interface=127.0.0.1"
        ports = f"{self.ports[0]}-{self.ports[-1]}"
        options = ("-n", "p2pmeta", "--listen", listen, "--ports", ports, *more)
        registry = Daemon(*options, cwd=self.directory, **how)
        self._case.addCleanup(registry.end)
        return registry.wait_ready()

    def start_peer(self, name: str, *options: str, **how: Any) -> Peer:
        """Start a peer; returns at once."""
        return self.start("-n", *self.command(name), *options, **how)

    def start(self, *arguments: str, **how: Any) -> Peer:
        """Start twistd as a peer; returns at once."""
        peer = Peer(*arguments, cwd=self.directory, **{"stdin": subprocess.PIPE, **how})
        self._case.addCleanup(peer.end)
        return peer

    def start_peers(self, *names: str, seconds: float = PATIENCE) -> list[Peer]:
        """Start peers side by side; returns when they are all ready."""
        peers = [self.start_peer(name) for name in names]
        for peer in peers:
            peer.wait_ready(seconds)
        return peers

    def command(self, name: str) -> tuple[str, ...]:
        """Write what makes twistd a peer of this network."""
        return ("p2ppeer", "--name", name, "--registry", f"127.0.0.1:{self.registry_port}")

    def write(self, path: str, content: bytes) -> None:
        """Put a file where a peer shares it: ``s1/name``."""
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def read(self, path: str) -> bytes:
        """Read a file."""
        return (self.directory / path).read_bytes()

    def leftovers(self) -> list[Path]:
        """List what should not be there once all have ended: pid and part files."""
        return [*self.directory.rglob("*.pid"), *self.directory.rglob(".p2p-*.part")]
