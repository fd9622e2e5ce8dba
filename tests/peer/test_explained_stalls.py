"""What is said of a holder from which nothing comes any more, and that does not end either."""

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.explain.diagnosis import Cause
from p2p_twisted.peer.interface import unwatched
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.wire.limits import MIB
from tests.peer.cases import PeerTestCase

CONTENT = bytes(range(256)) * 4_096 * 40


class StallTests(PeerTestCase):
    def test_stands_still(self) -> None:
        """It has sent almost nothing; that it is not needed is never said."""
        net = self.on(VirtualNetwork())
        net.start_registry()
        net.start("s1", {"f1": CONTENT}, rates=Rates(up=MIB))
        net.start("s2")
        net.run(20.0)
        net.peers["s2"].get("f1", unwatched)
        net.run(3.0)
        net.vanish("s1")
        told = []
        for _ in range(60):
            net.run(0.5)
            told.append(net.peers["s2"].explain().diagnosis)
        silent = {each.sentence for each in told if each.cause == Cause.HOLDER_SILENT}
        self.assertTrue(any("delivers no more of it: it has sent" in each for each in silent))
        self.assertFalse([each for each in told if "not needed" in each.sentence])
