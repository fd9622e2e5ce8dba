"""Run processes on loopback, or in network namespaces: with slow uplinks, or far apart."""

import itertools
import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

from attrs import frozen
from typing_extensions import override

from benchmarks import ROOT
from benchmarks.lab.delay import Distance

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


class Namespaces(ABC):
    """
    Hosts that are each in a namespace of its own; they exist within a ``with`` statement.

    :param count: how many.
    :ivar hub: one more, for what all of them need.
    :ivar hosts: the others.
    """

    def __init__(self, count: int) -> None:
        # Names differ from those of other runs, even killed ones.
        name = f"p2pb{os.getpid()}-{next(_numbers)}"
        self._names = [f"{name}-{number}" for number in range(count + 1)]
        self.hub, *self.hosts = map(_host, self._names, range(1, count + 2))

    def __enter__(self) -> "Namespaces":
        try:
            for name in self._names:
                _ip("netns", "add", name)
                _ip("-n", name, "link", "set", "lo", "up")
            self._connect()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._remove()

    @abstractmethod
    def _connect(self) -> None:
        """Lead from each namespace to the others."""

    def _remove(self) -> None:
        for name in self._names:
            if Path("/run/netns", name).exists():
                _ip("netns", "delete", name)


class Uplinks(Namespaces):
    """
    Hosts on a bridge, which is where the hub is.

    :param rate: what each but the hub can send, as tc(8) takes it; what it receives is not limited.
    """

    def __init__(self, count: int, rate: str) -> None:
        super().__init__(count)
        self._rate = rate

    @override
    def _connect(self) -> None:
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


class FarApart(Namespaces):
    """
    Hosts that are as far from each other, and from the hub.

    :param distance: what lies on the way to each of them, for all that comes there.
    :param congestion: the algorithm by which they avoid congestion; ``None`` is the system's.
    """

    def __init__(self, count: int, distance: Distance, congestion: str | None = None) -> None:
        super().__init__(count)
        self._distance = distance
        self._carrier: subprocess.Popen[bytes] | None = None
        self._settings = {"tcp_no_metrics_save": "1"}
        if congestion is not None:
            self._settings["tcp_congestion_control"] = congestion

    @override
    def _connect(self) -> None:
        hub, distance = self._names[0], self._distance
        places = {
            f"far{number}": (name, host)
            for number, (name, host) in enumerate(
                zip(self._names, [self.hub, *self.hosts], strict=True)
            )
        }
        self._carrier = subprocess.Popen(
            [
                *(*self.hub.prefix, sys.executable, "-m", "benchmarks.lab.delay"),
                *map(str, (distance.rate, distance.delay, distance.loss)),
                *(f"{device}={host.address}" for device, (_name, host) in places.items()),
            ],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self._carrier.stdout is not None
        self._carrier.stdout.readline()
        for device, (name, host) in places.items():
            if name != hub:
                _ip("-n", hub, "link", "set", device, "netns", name)
            _ip("-n", name, "link", "set", device, "name", _INTERFACE)
            _ip("-n", name, "addr", "add", f"{host.address}/24", "dev", _INTERFACE)
            _ip("-n", name, "link", "set", _INTERFACE, "up")
            for setting, value in self._settings.items():
                _run(*host.prefix, "sh", "-c", f"echo {value} > /proc/sys/net/ipv4/{setting}")

    @override
    def _remove(self) -> None:
        # First, so that no device is taken from it.
        if self._carrier is not None:
            self._carrier.kill()
            self._carrier.communicate()
        super()._remove()


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


def is_listening(pid: int, port: int) -> bool:
    """Return whether anybody at the host of a process listens on a TCP port of IPv4."""
    sockets = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    states = (line.split()[1:4:2] for line in sockets)
    return any(local.endswith(f":{port:04X}") and state == "0A" for local, state in states)


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
