"""Several whole peers that want the same file at once, on a virtual network."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from twisted.internet.defer import Deferred

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Progress, Saved
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.paths import Path as Way
from p2p_twisted.testing.paths import Paths
from p2p_twisted.wire.limits import MIB
from tests.download.cases import names_of
from tests.peer.cases import PeerTestCase

CONTENT = random.Random(1).randbytes(10 * MIB + 100)
SLOW = Way(0.01, bandwidth=MIB)


class SwarmTests(PeerTestCase):
    """Peers between which a MiB a second gets through, and that send no more in all."""

    content = CONTENT

    def begun(self, holders: int, downloaders: int) -> list["Deferred[Progress]"]:
        """Start holders, and as many others who all want what they have."""
        daemons = self.network = self.on(VirtualNetwork(paths=Paths(SLOW)))
        daemons.start_registry()
        names = [f"s{number}" for number in range(1, holders + downloaders + 1)]
        for name in names:
            files = {"f1": self.content} if name in names[:holders] else None
            daemons.start(name, files, rates=Rates(up=MIB))
        daemons.run(20)
        self.wanting = names[holders:]
        return [daemons.peers[name].get("f1", lambda _progress: None) for name in self.wanting]

    def assert_saved(self, downloads: Sequence["Deferred[Progress]"]) -> "Counter[str]":
        """Wait until everybody has it; tell who delivered to how many."""
        delivered: Counter[str] = Counter()
        for name, done in zip(self.wanting, downloads, strict=True):
            progress = self.network.result(done, 600.0)
            assert isinstance(progress.state, Saved), progress
            self.assertEqual(self.network.download(name, "f1"), self.content)
            delivered.update(names_of(progress.state))
        return delivered

    def test_help_each_other(self) -> None:
        """Downloaders of one file serve each other what the only holder has sent them."""
        delivered = self.assert_saved(self.begun(1, 4))
        self.assertEqual(delivered["s1"], 4)
        self.assertGreaterEqual(delivered.total() - delivered["s1"], 4, delivered)

    @pytest.mark.slow
    def test_one_chunk_after_the_other(self) -> None:
        """Many get a file in little more time than its holder takes to send it once."""
        self.content = random.Random(1).randbytes(24 * MIB)
        downloads = self.begun(1, 12)
        began = self.network.network.clock.now
        delivered = self.assert_saved(downloads)
        # Were two of them sent a chunk at once, it would be 1.45 times that.
        self.assertLess(self.network.network.clock.now - began, 1.4 * 24)
        self.assertGreater(delivered.total(), 12 * 4, delivered)

    def test_holes(self) -> None:
        """Chunks of zeros are neither waited for nor sent by anybody."""
        zeros = bytes(10 * MIB)
        self.content = zeros + CONTENT[: 3 * MIB] + zeros + CONTENT[3 * MIB : 5 * MIB] + zeros
        downloads = self.begun(1, 3)
        began = self.network.network.clock.now
        self.assert_saved(downloads)
        self.assertLess(self.network.network.clock.now - began, 30.0)

    def test_holder_vanishes(self) -> None:
        """Holders that crash or fall silent midway are made up for by another one."""
        (done,) = self.begun(3, 1)
        self.network.run(2)
        self.network.crash("s1")
        self.network.run(1)
        self.network.vanish("s2")
        self.assertEqual(self.assert_saved([done]), Counter(["s1", "s2", "s3"]))

    def test_only_holder_returns(self) -> None:
        """Downloaders that have lost their only holder go on when it is back."""
        downloads = self.begun(1, 3)
        self.network.run(4)
        self.network.crash("s1")
        self.network.run(40)
        self.assertNotIn(True, [done.called for done in downloads])
        self.network.start("s1")
        self.assert_saved(downloads)
