"""Something is measured by a clock of its own, for tests."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.explain.push_times import PushTimes


class Timed(SynchronousTestCase):
    """Something is measured by a clock that stands still until it is moved."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000.0)

    def push(self, holder: str = "s4", first_hop: str = "s4", **more: Any) -> PushTimes:
        """Begin a push."""
        return PushTimes(
            holder,
            first_hop,
            self.clock.seconds,
            more.get("paused", lambda: 0.0),
            more.get("look", lambda: None),
            more.get("is_proven", False),
        )
