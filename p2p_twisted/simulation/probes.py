"""Measure how broadcasts and queries fare among simulated peers."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import define, field, frozen

from p2p_twisted.overlay.completeness import are_as_many
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.simulation.traffic import LineCount
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Ask
from p2p_twisted.wire.names import MessageId, PeerName

MARKS: Final = (1, 5, 10, 30, 60, 90)
"""When to look how far a broadcast has come, in seconds after it was sent."""

_LOOK_SECONDS: Final = 0.05
_SOUGHT: Final = "what nobody has"

Report = Callable[..., None]


@frozen
class Spread:
    """
    How far a broadcast came.

    :ivar reach: what share of those who ran when it was sent, and still did, had it
        after so many seconds; nothing for what is after the end.
    :ivar redundancy: how many copies were sent in vain for each that was not.
    :ivar last_hop: the longest way that it came.
    """

    reach: Mapping[int, float]
    redundancy: float
    last_hop: int


@frozen
class Reply:
    """
    What came of a query.

    :ivar answered: how many others answered.
    :ivar alive: how many others ran when it was asked.
    :ivar silent: how many were named as silent.
    :ivar is_flood: whether it had to be asked over every link in the end.
    :ivar seconds: how long it all took.
    :ivar lines_per_peer: what it cost, both attempts together.
    """

    answered: int
    alive: int
    silent: int
    is_flood: bool
    seconds: float
    lines_per_peer: float


@define(eq=False)
class BroadcastProbe:
    """One broadcast, and how far it has come at each mark."""

    network: SimulatedNetwork
    traffic: LineCount
    report: Report
    id: MessageId = ""
    spread: Spread | None = None
    _audience: set[PeerName] = field(factory=set)
    _reach: dict[int, float] = field(factory=dict)

    def begin(self, sender: SimulatedPeer, within: float) -> None:
        """Have a peer broadcast, and look at each mark that comes within so many seconds."""
        self._audience = {peer.name for peer in self.network.alive}
        self.id = self.network.publish(sender)
        self.report("broadcast", id=self.id, sender=sender.name)
        for seconds in MARKS:
            if seconds <= within:
                self.network.later(seconds, self._look, seconds)

    def _look(self, seconds: int) -> None:
        receivers = [peer for peer in self.network.peers.values() if self.id in peer.delivered]
        alive = {peer.name for peer in self.network.alive} & self._audience
        reached = sum(peer.name in alive for peer in receivers)
        self._reach[seconds] = reached / len(alive)
        self.report("reached", id=self.id, peers=reached, of=len(alive))
        deliveries = len(receivers) - 1
        copies = self.traffic.copies[self.id]
        self.spread = Spread(
            dict(self._reach),
            (copies - deliveries) / deliveries if deliveries else 0.0,
            max(peer.delivered[self.id][1] for peer in receivers),
        )


@define(eq=False)
class AskProbe:
    """
    One query, asked as a peer asks it: along the tree, then by every link if need be.

    :param answered: how many answered last by every link, and whom, for all queries of a run.
    """

    network: SimulatedNetwork
    traffic: LineCount
    report: Report
    answered: dict[PeerName, int]
    reply: Reply | None = None
    _asked: list[MessageId] = field(factory=list)
    _alive: int = 0
    _seconds: float = 0.0

    def begin(self, asker: SimulatedPeer) -> None:
        """Have a peer ask all others."""
        self._alive = len(self.network.alive)
        self._ask(asker, is_flood=False)

    def _ask(self, asker: SimulatedPeer, is_flood: bool) -> None:
        tree = 0 if is_flood else limits.ASK_HOPS
        ask = Ask(self.network.new_id(), "name", _SOUGHT, tree=tree)
        self._asked.append(ask.id)
        self.report("ask", id=ask.id, asker=asker.name, flood=is_flood)
        began = self.network.now
        self.network.put(asker, ask)
        self._look(asker, ask, began)

    def _look(self, asker: SimulatedPeer, ask: Ask, began: float) -> None:
        if ask.id not in asker.answers:
            self.network.later(_LOOK_SECONDS, self._look, asker, ask, began)
            return
        at, answer = asker.answers[ask.id]
        self._seconds += at - began
        silent: dict[str, Any] = {"answered": answer.answered, "silent": len(answer.silent)}
        self.report("answer", id=ask.id, is_whole=answer.is_whole, **silent)
        lines = sum(self.traffic.asked[id_] for id_ in self._asked)
        self.reply = Reply(
            **silent,
            alive=self._alive - 1,
            is_flood=not ask.tree,
            seconds=self._seconds,
            lines_per_peer=lines / self._alive,
        )
        if not ask.tree:
            self.answered[asker.name] = answer.answered
        elif not (answer.is_whole or self._is_as_before(asker, answer)):
            self._ask(asker, is_flood=True)

    def _is_as_before(self, asker: SimulatedPeer, answer: Answer) -> bool:
        before = self.answered.get(asker.name, 0)
        return not (answer.silent or answer.cut) and are_as_many(answer.answered, before)
