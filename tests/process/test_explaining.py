"""What limits downloads of real processes, in cases that are staged; the truth is known in each."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.lab.delay import Distance
from benchmarks.lab.hosts import FarApart, why_no_namespaces
from p2p_twisted.wire.limits import MIB
from tests.process.commands import run
from tests.process.daemons import scratch_folder, script, wait_until
from tests.process.machines import Lan, Machine
from tests.process.networks import Network, Peer, use_own_runtime_folder
from tests.process.test_abuse_power import run as run_as_root

_LIMITED_SECONDS = 60.0
_HOGS = 6
_DISK_BYTES = 256 * MIB


class ExplainedCase(SynchronousTestCase):
    """Somebody asks cleo why what comes from ben comes as it does."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)

    def explained(self, *causes: str, peer: str | None = None) -> dict[str, Any]:
        """Wait until cleo says that one of these limits it; return all that it says then."""
        told: dict[str, Any] = {}

        def is_told() -> bool:
            said = run([script("p2p"), "--peer", "cleo", "explain", "--json"], Path.cwd())
            told.update(json.loads(said.stdout))
            return "diagnosis" in told and told["diagnosis"]["cause"] in causes

        try:
            wait_until(is_told, " or ".join(causes), _LIMITED_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; at last: {told}") from None
        self.assertEqual(told["diagnosis"]["peer"], peer, told)
        return told


@pytest.mark.slow
class LocalTests(ExplainedCase):
    """ben and cleo on one machine."""

    def start(self, size: int, *holder: str, requester: tuple[str, ...] = ()) -> None:
        """Start both, with a film that ben has."""
        self.network = Network(self, ports=2)
        self.network.write("ben/film", os.urandom(size))
        self.network.start_registry()
        self.ben = self.network.start_peer("ben", *holder)
        self.cleo = self.network.start_peer("cleo", *requester)
        for peer in (self.ben, self.cleo):
            peer.wait_ready()
        self.ben.wait_until_shared(1)
        self.cleo.wait_for_topology("ben", "cleo")

    def test_own_limit(self) -> None:
        """Cleo receives no more than it may."""
        self.start(64 * MIB, requester=("--max-down", "2M"))
        self.cleo.type("get film")
        told = self.explained("own_limit")
        self.assertIn("--max-down of 2.0 MiB/s limits it", told["diagnosis"]["sentence"])

    def test_holder_limit(self) -> None:
        """Ben sends no more than it may; the console and --json say the same."""
        self.start(64 * MIB, "--max-up", "2M")
        # The console of a script does one thing after the other.
        begun = run([script("p2p"), "--peer", "cleo", "get", "film", "--detach"], Path.cwd())
        self.assertEqual(begun.returncode, 0, begun.stderr)
        told = self.explained("holder_limit", peer="ben")
        self.assertTrue(told["diagnosis"]["is_said"])
        self.assertEqual(told["holders"][0]["held"]["limit"], 2 * MIB)
        sentence = "film: the --max-up of 2.0 MiB/s of ben limits it, as ben says"
        self.assertIn("asked ben", self.cleo.answer("explain film", f"1  {sentence}"))

    def test_nobody(self) -> None:
        """Ben is killed."""
        self.start(64 * MIB, "--max-up", "2M")
        self.cleo.type("get film")
        self.explained("holder_limit", peer="ben")
        self.ben.send_signal(signal.SIGKILL)
        # Until the registry and the other peers have noticed, it is a holder that is silent.
        self.explained("nobody", "alone")

    def test_own_processor(self) -> None:
        """The core that cleo receives on does much else."""
        self.start(128 * MIB)
        core = min(os.sched_getaffinity(0))
        # Of a process, its first thread alone.
        os.sched_setaffinity(self.cleo.process.pid, {core})
        for _ in range(_HOGS):
            # A session of its own: Linux shares a core between sessions before processes.
            hog = subprocess.Popen(
                [sys.executable, "-c", "print(flush=True)\nwhile True: pass"],
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            assert hog.stdout is not None
            self.addCleanup(hog.stdout.close)
            self.addCleanup(hog.wait)
            self.addCleanup(hog.kill)
            os.sched_setaffinity(hog.pid, {core})
            # A quick machine would have the file before it has begun.
            hog.stdout.readline()
        self.cleo.type("get film")
        self.cleo.wait_for_log("saved film", _LIMITED_SECONDS)
        told = self.explained("own_processor")
        self.assertTrue(told["is_ended"])

    def test_own_disk(self) -> None:
        """Cleo's disk stands still."""
        scratch = scratch_folder(self)
        image, disk = scratch / "image", scratch / "disk"
        disk.mkdir()
        with image.open("wb") as file:
            file.truncate(_DISK_BYTES)
        run_as_root("mkfs.ext4", "-q", str(image))
        run_as_root("mount", "-o", "loop", str(image), str(disk))
        self.addCleanup(subprocess.run, ["umount", "-l", str(disk)], check=True)
        self.start(128 * MIB, requester=(f"--downloads={disk}", "--max-down", "16M"))
        self.cleo.type("get film")
        wait_until(lambda: any(disk.glob(".p2p-*.part")), "the beginning")
        run_as_root("fsfreeze", "-f", str(disk))
        try:
            told = self.explained("own_disk")
        finally:
            run_as_root("fsfreeze", "-u", str(disk))
        self.assertIn("this peer's disk limits it", told["diagnosis"]["sentence"])
        self.cleo.wait_for_log("saved film", _LIMITED_SECONDS)


@pytest.mark.slow
class MachinesTests(ExplainedCase):
    """ben and cleo on machines of their own, which let nobody in; anna on one that does."""

    def start(self, relay: str) -> Peer:
        """Start all of them, and have cleo begin."""
        directory = scratch_folder(self)
        lan = Lan(self, directory)
        (directory / "ben").mkdir()
        (directory / "ben" / "film").write_bytes(os.urandom(48 * MIB))
        registry = lan.machine("registry", "10.77.0.10")
        hosts = {"anna": "10.77.0.23", "ben": "10.77.0.24", "cleo": "10.77.0.25"}
        machines = {name: lan.machine(name, host) for name, host in hosts.items()}
        registry.start_registry()
        for name in ("ben", "cleo"):
            machines[name].close_ports()
        peers = {
            name: machine.start_peer(name, registry, f"--relay={relay}")
            for name, machine in machines.items()
        }
        peers["cleo"].wait_for_topology("anna", "ben", "cleo")
        peers["ben"].wait_until_shared(1)
        peers["cleo"].type("get film")
        return peers["cleo"]

    def test_firewall(self) -> None:
        """Nobody joins the two."""
        self.start("off")
        told = self.explained("firewall", peer="ben")
        self.assertIn("ben (10.77.0.24:9000)", told["diagnosis"]["sentence"])

    def test_relay(self) -> None:
        """Anna does, as fast as it is told to."""
        self.start("2M")
        told = self.explained("relay", peer="anna")
        self.assertEqual(told["holders"][0]["how"], "through anna")


@pytest.mark.slow
class FarTests(ExplainedCase):
    """ben and cleo far from each other, where some packets are lost on the way."""

    def test_way(self) -> None:
        """One TCP connection gives no more; its round trip and what is lost are told."""
        if (reason := why_no_namespaces()) is not None:
            pytest.skip(reason)
        there = FarApart(2, Distance(rate=12.5e6, delay=0.045, loss=0.005))
        there.__enter__()
        self.addCleanup(there.__exit__, None, None, None)
        directory = scratch_folder(self)
        (directory / "ben").mkdir()
        (directory / "ben" / "film").write_bytes(os.urandom(48 * MIB))
        hub, ben, cleo = (
            Machine(self, directory, host.prefix[-1], host.address)
            for host in (there.hub, *there.hosts)
        )
        hub.start_registry()
        holder, peer = ben.start_peer("ben", hub), cleo.start_peer("cleo", hub)
        peer.wait_for_topology("ben", "cleo")
        holder.wait_until_shared(1)
        peer.type("get film")
        told = self.explained("way", peer="ben")
        self.assertGreater(told["holders"][0]["round_trip"], 0.08)
        self.assertGreater(told["holders"][0]["held"]["lost"], 0.001)
        self.assertIn("% of what ben sends is lost", told["diagnosis"]["sentence"])
