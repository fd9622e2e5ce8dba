"""Run processes on loopback, or in network namespaces with slow uplinks."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final

from attrs import frozen

LOOPBACK: Final = "127.0.0.1"

_NETWORK: Final = "10.77.0"
_INTERFACE: Final = "eth0"
# A burst of two of the largest packets, and a queue no longer than that of home routers.
_SHAPE: Final = ("burst", "128kb", "latency", "100ms")
_numbers: Final = itertools.count()


@frozen
class Host:
    """
    A place to run processes in.

    :ivar prefix: what to start commands with.
    """

    address: str = LOOPBACK
    prefix: tuple[str, ...] = ()


LOCAL: Final = Host()


class Namespaces:
    """
    Hosts on a bridge, each in a namespace of its own; they exist within a ``with`` statement.

    :param count: how many.
    :param rate: what each can send, as tc(8) takes it; what it receives is not limited.
    :ivar hub: one without a limit, where the bridge is.
    :ivar hosts: the others.
    """

    def __init__(self, count: int, rate: str) -> None:
        # Names differ from those of other runs, even killed ones.
        name = f"p2pb{os.getpid()}-{next(_numbers)}"
        self._rate = rate
        self._names = [f"{name}-{number}" for number in range(count + 1)]
        self.hub, *self.hosts = map(_host, self._names, range(1, count + 2))

    def __enter__(self) -> "Namespaces":
        try:
            self._make()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._remove()

    def _make(self) -> None:
        for name in self._names:
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        hub, *names = self._names
        _ip("-n", hub, "link", "add", "bridge", "type", "bridge")
        _ip("-n", hub, "link", "set", "bridge", "up")
        _ip("-n", hub, "addr", "add", f"{self.hub.address}/24", "dev", "bridge")
        for name, host in zip(names, self.hosts, strict=True):
            port = name.removeprefix("p2pb")
            ends = ("link", "add", port, "type", "veth", "peer", "name", _INTERFACE, "netns", name)
            _ip("-n", hub, *ends)
            _ip("-n", hub, "link", "set", port, "master", "bridge", "up")
            _ip("-n", name, "addr", "add", f"{host.address}/24", "dev", _INTERFACE)
            _ip("-n", name, "link", "set", _INTERFACE, "up")
            shape = ("root", "tbf", "rate", self._rate, *_SHAPE)
            _run("tc", "-n", name, "qdisc", "add", "dev", _INTERFACE, *shape)

    def _remove(self) -> None:
        for name in self._names:
            if Path("/run/netns", name).exists():
                _ip("netns", "delete", name)


def why_no_namespaces() -> str | None:
    """Return why namespaces cannot be used here; ``None`` if they can."""
    if os.geteuid():
        return "only root can make network namespaces"
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "ip and tc are missing (apt install iproute2)"
    return None


def received_bytes(pid: int) -> int:
    """Return how many bytes the network interface of a process's host has received."""
    for line in Path(f"/proc/{pid}/net/dev").read_text().splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == _INTERFACE:
            return int(counts.split()[0])
    raise LookupError(_INTERFACE)


def connections_dialed(pid: int) -> int:
    """Return how many TCP connections were dialed so far at the host of a process."""
    head, counts = (
        line.split()
        for line in Path(f"/proc/{pid}/net/snmp").read_text().splitlines()
        if line.startswith("Tcp:")
    )
    return int(counts[head.index("ActiveOpens")])


def _host(name: str, number: int) -> Host:
    return Host(f"{_NETWORK}.{number}", ("ip", "netns", "exec", name))


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
