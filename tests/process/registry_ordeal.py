"""
Three members of etcd, three registries and many real peers on machines of their own, of which one
or the other is always lost, cut off or started again.

    python -m tests.process.registry_ordeal --peers 60 --seconds 600 --seed 1

It needs root and etcd, and tells at the end what was wrong, and how long newcomers have waited.
"""

import json
import shutil
import sys
import time
from argparse import ArgumentParser
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, Final

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, scratch_folder, wait_until
from tests.process.machines import Lan, Machine
from tests.process.networks import Peer

_LIVES: Final = 10
_ON_MACHINE: Final = 20
_IN_SECONDS: Final = 5.0
_POOL: Final = "--ports=9000-9399"
_ASK: Final = """
import sys, urllib.request
asked = urllib.request.Request(sys.argv[1], sys.argv[2].encode())
print(urllib.request.urlopen(asked, timeout=2).read().decode())
"""
_KEYS: Final = {"key": "cDJwX3R3aXN0ZWQvZGVmYXVsdC92MS9wZWVycy8=", "keys_only": True} | {
    "range_end": "cDJwX3R3aXN0ZWQvZGVmYXVsdC92MS9wZWVyczA="
}
"""All of p2p_twisted/default/v1/peers/."""


class Ordeal:
    """
    The machines, and what befalls them.

    :param told: is given a line for each.
    :ivar wrong: what should not have happened.
    """

    def __init__(
        self, case: SynchronousTestCase, peers: int, seed: int, told: Callable[[str], object]
    ) -> None:
        self._told = told
        self._rng = Random(seed)
        self._began = time.monotonic()
        self._lan = Lan(case, scratch_folder(case))
        self._homes = [self._lan.machine(f"m{n}", f"10.77.0.{n}") for n in (1, 2, 3)]
        more = range(1, 2 + (peers - 1) // _ON_MACHINE)
        self._machines = [self._lan.machine(f"p{n}", f"10.77.0.{10 + n}") for n in more]
        self._places = ",".join(f"{home.host}:9011" for home in self._homes)
        self._etcd: dict[int, Daemon] = {}
        self._registries: dict[int, Daemon] = {}
        self._cut: set[int] = set()
        self._later: list[tuple[float, Callable[[], None]]] = []
        # Since when at least one registry and a majority of etcd are there; or not.
        self._able_since: float | None = None
        self._spans: list[tuple[float, float]] = []
        self._names = 0
        self._peers: dict[str, Peer] = {}
        self.wrong: list[str] = []
        self.waits: list[float] = []
        for number in range(3):
            self._start_member(number)
        wait_until(lambda: self._leader() is not None, "etcd has a leader", 3 * PATIENCE)
        for number in range(3):
            self._start_registry(number)
        for registry in self._registries.values():
            registry.wait_ready(3 * PATIENCE)
        for _ in range(peers):
            self._come()
        for peer in self._peers.values():
            peer.wait_ready(10 * PATIENCE)
        lives = ("-m", "tests.process.short_lives_alone", str(seed), str(_LIVES), self._places)
        self._lives = self._machines[-1].start_other(sys.executable, *lives)
        self._lives.wait_for_log("ready", 3 * PATIENCE)

    def run(self, seconds: float) -> None:
        """Have things happen for so long, mend all, and look."""
        kinds = (
            (self._kill_member, 3),
            (self._kill_leader, 3),
            (partial(self._kill_registries, 1), 4),
            (partial(self._kill_registries, 2), 2),
            (partial(self._kill_registries, 3), 1),
            (partial(self._cut_off, min(60.0, seconds / 3)), 2),
            (self._come, 4),
            (self._leave, 4),
        )
        strikes, weights = zip(*kinds, strict=True)
        self._note_ability()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._wait(self._rng.uniform(1.0, 6.0))
            self._rng.choices(strikes, weights)[0]()
            self._note_ability()
        while self._later:
            self._wait(1.0)
        self._note_ability()
        self._look()

    def _look(self) -> None:
        """See that all is as it should be."""
        peers = list(self._peers.values())
        for name, peer in self._peers.items():
            if not peer.is_running:
                self.wrong.append(f"{name} has left:\n{peer.log[-2000:]}")
        peers[0].wait_for_topology(*self._peers, seconds=10 * PATIENCE)
        said = self._end_lives()
        self.wrong += said["wrong"]
        for began, ended in said["waits"]:
            if any(since <= began and ended <= until for since, until in self._spans):
                self.waits.append(ended - began)
        wait_until(lambda: set(self._peers) <= self._registered(), "all are registered", 90.0)
        self._told(
            f"{len(self._peers)} peers are in; {said['given']} short lives; newcomers who could be"
            f" in waited {max(self.waits, default=0.0):.1f} s at most"
        )

    def _end_lives(self) -> Any:
        assert self._lives.process.stdin is not None
        self._lives.process.stdin.close()
        self._lives.wait(PATIENCE)
        return json.loads(self._lives.log.splitlines()[-1])

    # What befalls them

    def _start_member(self, number: int) -> None:
        host = self._homes[number].host
        cluster = (f"m{n}=http://{home.host}:2380" for n, home in enumerate(self._homes))
        self._etcd[number] = self._homes[number].start_other(
            str(shutil.which("etcd")),
            f"--name=m{number}",
            f"--data-dir={self._lan.directory}/etcd{number}",
            f"--listen-client-urls=http://{host}:2379",
            f"--advertise-client-urls=http://{host}:2379",
            f"--listen-peer-urls=http://{host}:2380",
            f"--initial-advertise-peer-urls=http://{host}:2380",
            f"--initial-cluster={','.join(cluster)}",
            "--auto-compaction-mode=revision",
            "--auto-compaction-retention=200",
        )

    def _start_registry(self, number: int) -> None:
        home = self._homes[number]
        listen = f"tcp:9011:interface={home.host}"
        store = "etcd://" + ",".join(home.host for home in self._homes)
        options = ("--listen", listen, "--insecure-lan", "--store", store, _POOL)
        self._registries[number] = home.start("p2pmeta", *options)

    def _kill_member(self) -> None:
        # Two of three must be there to decide, or nothing would go on.
        if all(each.is_running for each in self._etcd.values()) and not self._cut:
            self._kill(self._etcd, self._rng.randrange(3), self._start_member, "etcd's member")

    def _kill_leader(self) -> None:
        leader, are_all_there = self._leader(), all(each.is_running for each in self._etcd.values())
        if leader is not None and are_all_there and not self._cut:
            self._kill(self._etcd, leader, self._start_member, "etcd's leader")

    def _kill_registries(self, count: int) -> None:
        for number in self._rng.sample(range(3), count):
            if self._registries[number].is_running:
                self._kill(self._registries, number, self._start_registry, "registry")

    def _kill(
        self, of: dict[int, Daemon], number: int, start: Callable[[int], None], what: str
    ) -> None:
        self._note(f"kill -9 {what} {number}")
        of[number].kill()
        self._do_later(self._rng.uniform(2.0, 15.0), partial(start, number))

    def _cut_off(self, seconds: float) -> None:
        if self._cut or not all(each.is_running for each in self._etcd.values()):
            return
        number = self._rng.randrange(3)
        self._note(f"cut off machine {number} for {seconds:.0f} s")
        self._homes[number].cut_off()
        self._cut.add(number)

        def connect_again() -> None:
            self._note(f"connect machine {number} again")
            self._homes[number].connect_again()
            self._cut.remove(number)

        self._do_later(seconds, connect_again)

    def _come(self) -> None:
        self._names += 1
        name = f"s{self._names}"
        machine = self._machines[self._names % len(self._machines)]
        where = ("--registry", self._places, "--interface", machine.host, "--insecure-lan")
        self._note(f"{name} comes")
        self._peers[name] = machine.start("p2ppeer", "--name", name, *where)

    def _leave(self) -> None:
        name = self._rng.choice(list(self._peers))
        self._note(f"{name} leaves")
        self._peers.pop(name).stop(3 * PATIENCE)

    # What is needed for that

    def _do_later(self, seconds: float, what: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, what))

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            due = [each for each in self._later if each[0] <= now]
            for each in due:
                self._later.remove(each)
                each[1]()
            self._note_ability()
            time.sleep(0.05)

    def _note_ability(self) -> None:
        """Remember when a registry that can be reached reached a majority of etcd."""
        now = time.monotonic()
        there = [number for number in range(3) if number not in self._cut]
        members = [number for number in there if self._etcd[number].is_running]
        registries = [number for number in there if self._registries[number].is_running]
        is_able = len(members) > 1 and bool(registries)
        if is_able and self._able_since is None:
            self._able_since = now
        if self._able_since is not None and not is_able:
            self._spans.append((self._able_since, now))
            self._able_since = None

    def _leader(self) -> int | None:
        for number, member in self._etcd.items():
            if member.is_running and number not in self._cut:
                status = self._ask(number, "maintenance/status", {})
                if status.get("leader", "0") == status.get("header", {}).get("member_id"):
                    return number
        return None

    def _registered(self) -> set[str]:
        kvs = self._ask(0, "kv/range", _KEYS).get("kvs", [])
        return {b64decode(kv["key"]).decode().rpartition("/")[2] for kv in kvs}

    def _ask(self, number: int, what: str, question: Any) -> Any:
        home: Machine = self._homes[number]
        url = f"http://{home.host}:2379/v3/{what}"
        ran = home.run(sys.executable, "-c", _ASK, url, json.dumps(question))
        return json.loads(ran.stdout) if ran.returncode == 0 else {}

    def _note(self, what: str) -> None:
        self._told(f"{time.monotonic() - self._began:8.1f} {what}")


def main() -> None:
    """Run one ordeal, and tell what happens."""
    parser = ArgumentParser(prog="python -m tests.process.registry_ordeal")
    parser.add_argument("--peers", type=int, default=60, help="how many; default: 60")
    parser.add_argument("--seconds", type=float, default=600.0, help="default: 600")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    options = parser.parse_args()
    case = SynchronousTestCase()
    try:
        ordeal = Ordeal(case, options.peers, options.seed, say)
        ordeal.run(options.seconds)
    finally:
        case.doCleanups()
    late = [wait for wait in ordeal.waits if wait > _IN_SECONDS]
    say("\n".join((*ordeal.wrong, f"{len(late)} of {len(ordeal.waits)} waited longer than 5 s")))
    sys.exit(bool(ordeal.wrong or late))


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
