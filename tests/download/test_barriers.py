"""Holders that neither reach this peer nor are reached."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.barriers import Barriers
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerAddress

AT = PeerAddress("s2", "192.0.2.2", 9000)


def a_hit(*route: str) -> Hit:
    return Hit("s2", "song", 9, file="a" * 64, route=route)


class BarriersTests(SynchronousTestCase):
    """What is known of a holder, by the way to it."""

    def setUp(self) -> None:
        self.barriers = Barriers()

    def test_own_word(self) -> None:
        """What was found with the holder itself counts by all ways, until one has led to it."""
        self.barriers.found(a_hit("s2"), AT, 0.0, "")
        self.assertEqual(self.barriers.between(a_hit("s3", "s2")), AT)
        self.assertFalse(self.barriers.may_ask(a_hit("s3", "s2"), 1.0))
        self.barriers.passed(a_hit("s3", "s2"))
        self.assertIsNone(self.barriers.between(a_hit("s2")))

    def test_word_of_another(self) -> None:
        """What was found by way of somebody, who may have made it up, counts there alone."""
        self.barriers.found(a_hit("s3", "s2"), AT, 0.0, "")
        self.assertEqual(self.barriers.between(a_hit("s3", "s2")), AT)
        self.assertIsNone(self.barriers.between(a_hit("s2")))
        self.assertTrue(self.barriers.may_ask(a_hit("s4", "s2"), 1.0))
