"""Real members of etcd, on free ports of loopback, with what they keep in a scratch folder."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.request import urlopen

import pytest

from tests.process.daemons import PATIENCE, Daemon, free_ports, wait_until

NEEDS_ETCD: Final = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="apt-get install etcd-server to try registries on it"
)


class EtcdMembers:
    """
    A cluster of etcd, until :meth:`end`.

    :param count: how many members it has.
    :param options: of each.
    :param scheme: ``https`` where these have its certificate.
    :ivar ports: where each answers.
    """

    def __init__(self, count: int = 1, *options: str, scheme: str = "http") -> None:
        self._options, self._scheme = options, scheme
        self._scratch = TemporaryDirectory(prefix="p2p-test-")
        self._folder = Path(self._scratch.name)
        ports = free_ports(3 * count)
        self.ports, self._inner = ports[:count], ports[count : 2 * count]
        self._health = ports[2 * count :]
        self._daemons: dict[int, Daemon] = {}
        try:
            for number in range(count):
                self.start(number)
            for number in range(count):
                self.wait_healthy(number)
        except BaseException:
            self.end()
            raise

    @property
    def store(self) -> str:
        """What a registry is told as its store."""
        return "etcd://" + ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def start(self, number: int) -> None:
        """Start one member, perhaps again."""
        outer = f"{self._scheme}://127.0.0.1:{self.ports[number]}"
        inner = f"http://127.0.0.1:{self._inner[number]}"
        cluster = (f"m{each}=http://127.0.0.1:{port}" for each, port in enumerate(self._inner))
        self._daemons[number] = Daemon(
            f"--name=m{number}",
            f"--data-dir={self._folder}/m{number}",
            f"--listen-client-urls={outer}",
            f"--advertise-client-urls={outer}",
            f"--listen-peer-urls={inner}",
            f"--initial-advertise-peer-urls={inner}",
            f"--initial-cluster={','.join(cluster)}",
            f"--listen-metrics-urls=http://127.0.0.1:{self._health[number]}",
            *self._options,
            cwd=self._folder,
            command=str(shutil.which("etcd")),
        )

    def kill(self, number: int) -> None:
        """End one member with ``kill -9``."""
        self._daemons[number].kill()

    def wait_healthy(self, number: int) -> None:
        """Wait until a member knows a leader, and answers."""

        def is_healthy() -> bool:
            try:
                place = f"http://127.0.0.1:{self._health[number]}/health"
                with urlopen(place, timeout=2) as answer:
                    return bool(json.load(answer)["health"] == "true")
            except (OSError, ValueError):
                return False

        wait_until(is_healthy, f"etcd's member {number} is healthy", 3 * PATIENCE)

    def end(self) -> None:
        """End all members."""
        for daemon in self._daemons.values():
            daemon.kill()
            daemon.end()
        self._scratch.cleanup()
