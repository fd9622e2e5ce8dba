"""How often an address may be dialed in vain."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.dial_limit import DialLimit


class DialLimitTests(SynchronousTestCase):
    def test_some_a_minute(self) -> None:
        """The thirteenth dial within a minute is not made, the next one is."""
        dials = DialLimit()
        taken = [dials.take("192.0.2.1", 9_000 + now, float(now)) for now in range(0, 100, 4)]
        self.assertEqual(taken, [True] * 12 + [False] * 3 + [True] * 10)
        self.assertTrue(dials.take("192.0.2.2", 9_000, 99.0))

    def test_fewer(self) -> None:
        """Who asks for fewer gets none once so many have failed, of whatever kind."""
        dials = DialLimit()
        self.assertEqual(
            [dials.take("192.0.2.1", 9_000, 0.0, most) for most in (2, 12, 2, 12, 1, 12)],
            [True, True, False, True, False, True],
        )

    def test_ports_of_loopback(self) -> None:
        """On loopback each port is counted by itself."""
        dials = DialLimit()
        self.assertTrue(all(dials.take("127.0.0.1", port, 0.0) for port in range(9_000, 9_100)))
        self.assertEqual(
            [dials.take("127.0.0.1", 9_000, 1.0) for _ in range(12)], [True] * 11 + [False]
        )

    def test_successes_do_not_count(self) -> None:
        """A host on which the right peer answers may be dialed without limit."""
        dials = DialLimit()
        for _ in range(100):
            self.assertTrue(dials.take("127.0.0.1", 9_000, 1.0))
            dials.succeeded("127.0.0.1", 9_000, 1.0)
        dials.succeeded("127.0.0.1", 9_001, 1.0)

    def test_many_at_once(self) -> None:
        """To a host that has answered recently, many dials may run at once."""
        dials = DialLimit()
        dials.take("192.0.2.1", 9_000, 0.0)
        dials.succeeded("192.0.2.1", 9_000, 0.5)
        self.assertTrue(all(dials.take("192.0.2.1", 9_000, 1.0) for _ in range(50)))
        self.assertFalse(dials.take("192.0.2.1", 9_000, 60.6))
