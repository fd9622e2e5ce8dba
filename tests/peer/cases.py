"""What the tests of whole peers have in common: real daemons in virtual time."""

from pathlib import Path
from typing import Any, Self

from attrs import field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.peer.searches import Searches
from p2p_twisted.peer.sights import Sights
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.trust.tls import TlsSecurity
from p2p_twisted.wire.messages import Ask, Hit
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName


def searches_in(network: Any) -> Searches:
    """Make what asks others, in a network or what stands for one."""
    return Searches(network, QuestionLog(lambda: 0.0))


SONG = bytes(range(256)) * 20_000


class PeerTestCase(SynchronousTestCase):
    """
    Starts daemons, and sees to their end.

    :cvar kind: of network; test_in_private.py has another one.
    """

    kind: type[VirtualDaemons] = VirtualDaemons

    def daemons(self, seed: int = 1) -> VirtualDaemons:
        daemons = self.on(VirtualNetwork(seed))
        daemons.start_registry()
        return daemons

    def on(self, network: VirtualNetwork) -> VirtualDaemons:
        """Make daemons of which none runs yet, not even the registry."""
        daemons = self.kind(Path(self.mktemp()).absolute(), network)
        self.addCleanup(daemons.close)
        # What the test has of them by then would keep them alive.
        self.addCleanup(self._forget_all_but, frozenset(vars(self)))
        return daemons

    def _forget_all_but(self, names: frozenset[str]) -> None:
        for name in vars(self).keys() - names:
            delattr(self, name)

    def without_registry(self, *_members: PeerName) -> VirtualDaemons:
        """Make daemons whose registry does not run; who is to be a member may have come in."""
        return self.on(VirtualNetwork(1))

    def security_of(self, _daemons: VirtualDaemons, _name: PeerName) -> TlsSecurity | None:
        """Return what somebody encrypts with who does not run."""
        return None


@frozen
class AnsweringNetwork:
    """
    Gives the same hits to every question; stands for a driver with such neighbors.

    :ivar is_busy: whether they say that their answers are cut.
    """

    hits: tuple[Hit, ...]
    me: PeerAddress = field(factory=lambda: PeerAddress("s1", "127.0.0.1", 9_001))
    asked: list[Ask] = field(factory=list)
    neighbors: tuple[PeerAddress, ...] = ()
    is_busy: bool = False
    sights: Sights = field(factory=Sights)

    async def connected(self) -> Self:
        return self

    def now(self) -> float:
        return 0.0

    def new_id(self) -> MessageId:
        return f"{len(self.asked):032x}"

    def ask(self, ask: Ask, _patience: float, _part: object = None) -> "Deferred[Answer]":
        self.asked.append(ask)
        return succeed(Answer(ask.id, (), self.hits, 1, (), self.is_busy, is_whole=False))
