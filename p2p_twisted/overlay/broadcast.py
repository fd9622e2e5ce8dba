"""
Broadcasts: each is delivered once to every peer.

A flood with duplicates suppressed, which is the cold start of Plumtree (Leitão
et al., SRDS 2007), and a greeting: a new link starts with the ids of recent
broadcasts, so that a message survives the loss of the links it would have come by.
"""

from collections import OrderedDict
from typing import Final

import attrs
from attrs import define, field, frozen

from p2p_twisted.overlay.effects import Deliver, Effect, LinkId, Send
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Gossip, Graft, IHave
from p2p_twisted.wire.names import MessageId

_OVERHEAD_BYTES: Final = 512


@frozen
class _Kept:
    """A broadcast that others may still ask for."""

    gossip: Gossip
    since: float

    def aged(self, now: float) -> Gossip:
        """Make the copy to pass on: older by the time it was kept, and one hop further."""
        age = min(self.gossip.age + now - self.since, limits.GOSSIP_LIFE_SECONDS)
        return attrs.evolve(self.gossip, age=age, hops=self.gossip.hops + 1)

    @property
    def size(self) -> int:
        return len(self.gossip.text) + _OVERHEAD_BYTES


@define
class Broadcast:
    """
    What one peer knows of broadcasts.

    Every method returns what is to be done because of it; ``now`` is in
    seconds on the monotonic clock.

    :ivar links: the present links; others are not listened to.
    """

    links: dict[LinkId, None] = field(factory=dict)
    _seen: "OrderedDict[MessageId, None]" = field(factory=OrderedDict)
    _kept: "OrderedDict[MessageId, _Kept]" = field(factory=OrderedDict)
    _kept_bytes: int = 0

    def publish(self, gossip: Gossip, now: float) -> list[Effect]:
        """Send a broadcast of our own; it is not delivered here."""
        self._see(gossip.id)
        self._keep(gossip, now)
        return self._spread(gossip, now, besides=None)

    def received(self, link: LinkId, gossip: Gossip, now: float) -> list[Effect]:
        """Deliver a broadcast and pass it on, if it is new and still alive."""
        if link not in self.links or gossip.id in self._seen:
            return []
        self._see(gossip.id)
        if gossip.age > gossip.life:
            return []
        self._keep(gossip, now)
        return [Deliver(gossip), *self._spread(gossip, now, besides=link)]

    def announced(self, link: LinkId, ids: tuple[MessageId, ...]) -> list[Effect]:
        """Ask for those of a neighbor's broadcasts that are new here."""
        missing = tuple(id_ for id_ in ids if id_ not in self._seen)
        return [Send(link, Graft(missing))] if missing and link in self.links else []

    def grafted(self, link: LinkId, ids: tuple[MessageId, ...], now: float) -> list[Effect]:
        """Give a neighbor the broadcasts it asks for."""
        self._expire(now)
        wanted = [self._kept[id_] for id_ in dict.fromkeys(ids) if id_ in self._kept]
        return [Send(link, kept.aged(now), sheddable=True) for kept in wanted]

    def neighbor_up(self, link: LinkId, now: float) -> list[Effect]:
        """Greet a new neighbor with the ids of what is still alive."""
        self.links[link] = None
        self._expire(now)
        recent = tuple(self._kept)[-limits.IDS_PER_LINE :]
        return [Send(link, IHave(recent), sheddable=True)] if recent else []

    def neighbor_down(self, link: LinkId) -> None:
        """Forget a link."""
        self.links.pop(link, None)

    def _spread(self, gossip: Gossip, now: float, besides: LinkId | None) -> list[Effect]:
        if gossip.hops >= limits.GOSSIP_HOPS:
            return []
        copy = _Kept(gossip, now).aged(now)
        return [Send(link, copy, sheddable=True) for link in self.links if link != besides]

    def _see(self, id_: MessageId) -> None:
        self._seen[id_] = None
        if len(self._seen) > limits.SEEN_IDS:
            self._seen.popitem(last=False)

    def _keep(self, gossip: Gossip, now: float) -> None:
        kept = _Kept(gossip, now)
        self._kept[gossip.id] = kept
        self._kept_bytes += kept.size
        self._expire(now)
        while self._kept_bytes > limits.PAYLOAD_CACHE_BYTES:
            self._drop(next(iter(self._kept)))

    def _expire(self, now: float) -> None:
        for id_, kept in list(self._kept.items()):
            if kept.gossip.age + now - kept.since > kept.gossip.life:
                self._drop(id_)

    def _drop(self, id_: MessageId) -> None:
        self._kept_bytes -= self._kept.pop(id_).size
