"""What passes by itself at the registry, and copies of a peer's own directory."""

import shutil
import socket

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import wait_until
from tests.process.networks import Network
from tests.process.stranger import LOOPBACK, call


@pytest.mark.slow
class RegistryTests(SynchronousTestCase):
    """A registry, and peers that honest or other people start."""

    def test_copy(self) -> None:
        """A copy of a peer's directory is refused while the original lives, which loses nothing."""
        network = Network(self)
        network.start_registry()
        network.write("s1/a.txt", b"a" * 200_000)
        [original, other] = network.start_peers("s1", "s2")
        shutil.copytree(network.directory / "s1", network.directory / "copy")
        network.write("copy/b.txt", b"b")
        copy = network.start_peer("s1", "--directory", "copy")
        wait_until(lambda: not copy.is_running, "the copy's end")
        self.assertIn("is this directory a copy?", copy.log)
        self.assertNotEqual(copy.wait(), 0)
        other.answer("get a.txt", "saved a.txt")
        self.assertTrue(original.is_running)
        other.wait_for_topology("s1", "s2")

    def test_moved(self) -> None:
        """A peer that has crashed, and whose port is in use now, has its name back elsewhere."""
        network = Network(self)
        network.start_registry()
        original, other = network.start_peers("s1", "s2")
        port = int(
            original.wait_for_log("joined as s1 on port ").rpartition("on port ")[2].split()[0]
        )
        original.kill()
        (network.directory / "s1").rename(network.directory / "moved")
        with socket.create_server((LOOPBACK, port)):
            network.start_peer("s1", "--directory", "moved").wait_ready()
        other.wait_for_topology("s1", "s2")

    def test_reserved_places(self) -> None:
        """Places that somebody reserves and does not take are waited for."""
        network = Network(self, ports=3)
        network.start_registry()
        for number in range(3):
            with call(network.registry_port) as line:
                line.say("P2P", name=f"x{number}")
                line.hear("WELCOME")
        newcomer = network.start_peer("s1")
        newcomer.wait_for_log("waiting for the registry: full at the moment")
        newcomer.wait_ready()
