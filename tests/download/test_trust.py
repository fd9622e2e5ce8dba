"""Whom to ask after wrong content."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.download.limits import LIAR_SECONDS
from p2p_twisted.download.trust import Trust, Verdict
from p2p_twisted.wire.messages import Hit

ONE, OTHER, THIRD = "1" * 64, "2" * 64, "3" * 64


def hit(file: str, peer: str = "s1", way: str = "n1") -> Hit:
    """Make a holder's answer."""
    return Hit(peer, "f1", 7, file=file, route=(way, peer))


class TrustTests(SynchronousTestCase):
    """One holder, and what it delivered."""

    def test_lied(self) -> None:
        """A liar is asked for nothing, for ten minutes."""
        trust = Trust()
        self.assertTrue(trust.may_ask(hit(ONE), 0.0))
        trust.judge(hit(ONE), ONE, Verdict.LIED, 0.0)
        self.assertFalse(trust.may_ask(hit(ONE), 1.0))
        self.assertFalse(trust.may_ask(hit(OTHER), LIAR_SECONDS - 1))
        self.assertTrue(trust.may_ask(hit(OTHER), LIAR_SECONDS))

    def test_doubted(self) -> None:
        """Whose file may have changed is asked for everything else."""
        trust = Trust()
        trust.judge(hit(ONE), ONE, Verdict.DOUBTED, 0.0)
        self.assertFalse(trust.may_ask(hit(ONE), LIAR_SECONDS - 1))
        self.assertTrue(trust.may_ask(hit(OTHER), 1.0))
        self.assertTrue(trust.may_ask(hit(ONE), LIAR_SECONDS))

    def test_doubted_twice(self) -> None:
        """Wrong bytes of two files in ten minutes are no accident."""
        trust = Trust()
        trust.judge(hit(ONE), ONE, Verdict.DOUBTED, 0.0)
        trust.judge(hit(ONE), ONE, Verdict.DOUBTED, 1.0)
        self.assertTrue(trust.may_ask(hit(THIRD), 1.0))
        trust.judge(hit(OTHER), OTHER, Verdict.DOUBTED, 2.0)
        self.assertFalse(trust.may_ask(hit(THIRD), 3.0))

    def test_doubted_later(self) -> None:
        """What is long ago does not count."""
        trust = Trust()
        trust.judge(hit(ONE), ONE, Verdict.DOUBTED, 0.0)
        trust.judge(hit(OTHER), OTHER, Verdict.DOUBTED, LIAR_SECONDS)
        self.assertTrue(trust.may_ask(hit(THIRD), LIAR_SECONDS))

    def test_doubted_for_as_long(self) -> None:
        """From the second file on, both count for as long as that one."""
        trust = Trust()
        trust.judge(hit(ONE), ONE, Verdict.DOUBTED, 0.0)
        trust.judge(hit(OTHER), OTHER, Verdict.DOUBTED, LIAR_SECONDS - 1)
        self.assertFalse(trust.may_ask(hit(THIRD), 2 * LIAR_SECONDS - 2))
        self.assertTrue(trust.may_ask(hit(THIRD), 2 * LIAR_SECONDS - 1))

    def test_admitted(self) -> None:
        """Who says that a file has changed is not doubted for that, but for others."""
        trust = Trust()
        for number, file in enumerate((ONE, OTHER, THIRD)):
            trust.judge(hit(file), file, Verdict.DOUBTED, number)
            trust.admitted(hit(file), file)
            self.assertTrue(trust.may_ask(hit(file), number + 1))
        trust.judge(hit(ONE), ONE, Verdict.DOUBTED, 5.0)
        trust.judge(hit(OTHER), OTHER, Verdict.DOUBTED, 6.0)
        self.assertFalse(trust.may_ask(hit(THIRD), 7.0))
        trust.admitted(hit(ONE), ONE)
        self.assertTrue(trust.may_ask(hit(THIRD), 7.0))
        self.assertFalse(trust.may_ask(hit(OTHER), 7.0))

    def test_others(self) -> None:
        """Others are asked, and it itself by other ways."""
        trust = Trust()
        trust.judge(hit(ONE), ONE, Verdict.LIED, 0.0)
        self.assertTrue(trust.may_ask(hit(ONE, "s2"), 1.0))
        self.assertTrue(trust.may_ask(hit(ONE, way="n2"), 1.0))

    def test_led_to_nobody(self) -> None:
        """A neighbor that led to nobody is known for that, until it leads to somebody."""
        trust = Trust()
        trust.led(hit(ONE, "ghost"), to_somebody=False, now=0.0)
        self.assertTrue(trust.led_to_nobody(hit(OTHER, "s1"), 1.0))
        self.assertFalse(trust.led_to_nobody(hit(ONE, way="n2"), 1.0))
        self.assertFalse(trust.led_to_nobody(hit(ONE), LIAR_SECONDS))
        trust.led(hit(ONE, "s1"), to_somebody=True, now=2.0)
        self.assertFalse(trust.led_to_nobody(hit(OTHER, "ghost"), 3.0))
