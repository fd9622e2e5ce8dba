"""How what is offered is kept over restarts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.offers.kept_offers import KeptOffers, OfferRecord
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.state import StateDirectory

RECORD = OfferRecord("{}", "ben", key="0" * 32, state="no space", is_taken=True)


class KeptOffersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.state = StateDirectory(Path(self.mktemp()))
        self.state.open()
        self.addCleanup(self.state.close)
        self.clock = Clock()
        self.records = [RECORD]
        self.writes = 0
        self.is_full = False

    def offload(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        self.writes += 1
        if self.is_full:
            return fail(OSError(28, "No space left on device"))
        return inline(function, *args)

    def kept(self) -> KeptOffers:
        return KeptOffers(self.state, self.offload, self.clock, lambda: self.records)

    def test_there_and_back(self) -> None:
        """What was written is read in the next run."""
        self.assertEqual(self.kept().recall(), ())
        self.successResultOf(Deferred.fromCoroutine(self.kept().write()))
        self.assertEqual(self.kept().recall(), (RECORD,))

    def test_damaged(self) -> None:
        """What is no list of offers is passed over."""
        unknown = {"text": "", "source": "", "state": "x"}
        kinds: list[Any] = [{}, "x", [{"text": 5}], [1], [unknown]]
        for damaged in kinds:
            self.state.write("offers", damaged)
            self.assertEqual(self.kept().recall(), ())

    def test_all_the_time(self) -> None:
        """However often others change it, it is written once in a few seconds."""
        kept = self.kept()
        for _ in range(1_000):
            kept.changed()
            self.clock.advance(0.01)
        self.assertLessEqual(self.writes, 2)
        self.clock.advance(10)
        self.assertEqual(kept.recall(), (RECORD,))

    def test_at_the_end(self) -> None:
        """What has changed just before the end is in the next run."""
        kept = self.kept()
        kept.changed()
        self.successResultOf(kept.stop())
        self.assertEqual(kept.recall(), (RECORD,))
        kept.changed()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_full(self) -> None:
        """Who has to know is told that it cannot be kept; else it is tried again later."""
        self.is_full, kept = True, self.kept()
        self.failureResultOf(Deferred.fromCoroutine(kept.write()), OSError)
        kept.changed()
        self.clock.advance(10)
        self.is_full = False
        kept.changed()
        self.clock.advance(10)
        self.assertEqual(kept.recall(), (RECORD,))
