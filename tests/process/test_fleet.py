"""As many peers as a host has ports for, and more."""

import signal

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.exit_status import Exit
from tests.process.daemons import PATIENCE
from tests.process.networks import Network, Peer

_STARTED_AT_ONCE = 10
_STARTED_SECONDS = 120.0


def start_many(network: Network, count: int) -> dict[str, Peer]:
    """Start peers s1, s2 and so on, a few at a time; returns when all are ready."""
    names = [f"s{number}" for number in range(1, count + 1)]
    peers: dict[str, Peer] = {}
    for first in range(0, count, _STARTED_AT_ONCE):
        some = names[first : first + _STARTED_AT_ONCE]
        peers.update(zip(some, network.start_peers(*some, seconds=_STARTED_SECONDS), strict=True))
    return peers


@pytest.mark.slow
class FullHostTests(SynchronousTestCase):
    """Ten ports, and eleven peers."""

    def test_the_eleventh(self) -> None:
        """It is refused with a way out, until one of the ten leaves or is dead."""
        network = Network(self, ports=10)
        registry = network.start_registry()
        peers = start_many(network, 10)
        self.assert_refused(network, "s11")
        peers["s4"].type("leave")
        self.assertEqual(peers["s4"].wait(), 0)
        network.start_peers("s11")
        registry.wait_for_log("s4 is forgotten: it left")
        self.assert_refused(network, "s12")
        peers["s6"].kill()
        network.start_peers("s12")
        there = {f"s{number}" for number in range(1, 13)} - {"s4", "s6"}
        peers["s1"].wait_for_topology(*there)

    def assert_refused(self, network: Network, name: str) -> None:
        """See that a peer is told why it cannot join, and what to do."""
        peer = network.start_peer(name)
        self.assertEqual(peer.wait(), Exit.REFUSED, peer.log)
        first, last = network.ports[0], network.ports[-1]
        self.assertIn(f"full: all ports {first}-{last} on 127.0.0.1 are taken, by s", peer.log)
        self.assertIn(f"start the registry with --ports {first}-", peer.log)
        self.assertIn("or leave with one of them", peer.log)


@pytest.mark.slow
class FiftyPeersTests(SynchronousTestCase):
    """Fifty peers."""

    def test_fifty_peers(self) -> None:
        """They see each other, lose every fifth one, and stop at one word."""
        network = Network(self, ports=100)
        network.start_registry()
        peers = start_many(network, 50)
        for name in ("s1", "s25", "s50"):
            peers[name].wait_for_topology(*peers)
        for name in list(peers)[::5]:
            peers.pop(name).kill()
        peers["s2"].wait_for_topology(*peers)
        peers["s50"].type("Stop")
        for peer in peers.values():
            self.assertEqual(peer.wait(2 * PATIENCE), 0, peer.log)
        self.assertEqual(network.leftovers(), [])


@pytest.mark.slow
class ThirtyPeersTests(SynchronousTestCase):
    """Thirty peers, of which some hang and some die."""

    def test_halted_and_killed(self) -> None:
        """Who hangs is missed until it goes on; half of them are killed, and the others agree."""
        network = Network(self, ports=40)
        network.start_registry()
        peers = start_many(network, 30)
        watcher, *others = peers
        peers[watcher].wait_for_topology(*peers)
        halted = others[::6]
        for name in halted:
            peers[name].send_signal(signal.SIGSTOP)
        peers[watcher].wait_for_topology(*(peers.keys() - halted), seconds=3 * PATIENCE)
        for name in halted:
            peers[name].send_signal(signal.SIGCONT)
        peers[watcher].wait_for_topology(*peers, seconds=3 * PATIENCE)
        for name in others[::2]:
            peers.pop(name).kill()
        for peer in peers.values():
            peer.wait_for_topology(*peers)
