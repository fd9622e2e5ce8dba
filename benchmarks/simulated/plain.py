"""
HyParView and Plumtree as iroh-gossip sets them up, on our machines.

Its parameters (as of June 2026): five links and no more, thirty remembered peers, samples
traded once a minute, and a missing broadcast asked for after 80 ms. A link begins without a
greeting, losing one reheats nothing, there is no book, and no link is ever swapped.
"""

from math import inf
from typing import Any, Final

from p2p_twisted.overlay import membership, overlay
from p2p_twisted.overlay.broadcast import Broadcast
from p2p_twisted.overlay.candidates import Candidates
from p2p_twisted.overlay.effects import Effect, LinkId
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.rewiring import RewireTimer
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire import limits

_LINKS: Final = 5
_EXCHANGE_SECONDS: Final = (60.0, 60.0)
_GRAFT_SECONDS: Final = 0.08


class PlainBroadcast(Broadcast):
    """Plumtree without our additions."""

    def _greet(self, _link: LinkId, _now: float) -> list[Effect]:
        """Send no greeting."""
        return []

    def _forget(self, link: LinkId, was_eager: bool) -> list[Effect]:
        """Do not reheat the tree."""
        return super()._forget(link, was_eager=False)

    def _settle(self, link: LinkId, _hops: int, others: list[LinkId]) -> list[Effect]:
        return super()._settle(link, 0, others)

    def _patience(self) -> float:
        return _GRAFT_SECONDS


class PlainCandidates(Candidates):
    """No book."""

    def hurry(self, _now: float) -> None:
        """Do not ask the book."""


class PlainRewireTimer(RewireTimer):
    """No swaps."""

    def begin(self, _now: float) -> None:
        """Never begin."""


class PlainMembership(Membership):
    """HyParView without our additions."""

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._candidates = PlainCandidates(self.passive, self.rng, book_at=inf)
        self._rewiring = PlainRewireTimer(self.rng)


def make_plain(_network: SimulatedNetwork) -> None:
    """Replace the machines that this process makes from now on by the plain ones."""
    for module, name, value in (
        (limits, "LINKS_MOST", _LINKS),
        (membership, "_EXCHANGE_SECONDS", _EXCHANGE_SECONDS),
        (overlay, "Broadcast", PlainBroadcast),
        (overlay, "Membership", PlainMembership),
    ):
        settings: Any = module
        setattr(settings, name, value)
