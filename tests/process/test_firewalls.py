"""Machines that let nobody in."""

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.limits import MIB
from tests.process.contents import random_content
from tests.process.daemons import scratch_folder, wait_until
from tests.process.machines import Lan

_CONTENT = 1, 30 * MIB
SAID_SECONDS = 10.0
SAVED_SECONDS = 15.0
"""Both are what is promised; on a machine that does much else, some more may go by."""
_BUSY_SECONDS = 10.0


@pytest.mark.slow
class FirewallTests(SynchronousTestCase):
    """Three machines; what ben has, cleo wants."""

    def setUp(self) -> None:
        self.directory = scratch_folder(self)
        lan = Lan(self, self.directory)
        registry = lan.machine("registry", "10.77.0.10")
        hosts = {"anna": "10.77.0.23", "ben": "10.77.0.24", "cleo": "10.77.0.25"}
        self.machines = {name: lan.machine(name, host) for name, host in hosts.items()}
        self.lan = lan
        (self.directory / "ben").mkdir()
        (self.directory / "ben" / "zwei.zip").write_bytes(random_content(*_CONTENT))
        registry.start_registry()
        self.registry = registry

    def start(self, *closed: str, relay: str = "off") -> None:
        """Start the peers, some of them behind a firewall."""
        for name in closed:
            self.machines[name].close_ports()
        self.peers = {
            name: machine.start_peer(name, self.registry, f"--relay={relay}")
            for name, machine in self.machines.items()
        }
        self.peers["cleo"].wait_for_topology(*self.machines)
        self.peers["ben"].wait_until_shared(1)

    def assert_saved(self, seconds: float) -> None:
        """Wait until cleo has it."""
        self.peers["cleo"].wait_for_log("saved zwei.zip to", seconds + _BUSY_SECONDS)
        saved = self.directory / "cleo" / "Downloads" / "zwei.zip"
        self.assertEqual(saved.read_bytes(), random_content(*_CONTENT))

    def test_one_is_open(self) -> None:
        """It is enough that either lets the other one in, and nobody is told of a firewall."""
        for closed in ("ben", "cleo"):
            self.start(closed)
            self.peers["cleo"].type("get zwei.zip")
            self.assert_saved(SAID_SECONDS)
            for name, peer in self.peers.items():
                self.assertNotIn("nor reach us", peer.log)
                peer.type("leave")
                peer.wait()
                if name == closed:
                    self.machines[name].open_ports()
            (self.directory / "cleo" / "Downloads" / "zwei.zip").unlink()

    def test_both_are_closed(self) -> None:
        """Both are told within ten seconds; and once one is open, it comes by itself."""
        self.start("ben", "cleo")
        cleo, ben = self.peers["cleo"], self.peers["ben"]
        for name, peer in self.peers.items():
            can = "can" if name == "anna" else "cannot"
            peer.wait_for_log(f"others {can} reach {name}@10.77.0.2")
        self.assertIn("others cannot dial this peer", ben.answer("status", "up for"))
        cleo.type("get zwei.zip")
        hint = "a firewall? let ports 9000-9009 in on one of the two machines"
        told = "zwei.zip: ben (10.77.0.24:9000) has it but cannot be reached, nor reach us: "
        cleo.wait_for_log(told + hint, SAID_SECONDS + _BUSY_SECONDS)
        told = "cleo (10.77.0.25:9000) wants zwei.zip but cannot be reached, nor reach us: "
        ben.wait_for_log(told + hint, _BUSY_SECONDS)
        self.machines["cleo"].open_ports()
        self.assert_saved(SAVED_SECONDS)
        cleo.wait_for_log("others can reach cleo@", 60.0)

    def test_relayed(self) -> None:
        """Where both are closed, it comes through anna."""
        self.start("ben", "cleo", relay="100M")
        cleo = self.peers["cleo"]
        cleo.type("get zwei.zip")
        self.assert_saved(SAID_SECONDS)
        self.assertIn("from ben (through anna), ", cleo.answer("transfers", "saved zwei"))
        self.peers["anna"].wait_for_log("relaying cleo and ben", _BUSY_SECONDS)

    def test_slow_relay(self) -> None:
        """Once the relay in use has slowed down, it goes on through another one."""
        self.machines["dora"] = self.lan.machine("dora", "10.77.0.26")
        self.start("ben", "cleo", relay="3M")
        self.peers["cleo"].type("get zwei.zip")
        relays = {name: self.peers[name] for name in ("anna", "dora")}
        said = "relaying cleo and ben"
        wait_until(lambda: any(said in peer.log for peer in relays.values()), said)
        [first] = [name for name, peer in relays.items() if said in peer.log]
        self.machines[first].slow_down(20)
        [other] = relays.keys() - {first}
        relays[other].wait_for_log(said, 60.0)
        self.assert_saved(60.0)

    def test_two_machines(self) -> None:
        """Two that cannot even be neighbors are told so, and are once one of them is open."""
        del self.machines["anna"]
        for machine in self.machines.values():
            machine.close_ports()
        self.peers = {
            name: machine.start_peer(name, self.registry) for name, machine in self.machines.items()
        }
        cleo = self.peers["cleo"]
        told = "ben (10.77.0.24:9000) is in the network but cannot be reached, nor reach us"
        cleo.wait_for_log(told, SAID_SECONDS + _BUSY_SECONDS)
        cleo.answer("find zwei", "ben .10.77.0.24:9000. is there but cannot be reached")
        cleo.answer("get zwei.zip", "no peer has zwei.zip: ben .10.77.0.24:9000. is there but")
        self.machines["ben"].open_ports()
        cleo.wait_for_topology("ben", "cleo", seconds=60.0)
        cleo.type("get zwei.zip")
        self.assert_saved(SAID_SECONDS)

    def test_unplugged(self) -> None:
        """A machine whose cable is pulled says so once, and once that it is back."""
        self.start()
        cleo = self.peers["cleo"]
        self.machines["cleo"].unplug()
        cleo.wait_for_log("cut off: there is no neighbor, and no registry", 60.0)
        self.machines["cleo"].plug()
        cleo.wait_for_log("back in the network, after", 60.0)
        cleo.wait_for_topology("anna", "ben", "cleo", seconds=60.0)
        self.assertEqual(cleo.log.count("\ncut off: "), 1)
        self.assertEqual(cleo.log.count("\nback in the network"), 1)
