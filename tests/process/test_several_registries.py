"""Several registries on one etcd, of which each may be killed, and so may etcd's members."""

import asyncio
import signal
import subprocess
import time
from itertools import count
from typing import Any

import attrs
import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.limits import RESERVATION_SECONDS
from p2p_twisted.wire.codec import decode, encode
from p2p_twisted.wire.messages import Join, Welcome
from tests.process.daemons import Daemon, free_ports, scratch_folder, script, wait_until
from tests.process.etcd_members import NEEDS_ETCD, EtcdMembers
from tests.process.networks import Peer

_AT_ONCE = 24
_JOINS = 500
_PATIENCE = 300.0
_RESTORED_SECONDS = 20.0
_OTHERS_WRITE = 200


@attrs.frozen
class Acknowledged:
    """A place that was given, when it was asked for and when that was heard."""

    asked: float
    heard: float
    welcome: Welcome


@NEEDS_ETCD
@pytest.mark.slow
class SeveralRegistriesTests(SynchronousTestCase):
    """Registries on ports of their own."""

    def setUp(self) -> None:
        self.directory = scratch_folder(self)
        self.ports = free_ports(2)
        self.registries: dict[int, Daemon] = {}

    def start_etcd(self, count: int) -> EtcdMembers:
        """Start some members."""
        members = EtcdMembers(count)
        self.addCleanup(members.end)
        return members

    def start_registry(self, number: int, members: EtcdMembers, *options: str) -> Daemon:
        """Start a registry, perhaps again."""
        listen = f"tcp:{self.ports[number]}:interface=127.0.0.1"
        where = ("--listen", listen, "--store", members.store)
        registry = Daemon("-n", "p2pmeta", *where, *options, cwd=self.directory)
        self.addCleanup(registry.end)
        self.registries[number] = registry.wait_ready()
        return registry

    def start_peer(self, name: str) -> Peer:
        """Start a peer that knows both registries."""
        places = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        command = ("-n", "p2ppeer", "--name", name, "--registry", places)
        peer = Peer(*command, cwd=self.directory, stdin=subprocess.PIPE)
        self.addCleanup(peer.end)
        return peer

    def test_peers(self) -> None:
        """Peers go on, and newcomers get in, as long as one registry runs; none is forgotten."""
        members = self.start_etcd(1)
        ports = free_ports(4)
        pool = f"--ports={ports[0]}-{ports[-1]}"
        for number in range(2):
            self.start_registry(number, members, pool)
        peers = [self.start_peer(name).wait_ready() for name in ("s1", "s2")]
        self.registries[0].kill()
        peers.append(self.start_peer("s3").wait_ready())
        self.registries[1].kill()
        again = self.start_registry(0, members, pool)
        again.wait_for_log("3 peers are known from before")
        peers.append(self.start_peer("s4").wait_ready())
        peers[0].wait_for_topology("s1", "s2", "s3", "s4")
        self.assertEqual(members.registered().keys(), {"s1", "s2", "s3", "s4"})

    def test_restored(self) -> None:
        """
        Where etcd is restored from a backup, who came later registers again; both serve on.

        Others write more in it, before the registries ask, than it has lost.
        """
        members = self.start_etcd(1)
        ports = free_ports(4)
        pool = f"--ports={ports[0]}-{ports[-1]}"
        for number in range(2):
            self.start_registry(number, members, pool)
        self.start_peer("s1").wait_ready()
        members.back_up()
        self.start_peer("s2").wait_ready()
        members.wait_for_notes()
        for registry in self.registries.values():
            registry.send_signal(signal.SIGSTOP)
        members.restore()
        members.write_more(_OTHERS_WRITE)
        for registry in self.registries.values():
            registry.send_signal(signal.SIGCONT)
            registry.wait_for_log("etcd was restored from an older copy", _RESTORED_SECONDS)
        self.start_peer("s3").wait_ready()
        wait_until(lambda: "s2" in members.registered(), "s2 has registered again", 90.0)
        self.registries[0].kill()
        self.start_peer("s4").wait_ready()
        self.assertEqual(members.registered().keys(), {"s1", "s2", "s3", "s4"})

    def test_copy(self) -> None:
        """What was in a file is in etcd, and peers that were registered there go on with it."""
        members = self.start_etcd(1)
        ports = free_ports(2)
        listen = f"tcp:{self.ports[0]}:interface=127.0.0.1"
        pool = f"--ports={ports[0]}-{ports[-1]}"
        before = Daemon("-n", "p2pmeta", "--listen", listen, pool, cwd=self.directory)
        self.addCleanup(before.end)
        before.wait_ready()
        self.start_peer("s1").wait_ready()
        command = ["registry", "copy", "--from=sqlite:p2pmeta.db", f"--to={members.store}"]
        taken = self.run_p2p(*command)
        self.assertEqual(
            (taken.returncode, "p2pmeta.db: stop that registry" in taken.stderr), (9, True)
        )
        before.kill()
        copied = self.run_p2p(*command)
        said = "copied 1 registration, 0 were there before\n"
        self.assertEqual((copied.stdout, copied.returncode), (said, 0))
        said = "copied 0 registrations, 1 were there before\n"
        self.assertEqual(self.run_p2p(*command).stdout, said)
        self.start_registry(0, members, pool).wait_for_log("1 peers are known from before")

    def run_p2p(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run ``p2p`` to its end."""
        return subprocess.run(
            [script("p2p"), *words],
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )

    def test_drill(self) -> None:
        """
        The leader of three members is killed, then a registry, while many want the same names.

        No name and no port is given twice, and what was acknowledged is kept.
        """
        self.members = self.start_etcd(3)
        for number in range(2):
            self.start_registry(number, self.members, "--ports=20000-29999")
        self.given: list[Acknowledged] = []
        asyncio.run(asyncio.wait_for(self.join_all(), _PATIENCE))
        for given in self.given:
            for later in self.given:
                if later is not given and later.heard < given.asked + RESERVATION_SECONDS:
                    mine, other = given.welcome, later.welcome
                    self.assertNotEqual(mine.name, other.name)
                    self.assertNotEqual(mine.port, other.port)
        kept = self.members.registered()
        read = time.monotonic()
        lasting = [each for each in self.given if each.asked > read - RESERVATION_SECONDS]
        lost = [each for each in lasting if not self.is_kept(each.welcome, kept)]
        self.assertEqual(lost, [])
        self.assertNotEqual(lasting, [])

    def is_kept(self, welcome: Welcome, kept: Any) -> bool:
        """Return whether etcd has what a peer was told."""
        held = kept.get(welcome.name)
        return bool(held) and (held["port"], held["token"]) == (welcome.port, welcome.token)

    async def join_all(self) -> None:
        """Have peers join at both registries, and meanwhile kill what is to be killed."""
        numbers = count()

        async def some(registry: int) -> None:
            while len(self.given) < _JOINS:
                # Both want each name, and all of them the first free port.
                name = f"p{next(numbers) // 2}"
                asked = time.monotonic()
                try:
                    welcome = await self.join(registry, name)
                except (OSError, EOFError):
                    # Killed: it will be back.
                    await asyncio.sleep(0.05)
                    continue
                if isinstance(welcome, Welcome):
                    self.given.append(Acknowledged(asked, time.monotonic(), welcome))
                elif welcome.code == "later":
                    await asyncio.sleep(0.05)

        async def meanwhile() -> None:
            await self.until(_JOINS // 4)
            leader = self.members.leader()
            self.members.kill(leader)
            await self.until(_JOINS // 2)
            self.registries[0].kill()
            await asyncio.to_thread(self.start_registry, 0, self.members, "--ports=20000-29999")
            self.members.start(leader)

        await asyncio.gather(meanwhile(), *(some(number % 2) for number in range(_AT_ONCE)))

    async def until(self, given: int) -> None:
        """Wait until so many places have been given."""
        while len(self.given) < given:
            await asyncio.sleep(0.01)

    async def join(self, registry: int, name: str) -> Any:
        """Have one peer join; returns the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[registry])
        try:
            await reader.readuntil(b"\n")
            writer.write(encode(Join(name)))
            return decode(await reader.readuntil(b"\n"))
        finally:
            writer.close()
