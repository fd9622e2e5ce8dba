"""A neighbor has what it offers, and is too busy to answer as soon as others do."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from p2p_twisted.overlay.effects import LocalAnswer
from p2p_twisted.testing.introspection import driver_of
from p2p_twisted.wire.messages import Ask
from tests.offers.offers_case import OffersTestCase
from tests.peer.cases import SONG

# It looks one thing up at a time for each neighbor: so the sixth comes after twelve.
BUSY_SECONDS = 2.0


class Busy:
    """Has a peer look things up late."""

    def __init__(self, events: Any, clock: Any) -> None:
        self._events = events
        self._clock = clock

    def know(self, ask: Ask) -> "Deferred[LocalAnswer]":
        return deferLater(self._clock, BUSY_SECONDS, self._events.know, ask)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)


class NeighborSearchTests(OffersTestCase):
    def test_busy_holder(self) -> None:
        """It is waited for, once a search of all others has brought nothing."""
        daemons = self.network(2)
        driver: Any = driver_of(daemons.peers["s1"])
        driver._events = Busy(driver._events, daemons.network.processes["s1"])
        self.push(daemons)
        daemons.run(20)
        for name in ("s2", "s3"):
            self.assertEqual(daemons.download(name, "slides.pdf"), SONG)
