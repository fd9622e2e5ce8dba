"""What a holder says of what holds it up."""

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.upload.self_report import SelfReport, SendTimes, Uplink
from p2p_twisted.wire.messages import HeldUp
from p2p_twisted.wire.tcp_info import TcpInfo

UPLINK = Uplink(1 << 20, 3)
WAY = TcpInfo(0.18, 0.0, 0.01, busy=9.0, closed=0.0)


class SelfReportTests(SynchronousTestCase):
    """Ten seconds of one push."""

    def held(self, times: SendTimes, way: TcpInfo | None = WAY) -> HeldUp | None:
        """Return what it says."""
        return SelfReport(100.0).held(times, UPLINK, way, 110.0)

    def test_limit(self) -> None:
        """It tells its limit where that held it up for most of the time, and who shares that."""
        self.assertEqual(self.held(SendTimes(10.0, paused=6.0)), HeldUp("limit", 1 << 20, 3))

    def test_disk(self) -> None:
        """Likewise its disk."""
        self.assertEqual(self.held(SendTimes(10.0, reading=6.0)), HeldUp("disk", None, 3))

    def test_way(self) -> None:
        """Otherwise the connection, as far as the system had something to send and might."""
        told = HeldUp("way", None, 3, round_trip=0.18, lost=0.01)
        self.assertEqual(self.held(SendTimes(10.0, paused=2.0)), told)
        self.assertIsNone(self.held(SendTimes(10.0), attrs.evolve(WAY, busy=1.0)))
        self.assertIsNone(self.held(SendTimes(10.0), None))

    def test_requester(self) -> None:
        """Of what its requester does it says nothing."""
        self.assertIsNone(self.held(SendTimes(10.0), attrs.evolve(WAY, closed=8.0)))
        self.assertIsNone(self.held(SendTimes(3.0, paused=3.0)))

    def test_ahead(self) -> None:
        """Until something is measured it tells its limit, if any: a short push is over by then."""
        report = SelfReport(100.0)
        for _line in range(2):
            self.assertEqual(report.ahead(lambda: UPLINK), HeldUp("limit", 1 << 20, 3, ahead=True))
        self.assertIsNone(report.ahead(lambda: Uplink(None, 1)))
        report.held(SendTimes(10.0), UPLINK, None, 110.0)
        self.assertIsNone(report.ahead(lambda: UPLINK))

    def test_of_late(self) -> None:
        """It tells of the time since it was asked last, once a second at most."""
        report = SelfReport(100.0)
        self.assertEqual(report.due_at, 101.0)
        report.held(SendTimes(10.0, paused=9.0), UPLINK, WAY, 110.0)
        self.assertEqual(report.due_at, 111.0)
        way = attrs.evolve(WAY, busy=WAY.busy + 10.0)
        held = report.held(SendTimes(20.0, paused=9.0), UPLINK, way, 120.0)
        assert held is not None
        self.assertEqual(held.by, "way")
