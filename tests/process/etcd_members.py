"""Real members of etcd, on free ports of loopback, with what they keep in a scratch folder."""

import json
import os
import shutil
from base64 import b64decode, b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from tests.process.commands import run
from tests.process.daemons import PATIENCE, Daemon, free_ports, wait_until

NEEDS_ETCD: Final = pytest.mark.skipif(
    shutil.which("etcd") is None, reason="apt-get install etcd-server to try registries on it"
)

_RANGE: Final = {"key": b"/", "range_end": b"0"}


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
        if number in self._daemons:
            self._daemons[number].end()
        outer = f"{self._scheme}://127.0.0.1:{self.ports[number]}"
        inner = f"http://127.0.0.1:{self._inner[number]}"
        self._daemons[number] = Daemon(
            *self._membership(number),
            f"--listen-client-urls={outer}",
            f"--advertise-client-urls={outer}",
            f"--listen-peer-urls={inner}",
            f"--listen-metrics-urls=http://127.0.0.1:{self._health[number]}",
            *self._options,
            cwd=self._folder,
            command=str(shutil.which("etcd")),
        )

    def _membership(self, number: int) -> tuple[str, ...]:
        """Say who a member is, and who the others are."""
        cluster = [f"m{each}=http://127.0.0.1:{port}" for each, port in enumerate(self._inner)]
        return (
            f"--name=m{number}",
            f"--data-dir={self._folder}/m{number}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{self._inner[number]}",
            f"--initial-cluster={','.join(cluster)}",
        )

    def back_up(self) -> None:
        """Keep all that there is now."""
        self._etcdctl("save", "backup", f"--endpoints=127.0.0.1:{self.ports[0]}")

    def restore(self) -> None:
        """Have all members go on from what was kept, as if nothing had happened since."""
        for number in range(len(self.ports)):
            self._daemons[number].kill()
            shutil.rmtree(self._folder / f"m{number}")
            self._etcdctl("restore", "backup", *self._membership(number))
        for number in range(len(self.ports)):
            self.start(number)
        for number in range(len(self.ports)):
            self.wait_healthy(number)

    def wait_for_notes(self) -> None:
        """Wait until each registry knows of something that it has written since now."""
        before = self._written()
        # Of the last and the one before it, they may not have heard yet that they are kept.
        wait_until(
            lambda: all(self._written()[key] >= count + 3 for key, count in before.items()),
            "each registry has left three notes",
        )

    def _written(self) -> dict[str, int]:
        """Count how often each registry's note was written."""
        begin = b"p2p_twisted/default/v1/registries"
        question = {key: b64encode(begin + end).decode() for key, end in _RANGE.items()}
        found = self._ask(self.ports[0], "kv/range", question)["kvs"]
        return {kv["key"]: int(kv["version"]) for kv in found}

    def _etcdctl(self, *words: str) -> None:
        command = [str(shutil.which("etcdctl")), "snapshot", *words]
        run(command, cwd=self._folder, env={**os.environ, "ETCDCTL_API": "3"}).check_returncode()

    def write_more(self, count: int) -> None:
        """Write something that is no registry's, again and again."""
        written = {key: b64encode(b"other").decode() for key in ("key", "value")}
        for _ in range(count):
            self._ask(self.ports[0], "kv/put", written)

    def leader(self) -> int:
        """Return which member leads."""
        for number, port in enumerate(self.ports):
            status = self._ask(port, "maintenance/status", {})
            if status["leader"] == status["header"]["member_id"]:
                return number
        raise AssertionError("there is no leader")

    def registered(self) -> dict[str, Any]:
        """Read the registrations of the network ``default``, by name."""
        begin = b"p2p_twisted/default/v1/peers"
        question = {key: b64encode(begin + end).decode() for key, end in _RANGE.items()}
        for number, port in enumerate(self.ports):
            if self._daemons[number].is_running:
                found = self._ask(port, "kv/range", question).get("kvs", [])
                return {
                    b64decode(kv["key"]).decode().rpartition("/")[2]: json.loads(
                        b64decode(kv["value"])
                    )
                    for kv in found
                }
        raise AssertionError("no member runs")

    def kept(self) -> list[str]:
        """List all keys."""
        everything = {"key": b64encode(b"\0").decode(), "range_end": b64encode(b"\0").decode()}
        found = self._ask(self.ports[0], "kv/range", {**everything, "keys_only": True})["kvs"]
        return [b64decode(kv["key"]).decode() for kv in found]

    def _ask(self, port: int, what: str, question: Any) -> Any:
        asked = Request(f"http://127.0.0.1:{port}/v3/{what}", json.dumps(question).encode())
        with urlopen(asked, timeout=PATIENCE) as answer:
            return json.load(answer)

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
