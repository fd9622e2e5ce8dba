"""Peers on machines with several addresses; loopback has many."""

from twisted.trial.unittest import SynchronousTestCase

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
