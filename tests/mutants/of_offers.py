"""Mistakes in what pushes to others, and in what tells how far they are."""

from typing import Final

from tests.mutants.mutant import Mutant

OF_OFFERS: Final = (
    Mutant(
        "peer/offer_looks.py",
        "if watched.board is not None and now < watched.again_at:",
        "if False:",
        "whoever looks in a loop has all peers answer each time",
        "peer/test_offer_looks.py",
    ),
    Mutant(
        "peer/offer_looks.py",
        "if len(watched.waiting) == 1:",
        "if True:",
        "as many as look have all peers answer as often",
        "peer/test_offer_looks.py",
    ),
    Mutant(
        "offers/offer_audience.py",
        "if len(known) < AUDIENCE_NAMED:",
        "if True:",
        "neighbors that make receivers up have a peer keep names without end",
        "offers/test_offer_audience.py",
    ),
    Mutant(
        "offers/offer_audience.py",
        "has_spread = not unaware or now - self._began >= _SPREAD_SECONDS",
        "has_spread = True",
        "a push is over before all have heard of it",
        "offers/test_offer_audience.py",
    ),
    Mutant(
        "offers/offer_audience.py",
        "is_settled = look.is_whole or tally.receivers == self._receivers_before",
        "is_settled = True",
        "a push is over while those behind a peer that has died were left out",
        "offers/test_offer_audience.py",
    ),
    Mutant(
        "offers/offer_audience.py",
        "self._most = max(self._most, look.tally.receivers + len(off))",
        "self._most = look.tally.receivers + len(off)",
        "of very many, those that have gone are not missed",
        "offers/test_offer_audience.py",
    ),
)
