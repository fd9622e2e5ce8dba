"""How what is offered is kept over restarts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.offers.kept_offers import KeptOffers, OfferRecord
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.state import StateDirectory
from tests.offers.made_offers import KEY, NOW, heard

RECORD = OfferRecord("{}", "ben", key="0" * 32, state="no space", is_taken=True)


class KeptOffersTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.state = StateDirectory(Path(self.mktemp()))
        self.state.open()
        self.addCleanup(self.state.close)
        self.clock = Clock()
        self.records = [RECORD]
        self.said: list[str] = []
        self.writes = 0
        self.is_full = False

    def offload(self, function: Callable[..., Any], *args: Any) -> "Deferred[Any]":
        self.writes += 1
        if self.is_full:
            return fail(OSError(28, "No space left on device"))
        return inline(function, *args)

    def kept(self) -> KeptOffers:
        keeping = self.state, self.offload, self.clock
        return KeptOffers(*keeping, lambda: self.records, self.said.append)

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

    def test_laid_aside(self) -> None:
        """What counts in another network is kept beside the rest, and its owner is told."""
        own, told = (OfferRecord(heard(network=each).text, "") for each in ("lab", "attic"))
        own, meant = evolve(own, key=KEY), evolve(told, state="refused")
        kept = self.kept()
        for record in (own, told, meant):
            kept.lay_aside(record, NOW)
        kept.tell_laid_aside()
        [said] = self.said
        self.assertIn("a push of an earlier run in the network lab cannot go on here", said)
        self.successResultOf(Deferred.fromCoroutine(kept.write()))
        self.assertEqual(self.kept().recall(), (RECORD, own, meant))

    def test_not_laid_aside(self) -> None:
        """What has ended, or is damaged, is not kept any longer."""
        kept = self.kept()
        for text in (heard(network="lab").text, "", "a.b.c.d", "\ud800"):
            kept.lay_aside(OfferRecord(text, "", key=KEY), NOW + 3_600)
        kept.tell_laid_aside()
        self.assertEqual(self.said, [])
        self.successResultOf(Deferred.fromCoroutine(kept.write()))
        self.assertEqual(self.kept().recall(), (RECORD,))
