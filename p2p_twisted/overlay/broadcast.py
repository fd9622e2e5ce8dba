"""
Broadcasts: each is delivered once to every peer (Plumtree: Leitão et al., SRDS 2007).

A broadcast's text passes along a tree; on the other links only its id is announced, and a
peer that does not get the text in time asks for it, which mends the tree. Urgent broadcasts
go by every link. docs/overlay.md says what is not Plumtree's here.
"""

from collections import OrderedDict
from collections.abc import Collection
from math import inf
from typing import Final

import attrs
from attrs import define, field, frozen

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.calm_shares import CalmShares
from p2p_twisted.overlay.effects import (
    Deliver,
    Effect,
    GraftHint,
    Hint,
    LinkId,
    NeighborChange,
    NeighborDown,
    NeighborUp,
    PruneHint,
    Send,
)
from p2p_twisted.overlay.events import GossipPublished, MessageReceived, TimeCame
from p2p_twisted.overlay.round_trips import RoundTrips
from p2p_twisted.overlay.seen import Seen
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Gossip, Graft, IHave, Prune
from p2p_twisted.wire.names import MessageId

_OVERHEAD_BYTES: Final = 512
# A good tree of 10,000 peers is that deep, seen from anywhere; a better one would never rest.
_DEEP_HOPS: Final = 14
_GREETING_SECONDS: Final = 2.0
_ROUND_TRIPS: Final = 3.0
_SHORTEST_GRAFT_SECONDS: Final = 0.2
_LONGEST_GRAFT_SECONDS: Final = 5.0

BroadcastEvent = MessageReceived | GossipPublished | NeighborChange | Hint | TimeCame


@frozen
class _Kept:
    """A broadcast that others may still ask for."""

    gossip: Gossip
    since: float

    def aged(self, now: float) -> Gossip:
        """Return the copy to pass on: older by the time it was kept, and one hop further."""
        age = min(self.gossip.age + now - self.since, wire_limits.GOSSIP_LIFE_SECONDS)
        hops = min(self.gossip.hops + 1, wire_limits.GOSSIP_HOPS)
        return attrs.evolve(self.gossip, age=age, hops=hops)

    @property
    def size(self) -> int:
        return len(self.gossip.text) + _OVERHEAD_BYTES


@define
class _Missing:
    """
    A broadcast that was announced and has not come.

    :ivar first: the link that announced it first.
    :ivar announcers: the links that announced it and were not asked yet.
    :ivar graft_at: when to ask the next of them.
    """

    first: LinkId
    announcers: list[LinkId]
    graft_at: float


