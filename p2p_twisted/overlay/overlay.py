"""
One peer's part of the overlay, as a machine without input or output.

It joins the three machines below it: membership chooses the neighbors, and
broadcasts and queries pass along those links, or the tree among them.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import attrs
from attrs import define, field

from p2p_twisted.overlay import events, limits
from p2p_twisted.overlay.broadcast import Broadcast
from p2p_twisted.overlay.calm_shares import calm_allowance, is_calm
from p2p_twisted.overlay.effects import (
    Arrived,
    Consult,
    Effect,
    GraftHint,
    Hint,
    LinkId,
    LocalAnswer,
    NeighborDown,
    NeighborUp,
    PruneHint,
    Send,
)
from p2p_twisted.overlay.lookup_budget import LookupBudget
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.overlay.queries import QueryRouter
from p2p_twisted.overlay.round_trips import RoundTrips
from p2p_twisted.overlay.shares import price
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Ask, Gossip, Graft, IHave, Peers, Prune, Refuse, Told, Want
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random


@define
class _Allowance:
    """
    What one neighbor may still send.

    :ivar calm: those of its broadcasts that nobody waits for: fewer, so that others always come.
    :ivar passed_on: what is passed on for it; likewise, so that it cannot use up what the others
        may ask through us.
    """

    gossip: TokenBucket = field(
        factory=lambda: TokenBucket(limits.GOSSIP_PER_SECOND, limits.GOSSIP_BURST)
    )
    calm: TokenBucket = field(factory=calm_allowance)
    queries: TokenBucket = field(
        factory=lambda: TokenBucket(limits.ASKS_PER_SECOND, limits.ASKS_BURST)
    )
    passed_on: TokenBucket = field(
        factory=lambda: TokenBucket(limits.PASSED_ON_PER_SECOND, limits.PASSED_ON_BURST)
    )

    def hears(self, message: Gossip | IHave | Graft | Prune, now: float) -> bool:
        """Return whether it may still say that."""
        if not self.gossip.take(now):
            return False
        return not (isinstance(message, Gossip) and is_calm(message)) or self.calm.take(now)


@define
class Overlay:
    """The three machines of one peer, which is told every event and hands it on."""

    membership: Membership
    broadcast: Broadcast
    queries: QueryRouter
    _round_trips: RoundTrips
    _allowances: dict[LinkId, _Allowance] = field(factory=dict)
    _lookup_budget: LookupBudget = field(factory=LookupBudget)

    @property
    def wake_at(self) -> float:
        """When ``TimeCame`` is due next, in seconds on the monotonic clock."""
        return min(self.membership.wake_at, self.queries.wake_at, self.broadcast.wake_at)

    def handle(self, event: events.Event, now: float) -> list[Effect]:
        """
        Handle an event at the time ``now``, in seconds on the monotonic clock.

        :returns: what is to be done because of it, in this order.
        :raises ProtocolError: when a neighbor's message has no place on a link.
        """
        match event:
            # The frequent ones come first, and have their fields read instead of matched: both
            # are cheaper, and every line that a neighbor sends comes by here.
            case events.MessageReceived():
                return self._received(event, now)
            case events.TimeCame():
                return self._time_came(event, now)
            case events.Asked() | events.Sufficed() | events.FellBehind() | events.FellSilent():
                return self._hand_on(self.queries.handle(event, now), now)
            case events.Consulted():
                return self._consulted(event, now)
            case events.TimeSpent():
                self._lookup_budget.spend(event.link, event.seconds * self._price)
                return []
            case events.RoundTripMeasured():
                self._round_trips.measured(event.link, event.seconds)
                return []
            case events.GossipPublished():
                return self.broadcast.handle(event, now)
            case events.Dispatched():
                return self._send(event.message)
            case events.ConnectionLost():
                effects = self._join(event, now)
                self._round_trips.forget(event.link)
                return effects
            case _:
                return self._join(event, now)

    @property
    def _price(self) -> int:
        return price(len(self.membership.links))

    def sample(self, to: PeerAddress) -> Peers:
        """Draw the sample of addresses that this peer gives in an exchange."""
        me, is_closed = self.membership.me, self.membership.is_closed
        return Peers(me.name, me.port, self.membership.sample(to), is_closed)

    def _time_came(self, event: events.TimeCame, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if self.queries.wake_at <= now:
            effects += self._hand_on(self.queries.handle(event, now), now)
        if self.broadcast.wake_at <= now:
            effects += self.broadcast.handle(event, now)
        return effects + self._join(event, now)

    def _join(self, event: events.MembershipEvent, now: float) -> list[Effect]:
        """Have membership handle an event, and tell the others what it says of neighbors."""
        effects = self.membership.handle(event, now, self.queries.is_idle)
        for effect in list(effects):
            match effect:
                case NeighborUp():
                    self._allowances[effect.link] = _Allowance()
                    self._lookup_budget.neighbor_up(effect.link)
                    self.queries.handle(effect, now)
                    effects += self.broadcast.handle(effect, now)
                case NeighborDown():
                    del self._allowances[effect.link]
                    self._lookup_budget.neighbor_down(effect.link)
                    effects += self.broadcast.handle(effect, now)
                    effects += self._hand_on(self.queries.handle(effect, now), now)
        return effects

    def _hand_on(self, found: Sequence[Effect | Hint], now: float) -> list[Effect]:
        """Have broadcast, whose the tree is, act on what queries say of it."""
        effects: list[Effect] = []
        for effect in found:
            match effect:
                case GraftHint() | PruneHint():
                    effects += self.broadcast.handle(effect, now)
                case _:
                    effects.append(effect)
        return effects

    def _received(self, event: events.MessageReceived, now: float) -> list[Effect]:
        link, message = event.link, event.message
        allowance = self._allowances.get(link)
        if allowance is None:
            return []
        match message:
            case Told():
                return self._hand_on(self.queries.handle(event, now), now)
            case Gossip() | IHave() | Graft() | Prune():
                is_heard = allowance.hears(message, now)
                return self.broadcast.handle(event, now) if is_heard else self._too_much(link, now)
            case Ask():
                return self._asked(link, message, allowance, now)
            case Want() | Refuse():
                bucket = allowance.passed_on if message.route else allowance.queries
                is_taken = bucket.take(now)
                return self._route(link, message, now) if is_taken else self._too_much(link, now)
            case _:
                raise ProtocolError(f"{message.verb} has no place on a link")

    def _too_much(self, link: LinkId, now: float) -> list[Effect]:
        """Wait only briefly for a neighbor that goes beyond its allowance."""
        return self._hand_on(self.queries.handle(events.FellBehind(link), now), now)

    def _asked(self, link: LinkId, ask: Ask, allowance: _Allowance, now: float) -> list[Effect]:
        if not (allowance.queries.take(now) or self.queries.is_answer(link, ask)):
            # An answer at any rate: otherwise we would be taken for dead.
            return [] if ask.quiet else [Send(link, Told(ask.id, cut=True))]
        is_passed_on = True
        if self.queries.is_new(ask) and len(self.membership.links) > 1:
            is_passed_on = allowance.passed_on.left(now) >= self._price
            allowance.passed_on.spend(self._price if is_passed_on else 0)
        found = self.queries.handle(events.NeighborAsked(link, ask, is_passed_on), now)
        effects = self._hand_on(found, now)
        return [each for effect in effects for each in self._look_up(link, effect, now)]

    def _look_up(self, link: LinkId, effect: Effect, now: float) -> list[Effect]:
        """Have a lookup wait for its turn, or leave it out where a neighbor asks for too many."""
        if not isinstance(effect, Consult) or not self._is_dear(effect.ask):
            return [effect]
        match self._lookup_budget.begin(link, effect.ask, now):
            case "now":
                return [effect]
            case "later":
                return []
            case "never":
                return [*self._too_much(link, now), *self._cut(effect.ask, now)]

    def _is_dear(self, ask: Ask) -> bool:
        """Return whether the library must be searched for it, and not only the links listed."""
        is_cheap = ask.what == "topo" or ask.offer is not None
        return not is_cheap and ask.peer in (None, self.membership.me.name)

    def _consulted(self, event: events.Consulted, now: float) -> list[Effect]:
        effects = self._hand_on(self.queries.handle(event, now), now)
        seconds = event.answer.seconds * self._price
        following, given_up = self._lookup_budget.ended(event.id, seconds, now)
        for ask in given_up:
            effects += self._cut(ask, now)
        return effects if following is None else [*effects, Consult(following)]

    def _cut(self, ask: Ask, now: float) -> list[Effect]:
        """Answer a question without having looked anything up."""
        nothing = events.Consulted(ask.id, LocalAnswer(cut=True))
        return self._hand_on(self.queries.handle(nothing, now), now)

    def _route(self, link: LinkId, message: Want | Refuse, now: float) -> list[Effect]:
        """Pass a message on, or deliver it, if it came the way that it says."""
        neighbor = self.membership.links[link].address
        if isinstance(message, Want) and message.via[-1:] != (neighbor.name,):
            return []
        if not message.route:
            if isinstance(message, Want) and not self._lookup_budget.has_time(link, now):
                busy = Refuse(message.ticket, "busy", message.via[::-1])
                return [*self._too_much(link, now), *self._send(busy)]
            return [Arrived(link, message)]
        effects = self._send(message)
        if not effects and isinstance(message, Want):
            reason = f"{self.membership.me.name} has no link to {message.route[0]} any more"
            return self._send(Refuse(message.ticket, reason, message.via[::-1]))
        return effects

    def _send(self, message: Want | Refuse) -> list[Effect]:
        """Send a message on along its route; nothing where its first peer is no neighbor."""
        link = self.membership.links.link_to(message.route[0]) if message.route else None
        if link is None:
            return []
        onward = attrs.evolve(message, route=message.route[1:])
        if isinstance(onward, Want):
            passed = (*onward.via, self.membership.me.name)
            onward = attrs.evolve(onward, via=passed[: wire_limits.ROUTE_HOPS])
        return [Send(link, onward)]


def make_overlay(
    passive: PassiveView,
    ids: Iterator[LinkId],
    rng: "Random",
    limit: DialLimit | None = None,
    leaves_most: int = limits.LEAVES_MOST,
) -> Overlay:
    """
    Put a peer's machines together.

    :param ids: where the numbers of connections come from.
    :param limit: of dials that fail; one of the overlay's own by default.
    :param leaves_most: how many peers it is linked with that others cannot dial.
    """
    dials = PendingDials(ids, limit or DialLimit())
    me, round_trips = passive.me, RoundTrips()
    broadcast = Broadcast(round_trips)
    membership = Membership(
        me, passive, tree=broadcast.tree, round_trips=round_trips, dials=dials, rng=rng
    )
    membership.places.leaves_most = leaves_most
    queries = QueryRouter(me.name, broadcast.tree, round_trips)
    return Overlay(membership, broadcast, queries, round_trips)
