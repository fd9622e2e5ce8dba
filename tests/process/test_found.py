"""Registries that are found on a network, by peers that are told no address."""

import os
import re
import sys
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.exit_status import Exit
from tests.process.daemons import PATIENCE, scratch_folder, script, wait_until
from tests.process.machines import Lan, Machine
from tests.process.networks import Peer
from tests.process.test_private import invite_of

FORGER = Path(__file__).with_name("beacon_forger.py")
_TRIES = 5
_FOUND = "found the registry of network default at 10.77.0.10:9011"
_MOVED_SECONDS = 900.0
"""What a member may take, whose first search has not heard it."""
_FLOOD_BYTES = 4 * 1024 * 1024
"""More than the memory of a daemon changes by itself in ten seconds."""


class FoundCase(SynchronousTestCase):
    """A registry's machine and those of two peers, on one bridge."""

    def setUp(self) -> None:
        self.directory = scratch_folder(self)
        lan = Lan(self, self.directory)
        self.registry_machine = lan.machine("registry", "10.77.0.10")
        self.anna_machine = lan.machine("anna", "10.77.0.23")
        self.ben_machine = lan.machine("ben", "10.77.0.24")

    def start_registry(self, *options: str) -> Peer:
        """Start a registry on the LAN; returns when it listens."""
        return self.registry_machine.start("p2pmeta", *options).wait_ready()

    def start(self, machine: Machine, name: str, *options: str) -> Peer:
        """Start a peer; returns at once."""
        return machine.start("p2ppeer", "--name", name, *options)

    def start_found(self, machine: Machine, name: str, found: str, *options: str) -> Peer:
        """
        Start a peer that finds its registry; returns when it is ready.

        On a machine that does too much else for three seconds, it is started once more.
        """
        for _ in range(_TRIES):
            peer = self.start(machine, name, *options)
            if is_found(peer, name, found):
                return peer.wait_ready(3 * PATIENCE)
            if peer.is_running:
                peer.stop()
        raise AssertionError(f"{found!r} was not said; the log:\n{peer.log}")

    def assert_refused(self, peer: Peer, code: int, *says: str) -> None:
        """Wait for the end of a peer that has not joined, and look at what it says."""
        self.assertEqual(peer.wait(), code, peer.log)
        for text in says:
            self.assertIn(text, peer.log)
        self.assertNotIn("joined as", peer.log)


@pytest.mark.slow
class OpenFoundTests(FoundCase):
    """In an open network."""

    def test_life(self) -> None:
        """Two peers find it, say so before they join, and again where they were."""
        registry = self.start_registry("--insecure-lan")
        anna = self.start_found(self.anna_machine, "anna", _FOUND, "--insecure-lan")
        ben = self.start_found(self.ben_machine, "ben", _FOUND, "--insecure-lan")
        ben.wait_for_topology("anna", "ben")
        for peer in (anna, ben):
            self.assertLess(peer.log.index(_FOUND), peer.log.index("joined as"))
        here = self.start_found(self.registry_machine, "carl", _FOUND, "--insecure-lan")
        self.assertIn("joined as carl@10.77.0.10:9000", here.log)
        (self.directory / "anna" / "f1.txt").write_bytes(b"f1")
        anna.wait_until_shared(1)
        get = (script("p2p"), "get", "f1", "--registry", "auto", "--insecure-lan", "--to")
        to = self.directory / "got"
        to.mkdir()
        wait_until(lambda: self.ben_machine.run(*get, str(to)).returncode == 0, "f1 is here")
        self.assertEqual((to / "f1.txt").read_bytes(), b"f1")
        registry.stop()
        ben.stop()
        forged = self.start(self.registry_machine, "forger", "--insecure-lan")
        self.assert_refused(forged, Exit.NO_NETWORK, "no registry was heard within 3 s")
        self.anna_machine.start("p2pmeta", "--insecure-lan").wait_ready()
        other = "10.77.0.10:9011 does not answer, but there is default at 10.77.0.23"
        again = self.start_found(self.ben_machine, "ben", other, "--insecure-lan")
        self.assertIn("listening as ben@", again.log)
        again.wait_for_topology("anna", "ben", "carl")

    def test_blocked(self) -> None:
        """Where multicast does not pass, a newcomer is told what to type, and comes in by it."""
        self.start_registry("--insecure-lan")
        self.anna_machine.drop_multicast()
        anna = self.start(self.anna_machine, "anna", "--insecure-lan")
        told = "no registry was heard within 3 s: say --registry HOST:PORT"
        self.assert_refused(anna, Exit.NO_NETWORK, told)
        typed = ("--registry", "10.77.0.10:9011", "--insecure-lan")
        self.start(self.anna_machine, "anna", *typed).wait_ready()

    def test_no_multicast(self) -> None:
        """A registry and a peer whose machine refuses to send any run, and say what to type."""
        rule = "nft add table inet wall && nft add chain inet wall output"
        rule += " '{ type filter hook output priority 0 ; }' && nft add rule inet wall output"
        rule += " ip daddr 224.0.0.0/4 reject"
        for machine in (self.registry_machine, self.anna_machine):
            self.assertEqual(machine.run("sh", "-c", rule).returncode, 0)
        self.start_registry("--insecure-lan")
        anna = self.start(self.anna_machine, "anna", "--insecure-lan")
        self.assert_refused(anna, Exit.NO_NETWORK, "say --registry HOST:PORT")
        typed = ("--registry", "10.77.0.10:9011", "--insecure-lan")
        self.start(self.anna_machine, "anna", *typed).wait_ready()

    def test_several(self) -> None:
        """Of several, also two on one machine, a newcomer is told; the named one is joined."""
        self.start_registry("--insecure-lan")
        other = ("--insecure-lan", "--network", "lab", "--store", "memory:")
        self.registry_machine.start("p2pmeta", "--listen", "tcp:9111", *other).wait_ready()
        found = "found the registry of network lab at 10.77.0.10:9111"
        self.start_found(self.anna_machine, "anna", found, "--insecure-lan", "--network", "lab")
        self.ben_machine.start("p2pmeta", *other).wait_ready()
        lab = ("--insecure-lan", "--network", "lab", "--directory", "x")
        Path(self.directory, "x").mkdir()
        carl = self.start(self.registry_machine, "carl", *lab, "--interface", "10.77.0.10")
        self.assert_refused(carl, Exit.USAGE, "2 registries of network lab were heard")