@define
class Broadcast:
    """
    What one peer knows of broadcasts.

    :ivar tree: the present links; messages of others are ignored.
    """

    _round_trips: RoundTrips
    tree: Tree = field(factory=Tree)
    _seen: Seen = field(factory=Seen)
    _kept: "OrderedDict[MessageId, _Kept]" = field(factory=OrderedDict)
    _kept_bytes: int = 0
    _missing: dict[MessageId, _Missing] = field(factory=dict)
    # Links that have not announced anything yet, and since when: the greeting comes first.
    _fresh: dict[LinkId, float] = field(factory=dict)
    # Whether a link of the tree was lost when there was no other to put in its place.
    _is_torn: bool = False
    _calm: CalmShares = field(factory=CalmShares)

    @property
    def wake_at(self) -> float:
        """When ``TimeCame`` is due next; infinity means not at all."""
        if not self._missing:
            return inf
        return min(missing.graft_at for missing in self._missing.values())

    def handle(self, event: BroadcastEvent, now: float) -> list[Effect]:
        """
        Handle an event at the time ``now``, in seconds on the monotonic clock.

        :returns: what is to be done because of it.
        """
        match event:
            case MessageReceived():
                return self._received(event, now) if event.link in self.tree else []
            case GossipPublished(gossip):
                # It is not delivered here.
                self._seen.add(gossip.id)
                self._keep(gossip, now)
                self._calm.said(gossip, now)
                return self._spread(gossip, now)
            case TimeCame():
                return self._wake(now)
            case NeighborUp(link, _, is_eager):
                self.tree.add(link, is_eager)
                self._calm.neighbor_up(link)
                return self._greet(link, now)
            case NeighborDown(link):
                return self._forget(link, was_eager=self.tree.drop(link))
            case GraftHint(link):
                return self._graft(link, ())
            case PruneHint(link):
                return self._prune(link)

    def _received(self, event: MessageReceived, now: float) -> list[Effect]:
        link, message = event.link, event.message
        match message:
            case Gossip():
                return self._deliver(link, message, now)
            case IHave():
                return self._announced(link, message.ids, now)
            case Graft():
                return self._grafted(link, message.ids, now)
            case Prune():
                self._fresh.pop(link, None)
                self.tree.prune(link)
        return []

    def _deliver(self, link: LinkId, gossip: Gossip, now: float) -> list[Effect]:
        """Deliver a broadcast and pass it on, if it is new and still alive."""
        self._fresh.pop(link, None)
        if self._has_had(gossip.id):
            # An urgent one goes by every link: that says nothing about the tree.
            return [] if gossip.urgent else self._prune(link)
        self._seen.add(gossip.id)
        missing = self._missing.pop(gossip.id, None)
        others = [] if missing is None else missing.announcers
        effects = [] if gossip.urgent else self._settle(link, gossip.hops, others)
        if gossip.age > gossip.life:
            return effects
        if not self._calm.take(link, gossip, now):
            return [Deliver(gossip, link, is_passed_on=False), *effects]
        self._keep(gossip, now)
        # A neighbor that has announced it has it.
        return [Deliver(gossip, link), *effects, *self._spread(gossip, now, (link, *others))]

    def _announced(self, link: LinkId, ids: tuple[MessageId, ...], now: float) -> list[Effect]:
        """Record what a neighbor has; ask at once for what it had before we met."""
        unknown = tuple(id_ for id_ in ids if not self._has_had(id_))
        is_greeting = now - self._fresh.pop(link, -inf) < _GREETING_SECONDS
        if is_greeting:
            return self._graft(link, unknown) if unknown else []
        # Each link has a share: otherwise one that makes ids up would keep others' out.
        share = limits.MISSING_MOST // max(wire_limits.LINKS_MOST, len(self.tree.links))
        pending = sum(missing.first == link for missing in self._missing.values())
        room = min(share - pending, limits.MISSING_MOST - len(self._missing))
        for id_ in unknown[: max(0, room)]:
            self._missing.setdefault(id_, _Missing(link, [], now + self._patience()))
        for id_ in unknown:
            if id_ in self._missing and link not in self._missing[id_].announcers:
                self._missing[id_].announcers.append(link)
        return []

    def _grafted(self, link: LinkId, ids: tuple[MessageId, ...], now: float) -> list[Effect]:
        """Push to a neighbor from now on, and give it what it asks for."""
        self.tree.graft(link)
        self._expire(now)
        wanted = [self._kept[id_] for id_ in dict.fromkeys(ids) if id_ in self._kept]
        return [Send(link, kept.aged(now), sheddable=True) for kept in wanted]

    def _greet(self, link: LinkId, now: float) -> list[Effect]:
        """Greet a new neighbor with the ids of what is still alive."""
        self._fresh[link] = now
        self._expire(now)
        recent = tuple(self._kept)[-wire_limits.IDS_PER_LINE :]
        greeting: list[Effect] = [Send(link, IHave(recent), sheddable=True)] if recent else []
        if not self._is_torn:
            return greeting
        self._is_torn = False
        return [*greeting, *self._graft(link, ())]

    def _forget(self, link: LinkId, was_eager: bool) -> list[Effect]:
        """Forget a link; if it was one of the tree, have all others push again."""
        self._fresh.pop(link, None)
        self._calm.neighbor_down(link)
        for id_, missing in list(self._missing.items()):
            if link in missing.announcers:
                missing.announcers.remove(link)
            if missing.first == link and not missing.announcers:
                # Otherwise a peer that comes back again and again has a share each time.
                del self._missing[id_]
        if not was_eager:
            return []
        others = self.tree.lazy
        self._is_torn = not others
        effects: list[Effect] = []
        for other in others:
            effects += self._graft(other, ())
        return effects

    def _wake(self, now: float) -> list[Effect]:
        """Ask for what was announced and has not come."""
        effects: list[Effect] = []
        for id_, missing in list(self._missing.items()):
            if now < missing.graft_at:
                continue
            if not missing.announcers:
                del self._missing[id_]
                continue
            effects += self._graft(missing.announcers.pop(0), (id_,))
            missing.graft_at = now + self._patience()
        return effects

    def _has_had(self, id_: MessageId) -> bool:
        # However many came since: what is kept is not forgotten.
        return id_ in self._kept or id_ in self._seen

    def _graft(self, link: LinkId, ids: tuple[MessageId, ...]) -> list[Effect]:
        self.tree.graft(link)
        return [Send(link, Graft(ids))]

    def _prune(self, link: LinkId) -> list[Effect]:
        return [Send(link, Prune())] if self.tree.prune(link) else []

    def _settle(self, link: LinkId, hops: int, others: list[LinkId]) -> list[Effect]:
        """
        Choose which link is to bring broadcasts from where one came from.

        That is the link it came by or, if that was a long way, one of those at whose other
        ends it was earlier. They did not have it from us: so the tree stays one.
        """
        self.tree.is_shaped, self._is_torn = True, False
        if hops <= _DEEP_HOPS or not others or link in others:
            self.tree.graft(link)
            return []
        self.tree.prune(link)
        return [*self._graft(others[0], ()), Send(link, Prune())]

    def _patience(self) -> float:
        """Return how long the tree may take to bring what a shortcut has announced."""
        slowest = self._round_trips.slowest(self.tree.links)
        return min(max(_ROUND_TRIPS * slowest, _SHORTEST_GRAFT_SECONDS), _LONGEST_GRAFT_SECONDS)

    def _spread(self, gossip: Gossip, now: float, besides: Collection[LinkId] = ()) -> list[Effect]:
        if gossip.hops >= wire_limits.GOSSIP_HOPS:
            return []
        copy = _Kept(gossip, now).aged(now)
        announcement = IHave((gossip.id,))
        return [
            Send(
                link,
                copy if gossip.urgent or self.tree.is_eager(link) else announcement,
                sheddable=True,
            )
            for link in self.tree.links
            if link not in besides
        ]

    def _keep(self, gossip: Gossip, now: float) -> None:
        kept = _Kept(gossip, now)
        self._kept[gossip.id] = kept
        self._kept_bytes += kept.size
        while self._kept_bytes > limits.PAYLOAD_CACHE_BYTES:
            self._drop(next(iter(self._kept)))

    def _expire(self, now: float) -> None:
        for id_, kept in list(self._kept.items()):
            if kept.gossip.age + now - kept.since > kept.gossip.life:
                self._drop(id_)

    def _drop(self, id_: MessageId) -> None:
        self._kept_bytes -= self._kept.pop(id_).size
