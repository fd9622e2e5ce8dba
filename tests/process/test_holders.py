"""Real daemons: downloads from several holders, of which some do not live long."""

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.contents import random_content
from tests.process.daemons import wait_until
from tests.process.networks import Network, Peer

SIZE = 24 * 1024 * 1024


@pytest.mark.slow
class HoldersTests(SynchronousTestCase):
    """A file of 24 MiB, whose holders send 4 MiB a second each."""

    def network(self, *holders: str) -> tuple[Network, list[Peer]]:
        network = Network(self)
        network.start_registry()
        for name in holders:
            network.write(f"{name}/f1", random_content(4, SIZE))
        peers = [network.start_peer(name, "--max-up=4M") for name in holders]
        for peer in peers:
            peer.wait_ready()
            peer.wait_until_shared(1)
        return network, peers

    def received(self, network: Network, name: str) -> int:
        """Tell how much of a running download is on the disk."""
        parts = (network.directory / name / "Downloads").glob(".p2p-*.part")
        return sum(part.stat().st_blocks * 512 for part in parts)

    def test_killed(self) -> None:
        """When one of three holders is killed midway, the others deliver the rest."""
        network, peers = self.network("s1", "s2", "s3")
        (peer,) = network.start_peers("s4")
        peer.wait_for_topology("s1", "s2", "s3", "s4")
        peer.type("get f1")
        wait_until(lambda: self.received(network, "s4") > SIZE // 3, "a third of it")
        peers[0].kill()
        said = peer.wait_for_log("saved")
        self.assertEqual(network.read("s4/Downloads/f1"), random_content(4, SIZE))
        for name in ("s2", "s3"):
            self.assertIn(name, said.partition("saved")[2])

    def test_all_killed_one_returns(self) -> None:
        """When the only holder is killed midway, it goes on when that is back."""
        network, (holder,) = self.network("s1")
        (peer,) = network.start_peers("s4")
        peer.wait_for_topology("s1", "s4")
        peer.type("get f1")
        wait_until(lambda: self.received(network, "s4") > SIZE // 3, "a third of it")
        holder.kill()
        network.start_peer("s1").wait_ready()
        peer.wait_for_log("saved", seconds=60.0)
        self.assertEqual(network.read("s4/Downloads/f1"), random_content(4, SIZE))

    def test_serve_each_other(self) -> None:
        """Three that want it at once get it from each other, too."""
        network, _peers = self.network("s1")
        wanting = [network.start_peer(name, "--max-up=4M") for name in ("s2", "s3", "s4")]
        for peer in wanting:
            peer.wait_ready()
            peer.wait_for_topology("s1", "s2", "s3", "s4")
        for peer in wanting:
            peer.type("get f1")
        helped = 0
        for name, peer in zip(("s2", "s3", "s4"), wanting, strict=True):
            said = peer.wait_for_log("saved", seconds=60.0).partition("saved")[2]
            self.assertEqual(network.read(f"{name}/Downloads/f1"), random_content(4, SIZE))
            helped += any(other in said for other in {"s2", "s3", "s4"} - {name})
        self.assertGreaterEqual(helped, 2)