@pytest.mark.slow
class PrivateFoundTests(FoundCase):
    """In a private network."""

    def test_moved(self) -> None:
        """Its registry gets another address: an old invite, and a member, find it all the same."""
        registry = self.start_registry("--private")
        invite = invite_of(registry, "others")
        anna = self.start(self.anna_machine, "anna", "--join", invite).wait_ready()
        anna.stop()
        registry.stop()
        self.registry_machine.change_host("10.77.0.77")
        self.start_registry("--private")
        found = "found a registry of the invite's network at 10.77.0.77:9011"
        self.start_found(self.ben_machine, "ben", found, "--join", invite)
        found = "found the registry of the private network default at 10.77.0.77:9011"
        anna = self.start_found(self.anna_machine, "anna", found)
        anna.wait_for_topology("anna", "ben")

    def test_moved_meanwhile(self) -> None:
        """It gets another address while a member runs, which finds it, and goes on there."""
        registry = self.start_registry("--private")
        invite = invite_of(registry, "others")
        anna = self.start(self.anna_machine, "anna", "--join", invite).wait_ready()
        registry.stop()
        self.registry_machine.change_host("10.77.0.77")
        self.start_registry("--private")
        found = "found the registry of the private network default at 10.77.0.77:9011, no more at"
        wait_until(lambda: found in anna.log, found, _MOVED_SECONDS)
        ben = self.start(self.ben_machine, "ben", "--join", invite).wait_ready()
        ben.wait_for_topology("anna", "ben")


@pytest.mark.slow
class ForgedTests(FoundCase):
    """Somebody on the network says a thousand times a second that registries are here and there."""

    def flood(self) -> Peer:
        """Begin; it lasts until the test is over, or for as long as newcomers may take."""
        forger = self.ben_machine.start_program(sys.executable, str(FORGER), "10.77.0.24")
        forger.wait_for_log("forged 1\n")
        return forger

    def test_open(self) -> None:
        """Nothing is joined, nothing grows, and newcomers are told that they have to choose."""
        registry = self.start_registry("--insecure-lan")
        anna = self.start_found(self.anna_machine, "anna", _FOUND, "--insecure-lan")
        before = [resident_bytes(each) for each in (registry, anna)]
        forger = self.flood()
        lured = self.start(self.anna_machine, "lured", "--insecure-lan")
        self.assert_refused(lured, Exit.USAGE, "registries of network default were heard")
        forger.wait_for_log("forged 10000", 4 * PATIENCE)
        grown = [
            resident_bytes(each) - was for each, was in zip((registry, anna), before, strict=True)
        ]
        self.assertLess(max(grown), _FLOOD_BYTES)
        self.assertEqual(set(anna.topology()), {"anna"})
        self.assertEqual(
            set(re.findall(r"\w+@\S+ joined", registry.log)), {"anna@10.77.0.23:9000 joined"}
        )

    def test_private(self) -> None:
        """Of a private network all are still found, also by an old invite."""
        registry = self.start_registry("--private")
        invite = invite_of(registry, "others").partition("@")[0]
        self.flood()
        stale = f"{invite}@10.77.0.99:9011"
        found = "found a registry of the invite's network at"
        self.start_found(self.anna_machine, "anna", found, "--join", stale)


def is_found(peer: Peer, name: str, found: str) -> bool:
    """Wait until a peer has looked for its registry; return whether it has said what it found."""

    def has_looked() -> bool:
        return found in peer.log or f"this is {name};" in peer.log or not peer.is_running

    wait_until(has_looked, found)
    return found in peer.log


def resident_bytes(daemon: Peer) -> int:
    """Read how much memory a daemon takes."""
    pages = Path(f"/proc/{daemon.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
