"""What a peer's person sees of the run before."""

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.limits import MIB
from tests.process.contents import random_content
from tests.process.daemons import PATIENCE, wait_until
from tests.process.networks import Network

_CONTENT = 1, 60 * MIB


@pytest.mark.slow
class EarlierRunTests(SynchronousTestCase):
    """A peer that leaves in the middle of downloads, and starts again."""

    def test_goes_on(self) -> None:
        """It says what goes on, and how much is there, what is paused, and how it ends."""
        network = Network(self)
        for name in ("first.bin", "second.bin"):
            network.write(f"s1/{name}", name.encode() + random_content(*_CONTENT))
        network.start_registry()
        s1, s2 = network.start_peers("s1", "s2")
        s1.wait_until_shared(2)
        s2.answer("limit down 4M", "up unlimited, down 4.0 MiB/s")
        s2.type("get first.bin")
        s2.wait_for_log("first.bin  [")
        s2.send_signal(15)
        s2.wait()
        s2 = network.start_peer("s2")
        s2.wait_for_log("limits: up unlimited, down 4.0 MiB/s")
        s2.wait_for_log("\ngoing on with first.bin, ")
        s2.wait_for_log("first.bin  [")
        s2.answer("pause 1", "pausing first.bin")
        wait_until(lambda: "paused" in s2.answer("transfers", "  1 "), "first.bin to rest")
        s2.type("get second.bin")
        s2.wait_for_log("second.bin  [")
        s2.send_signal(15)
        s2.wait()
        s2 = network.start_peer("s2", "--max-down", "16M")
        s2.wait_for_log("first.bin is paused; resume 1 goes on with it")
        s2.wait_for_log("going on with second.bin, ")
        s2.wait_for_log("saved second.bin to")
        s2.type("resume 1")
        s2.wait_for_log("saved first.bin to", PATIENCE)
        for name in ("first.bin", "second.bin"):
            self.assertEqual(
                network.read(f"s2/Downloads/{name}"), name.encode() + random_content(*_CONTENT)
            )
