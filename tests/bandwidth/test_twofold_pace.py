"""Transfers that keep to two rates at once, as what is relayed does."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.limiter import Limiter
from p2p_twisted.bandwidth.twofold_pace import TwofoldPace
from p2p_twisted.wire.limits import MIB
from tests.bandwidth.test_throttle import Transfer, run


class TwofoldPaceTests(SynchronousTestCase):
    """A relay that may copy fast, and a peer that sends slowly."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.relayed, self.up = Limiter(self.clock, 100 * MIB), Limiter(self.clock, MIB)

    def relay(self) -> Transfer:
        """Begin to relay."""
        transfer = Transfer(self.relayed)
        transfer.pace = TwofoldPace(self.relayed.pace(), self.up.pace())
        transfer.go_on()
        return transfer

    def test_slower_of_both(self) -> None:
        """A transfer keeps to the slower rate, also once that changes; a stopped one ends."""
        transfer = self.relay()
        run(self.clock, 2)
        self.assertApproximates(transfer.moved, 2 * MIB, MIB // 4)
        for up, slower in ((2 * MIB, 2), (None, 100)):
            self.up.limit(up)
            # What was missed for a second may be made up for.
            run(self.clock, 2)
            before = transfer.moved
            run(self.clock, 1)
            self.assertApproximates((transfer.moved - before) / (slower * MIB), 1.0, 0.2)
        transfer.pace.stop()
        before = transfer.moved
        run(self.clock, 1)
        self.assertEqual(transfer.moved, before)

    def test_uploads_beside_it(self) -> None:
        """However long it has been relayed, an upload has its equal share at once."""
        relayed = self.relay()
        run(self.clock, 10)
        before, upload = relayed.moved, Transfer(self.up)
        upload.go_on()
        run(self.clock, 1)
        self.assertApproximates(upload.moved, MIB // 2, MIB // 10)
        self.assertApproximates(relayed.moved - before, MIB // 2, MIB // 10)

    def test_not_before_both(self) -> None:
        """It is called once both let it go on, and not before."""
        self.relayed.limit(MIB // 2)
        calls: list[float] = []
        pace = TwofoldPace(self.relayed.pace(), self.up.pace())
        self.assertFalse(pace.moved(MIB, lambda: calls.append(self.clock.seconds())))
        run(self.clock, 3, 0.1)
        self.assertEqual(len(calls), 1)
        self.assertGreater(calls[0], 1.5)
        self.assertFalse(pace.is_paused)
