"""Peers on machines with several addresses; loopback has many."""

import os

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import scratch_folder
from tests.process.machines import Lan
from tests.process.networks import Network

SIZE = 200_000
"""More than goes over a link."""


class AddressesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()

    def test_listens_where_it_is_registered(self) -> None:
        """A peer is reached at the address that it was told to listen on, and reaches others."""
        for peer in ("s1", "s2"):
            self.network.write(f"{peer}/of-{peer}", peer.encode() * (SIZE // 2))
        one = self.network.start_peer("s1")
        two = self.network.start_peer("s2", "--interface", "127.0.0.2")
        one.wait_ready()
        two.wait_ready()
        self.assertIn("joined as s2@127.0.0.2:", two.log)
        one.wait_for_topology("s1", "s2")
        one.answer("get of-s2", "saved of-s2")
        two.answer("get of-s1", "saved of-s1")

    def test_not_of_this_machine(self) -> None:
        """An address of another machine is named as that, at once."""
        peer = self.network.start_peer("s1", "--interface", "192.0.2.99", "--insecure-lan")
        self.assertNotEqual(peer.wait(), None)
        self.assertIn("192.0.2.99 is not an address of this machine", peer.log)

    def test_url(self) -> None:
        """A registry may be written as a URL."""
        url = f"http://127.0.0.1:{self.network.registry_port}/"
        self.network.start_peer("s1", "--registry", url).wait_ready()


@pytest.mark.slow
class ChangeTests(SynchronousTestCase):
    """The address of a machine changes under its peer: another Wi-Fi, a new DHCP lease."""

    def setUp(self) -> None:
        directory = scratch_folder(self)
        for peer in ("anna", "ben"):
            (directory / peer).mkdir()
            for number in range(2):
                (directory / peer / f"{peer}-{number}").write_bytes(os.urandom(SIZE))
        lan = Lan(self, directory)
        registry = lan.machine("registry", "10.9.0.1")
        registry.start_registry()
        self.machine, other = lan.machine("anna", "10.9.0.2"), lan.machine("ben", "10.9.0.3")
        self.options = ("--registry", "10.9.0.1:9011", "--insecure-lan")
        self.ben = other.start("p2ppeer", "--name", "ben", *self.options).wait_ready()

    def test_followed(self) -> None:
        """An address that nobody named is followed: downloads work both ways within 20 s."""
        anna = self.machine.start("p2ppeer", "--name", "anna", *self.options).wait_ready()
        anna.answer("get ben-0", "saved ben-0")
        self.machine.change_host("10.9.0.77")
        anna.wait_for_log("going on as 10.9.0.77")
        anna.answer("get ben-1", "saved ben-1")
        self.ben.answer("get anna-0", "saved anna-0")
        self.assertIn("anna@10.9.0.77:9000", anna.answer("status", "up for"))

    def test_told(self) -> None:
        """One that somebody named is not: the person is told what to do, at once from then on."""
        named = ("--name", "anna", "--interface", "10.9.0.2")
        anna = self.machine.start("p2ppeer", *named, *self.options).wait_ready()
        self.machine.change_host("10.9.0.77")
        what_to_do = "start this peer again with --interface 10.9.0.77"
        anna.wait_for_log(what_to_do)
        self.assertIn(what_to_do, anna.answer("get ben-0", ".*no longer has the address"))
        self.machine.change_host("10.9.0.2")
        anna.wait_for_log("10.9.0.2 again")
        anna.answer("get ben-0", "saved ben-0")
