"""Machines behind NAT: they dial others, and nobody dials them."""

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.limits import MIB
from tests.process.contents import random_content
from tests.process.daemons import scratch_folder
from tests.process.machines import Lan
from tests.process.networks import Peer
from tests.process.test_private import invite_of

_BYTES = 64 * MIB
_SAVED_SECONDS = 60.0


@pytest.mark.slow
class NatTests(SynchronousTestCase):
    """Anna's machine can be dialed; ben's is behind NAT."""

    def setUp(self) -> None:
        self.directory = scratch_folder(self)
        lan = Lan(self, self.directory)
        registry = lan.machine("registry", "10.77.0.10")
        registry.start_registry()
        machines = {
            "anna": lan.machine("anna", "10.77.0.23"),
            "ben": lan.machine_behind_nat("ben", "192.168.7.2", "10.77.0.24"),
        }
        self.peers: dict[str, Peer] = {}
        for name, machine in machines.items():
            (self.directory / name).mkdir()
            (self.directory / name / f"of-{name}.bin").write_bytes(random_content(name, _BYTES))
            self.peers[name] = machine.start_peer(name, registry)

    def test_both_ways(self) -> None:
        """Ben says what it is behind; each gets from the other what it wants, and says how."""
        anna, ben = self.peers["anna"], self.peers["ben"]
        ben.wait_for_log("this machine is behind NAT: others see it as 10.77.0.24")
        ben.wait_for_log("others cannot reach ben@10.77.0.24:9000")
        anna.wait_for_topology("anna", "ben")
        for peer in self.peers.values():
            peer.wait_until_shared(1)
        for requester, holder, how in ((anna, "ben", "ben"), (ben, "anna", "anna (reversed)")):
            requester.type(f"get of-{holder}.bin")
            requester.wait_for_log(f"saved of-{holder}.bin to", _SAVED_SECONDS)
            self.assertIn(f"from {how}, ", requester.answer("transfers", "saved of-"))
            saved = self.directory.glob(f"*/Downloads/of-{holder}.bin")
            self.assertEqual(
                [each.read_bytes() for each in saved], [random_content(holder, _BYTES)]
            )
        self.assertNotIn("nor reach us", anna.log + ben.log)


@pytest.mark.slow
class OneNatTests(SynchronousTestCase):
    """Ben and cleo are behind one NAT; anna is not, and relays nothing."""

    def test_inside(self) -> None:
        """What one wants of the other comes inside of it."""
        directory = scratch_folder(self)
        lan = Lan(self, directory)
        registry = lan.machine("registry", "10.77.0.10")
        registry.start_registry()
        machines = {
            "anna": lan.machine("anna", "10.77.0.23"),
            "ben": lan.machine_behind_nat("ben", "192.168.7.2", "10.77.0.24"),
            "cleo": lan.machine_behind_nat("cleo", "192.168.8.2", "10.77.0.24"),
        }
        (directory / "ben").mkdir()
        (directory / "ben" / "of-ben.bin").write_bytes(random_content("ben", _BYTES))
        peers = {
            name: machine.start_peer(name, registry, "--relay=off")
            for name, machine in machines.items()
        }
        cleo = peers["cleo"]
        cleo.wait_for_topology(*machines)
        peers["ben"].wait_until_shared(1)
        for name in ("ben", "cleo"):
            peers[name].wait_for_log(f"others cannot reach {name}@10.77.0.24:")
        cleo.type("get of-ben.bin")
        cleo.wait_for_log("saved of-ben.bin to", _SAVED_SECONDS)
        self.assertIn("from ben, ", cleo.answer("transfers", "saved of-"))
        saved = directory / "cleo" / "Downloads" / "of-ben.bin"
        self.assertEqual(saved.read_bytes(), random_content("ben", _BYTES))


@pytest.mark.slow
class TwoNatsTests(SynchronousTestCase):
    """Ben and cleo are behind different NATs; anna is not, and relays."""

    def setUp(self) -> None:
        self.directory = scratch_folder(self)
        lan = Lan(self, self.directory)
        self.registry = lan.machine("registry", "10.77.0.10")
        self.machines = {
            "anna": lan.machine("anna", "10.77.0.23"),
            "ben": lan.machine_behind_nat("ben", "192.168.7.2", "10.77.0.24"),
            "cleo": lan.machine_behind_nat("cleo", "192.168.8.2", "10.77.0.25"),
        }
        (self.directory / "ben").mkdir()
        (self.directory / "ben" / "of-ben.bin").write_bytes(random_content("ben", _BYTES))

    def start(self, **options: str) -> Peer:
        """Start all of them; return cleo."""
        self.registry.start_registry()
        peers = {
            name: machine.start_peer(name, self.registry, *options.get(name, "").split())
            for name, machine in self.machines.items()
        }
        peers["cleo"].wait_for_topology("anna", "ben", "cleo")
        peers["ben"].wait_until_shared(1)
        for name in ("ben", "cleo"):
            peers[name].wait_for_log(f"others cannot reach {name}@")
        return peers["cleo"]

    def test_relayed(self) -> None:
        """What one wants of the other comes through anna, and both say so."""
        cleo = self.start(anna="--relay=40M")
        cleo.type("get of-ben.bin")
        cleo.wait_for_log("saved of-ben.bin to", _SAVED_SECONDS)
        self.assertIn("from ben (through anna), ", cleo.answer("transfers", "saved of-"))
        saved = self.directory / "cleo" / "Downloads" / "of-ben.bin"
        self.assertEqual(saved.read_bytes(), random_content("ben", _BYTES))

    def test_nobody_relays(self) -> None:
        """Where nobody relays, cleo is told why nothing comes."""
        cleo = self.start(anna="--relay=off")
        cleo.type("get of-ben.bin")
        cleo.wait_for_log("ben (10.77.0.24:9000) has it but cannot be reached, nor reach us", 30.0)

    def test_private(self) -> None:
        """So it is in a private network, where anna copies what she cannot read."""
        listen = f"tcp:9011:interface={self.registry.host}"
        registry = self.registry.start("p2pmeta", "--listen", listen, "--private", "--keys=keys")
        registry.wait_ready()
        invite = invite_of(registry, "others")
        peers: dict[str, Peer] = {}
        for name, machine in self.machines.items():
            join = ("--name", name, "--join", invite, "--interface", machine.host)
            peers[name] = machine.start("p2ppeer", *join)
            peers[name].wait_ready()
        cleo = peers["cleo"]
        cleo.wait_for_topology("anna", "ben", "cleo")
        peers["ben"].wait_until_shared(1)
        cleo.type("get of-ben.bin")
        cleo.wait_for_log("saved of-ben.bin to", _SAVED_SECONDS)
        self.assertIn("from ben (through anna), ", cleo.answer("transfers", "saved of-"))
        saved = self.directory / "cleo" / "Downloads" / "of-ben.bin"
        self.assertEqual(saved.read_bytes(), random_content("ben", _BYTES))
