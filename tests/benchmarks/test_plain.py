"""The machines with which ours are compared."""

from functools import partial

import pytest
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.overlay import apart
from benchmarks.simulated.lives import gossip_rounds, life
from benchmarks.simulated.plain import make_plain


# Of forks, by Python 3.12 and later: pytest's workers have threads, which these copies do not need.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.slow
class PlainTests(SynchronousTestCase):
    """Those with iroh-gossip's parameters; in other processes, which they change."""

    def test_rounds(self) -> None:
        """They carry broadcasts to every peer, as ours do."""
        figures = apart(partial(gossip_rounds, 30, 1, make_plain))
        self.assertEqual(figures["many senders: deliveries missed"], 0)

    def test_life(self) -> None:
        """They have five links at most, and swap none."""
        figures = apart(partial(life, 100, 1, apart, make_plain))
        self.assertEqual(figures["most links"], 5)
