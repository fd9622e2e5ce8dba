"""
One peer's part of the overlay, as a machine without input or output.

It joins the three machines below it: membership says who is a neighbor, and
broadcasts and questions pass along those links, or the tree among them.
"""

from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING

import attrs
from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.broadcast import Broadcast
from p2p_twisted.overlay.effects import (
    Arrived,
    Effect,
    LinkId,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.overlay.queries import LocalAnswer, QueryRouter
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import (
    Ask,
    Bye,
    Gossip,
    Graft,
    IHave,
    Link,
    Linked,
    Message,
    Prune,
    Refuse,
    Told,
    Want,
)
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random


@define
class _Allowance:
    """
    What one neighbor may still send.

    :ivar passed_on: what is passed on for it. That is less than a neighbor takes of
        us, so that nobody can use up what the others may ask through us.
    """

    gossip: TokenBucket = field(
        factory=lambda: TokenBucket(limits.GOSSIP_PER_SECOND, limits.GOSSIP_BURST)
    )
    questions: TokenBucket = field(
        factory=lambda: TokenBucket(limits.ASKS_PER_SECOND, limits.ASKS_BURST)
    )
    passed_on: TokenBucket = field(
        factory=lambda: TokenBucket(limits.PASSED_ON_PER_SECOND, limits.PASSED_ON_BURST)
    )


@define
class Overlay:
    """
    The three machines of one peer.

    Every method returns what is to be done because of it; ``now`` is in
    seconds on the monotonic clock.
    """

    membership: Membership
    tree: Tree
    asking: QueryRouter
    broadcast: Broadcast
    _allowances: dict[LinkId, _Allowance] = field(factory=dict)

    @property
    def wake_at(self) -> float:
        """When :meth:`wake` is to be called next."""
        return min(self.membership.wake_at, self.asking.wake_at, self.broadcast.wake_at)

    def introduce(self, referrals: Iterable[PeerAddress], now: float) -> list[Effect]:
        """Take the registry's referrals."""
        return self._joined(self.membership.introduce(referrals, now), now)

    def link_asked(self, link: LinkId, asking: Link, host: str, now: float) -> list[Effect]:
        """An accepted connection from ``host`` asks to become a link."""
        return self._joined(self.membership.asked(link, asking, host, now), now)

    def link_accepted(self, link: LinkId, linked: Linked, now: float) -> list[Effect]:
        """A connection that we dialed becomes a link."""
        effects = self.membership.accepted(link, linked, now)
        return self._joined(effects, now, now - self.asking.way(link))

    def link_refused(self, link: LinkId, peers: Iterable[PeerAddress], now: float) -> list[Effect]:
        """A connection that we dialed does not become a link."""
        return self._joined(self.membership.refused(link, peers, now), now)

    def lost(self, link: LinkId, bye: Bye | None, now: float) -> list[Effect]:
        """A connection is gone, or could not be made."""
        effects = self.membership.lost(link, now, bye)
        return self._joined(effects, now, now - self.asking.way(link))

    def traded(self, peers: Iterable[PeerAddress], now: float) -> list[Effect]:
        """A sample of addresses has come."""
        return self._joined(self.membership.traded(peers, now), now)

    def trade_failed(self, address: PeerAddress, now: float) -> list[Effect]:
        """Nobody was there to trade with."""
        return self._joined(self.membership.trade_failed(address, now), now)

    def ask(self, ask: Ask, now: float, patience: float = inf) -> list[Effect]:
        """Ask all other peers; see :meth:`QueryRouter.ask`."""
        return self.asking.ask(ask, now, patience)

    def publish(self, gossip: Gossip, now: float) -> list[Effect]:
        """Broadcast to all other peers."""
        return self.broadcast.publish(gossip, now)

    def wake(self, now: float) -> list[Effect]:
        """Do what is due."""
        effects = self.asking.wake(now) + self.broadcast.wake(now)
        return effects + self._joined(self.membership.wake(now), now)

    def received(self, link: LinkId, message: Message, now: float) -> list[Effect]:
        """
        Take a neighbor's message.

        :raises ProtocolError: when such a message has no place on a link.
        """
        allowance = self._allowances.get(link)
        if allowance is None:
            return []
        match message:
            case Told():
                return self.asking.told(link, message, now)
            case Gossip() | IHave() | Graft() | Prune():
                return self._gossiped(link, message, now) if allowance.gossip.take(now) else []
            case Ask():
                return self._asked(link, message, allowance, now)
            case Want() | Refuse():
                bucket = allowance.passed_on if message.route else allowance.questions
                return self._route(link, message) if bucket.take(now) else []
            case _:
                raise ProtocolError(f"{message.verb} has no place on a link")

    def send(self, message: Want | Refuse) -> list[Effect]:
        """Send a message on along its route; nothing where its first peer is no neighbor."""
        link = self.membership.link_to(message.route[0]) if message.route else None
        if link is None:
            return []
        onward = attrs.evolve(message, route=message.route[1:])
        if isinstance(onward, Want):
            passed = (*onward.via, self.membership.me.name)
            onward = attrs.evolve(onward, via=passed[: wire_limits.ROUTE_HOPS])
        return [Send(link, onward)]

    def _asked(self, link: LinkId, ask: Ask, allowance: _Allowance, now: float) -> list[Effect]:
        if not allowance.questions.take(now):
            # An answer at any rate, or we would be taken for dead.
            return [] if ask.quiet else [Send(link, Told(ask.id, cut=True))]
        is_passed_on = True
        if self.asking.is_new(ask) and len(self.tree.links) > 1:
            is_passed_on = allowance.passed_on.take(now)
        return self.asking.asked(link, ask, now, is_passed_on)

    def _gossiped(
        self, link: LinkId, message: Gossip | IHave | Graft | Prune, now: float
    ) -> list[Effect]:
        match message:
            case Gossip():
                return self.broadcast.received(link, message, now)
            case IHave(ids):
                return self.broadcast.announced(link, ids, now)
            case Graft(ids):
                return self.broadcast.grafted(link, ids, now)
            case Prune():
                self.broadcast.pruned(link)
                return []

    def _route(self, link: LinkId, message: Want | Refuse) -> list[Effect]:
        """Pass a message on, or take it, if it came the way that it says."""
        neighbor = self.membership.links[link].address
        if isinstance(message, Want) and message.via[-1:] != (neighbor.name,):
            return []
        if not message.route:
            return [Arrived(link, message)]
        effects = self.send(message)
        if not effects and isinstance(message, Want):
            reason = f"{self.membership.me.name} has no link to {message.route[0]} any more"
            return self.send(Refuse(message.ticket, reason, message.via[::-1]))
        return effects

    def _joined(
        self, effects: list[Effect], now: float, since: float | None = None
    ) -> list[Effect]:
        """
        Tell the other machines what membership says of neighbors.

        :param since: when it was so at the other end, if that was before us.
        """
        since = now if since is None else since
        for effect in list(effects):
            match effect:
                case NeighborUp(link, address, is_eager):
                    self._allowances[link] = _Allowance()
                    self.tree.add(link, is_eager)
                    self.asking.neighbor_up(link, address.name, since)
                    effects += self.broadcast.neighbor_up(link, now)
                case NeighborDown(link, _, has_died):
                    del self._allowances[link]
                    effects += self.broadcast.neighbor_down(link, self.tree.drop(link))
                    effects += self.asking.neighbor_down(link, has_died, now, since)
        return effects


def make_overlay(
    passive: PassiveView,
    ids: Iterator[LinkId],
    rng: "Random",
    know: Callable[[Ask], LocalAnswer],
    round_trip: Callable[[LinkId], float | None],
) -> Overlay:
    """
    Put a peer's machines together.

    :param ids: where the numbers of connections come from.
    :param know: what the peer itself answers to a question.
    :param round_trip: tells how long a link takes there and back, in seconds, if it is known.
    """
    me, tree = passive.me, Tree()
    asking = QueryRouter(me.name, know, tree, round_trip)
    membership = Membership(me, passive, tree, lambda: asking.is_idle, PendingDials(ids), rng)
    return Overlay(membership, tree, asking, Broadcast(tree, round_trip))
