"""
Choose neighbors: HyParView's two views (Leitão et al., DSN 2007), without its walks.

A peer seeks 5 links and refuses above 7, unless whoever asks has none. See docs/overlay.md.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from attrs import define, field

from p2p_twisted.overlay import events, limits
from p2p_twisted.overlay.admission import Admission
from p2p_twisted.overlay.backoff import FIRST_BACKOFF_SECONDS, Backoff
from p2p_twisted.overlay.candidates import Candidates, Why
from p2p_twisted.overlay.claims import Claims
from p2p_twisted.overlay.effects import (
    Close,
    Effect,
    LinkId,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.neighbors import Neighbor, Neighbors
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.overlay.places import Places, Room
from p2p_twisted.overlay.rewiring import RewireTimer
from p2p_twisted.overlay.round_trips import RoundTrips
from p2p_twisted.overlay.tree import TreeView
from p2p_twisted.wire.messages import Busy, Bye, Linked
from p2p_twisted.wire.names import PeerAddress

if TYPE_CHECKING:
    from random import Random

_EXCHANGE_SECONDS: Final = (10.0, 30.0)
_AT_ONCE_SECONDS: Final = 1.0


@define
class Membership:
    """
    The links of one peer, and how it gets others.

    :ivar passive: where other links could come from.
    :ivar tree: which links are worth the most.
    :ivar links: the present neighbors.
    :ivar places: how many there may be.
    :ivar is_closed: whether others cannot dial this peer.
    :ivar wake_at: when ``TimeCame`` is due next, in seconds on the monotonic clock.
    """

    me: PeerAddress
    passive: PassiveView
    tree: TreeView
    _round_trips: RoundTrips
    _dials: PendingDials
    rng: "Random"
    links: Neighbors = field(factory=Neighbors)
    is_closed: bool = False
    wake_at: float = 0.0
    _candidates: Candidates = field(init=False)
    _claims: Claims = field(init=False)
    places: Places = field(init=False)
    _backoff: Backoff = field(init=False)
    _exchange_at: float = 0.0
    _rewiring: RewireTimer = field(init=False)
    _admission: Admission = field(factory=Admission)
    _is_seeking: bool = True
    _is_accepting: bool = True
    _is_idle: bool = True
    # When what happens now happened at the other end of the connection.
    _since: float = 0.0

    def __attrs_post_init__(self) -> None:
        self._candidates = Candidates(self.passive, self.rng)
        self._backoff = Backoff(self.rng)
        self._claims = Claims(self.links, self.passive, self._dials)
        self._rewiring = RewireTimer(self.rng)
        self.places = Places(self.links, self.tree)

    def handle(
        self, event: events.MembershipEvent, now: float, is_idle: bool = True
    ) -> list[Effect]:
        """
        Handle an event at the time ``now``, in seconds on the monotonic clock.

        :param is_idle: whether no query is under way whose answer could be lost with a link.
        :returns: what is to be done because of it.
        """
        self._is_idle, self._since = is_idle, now
        match event:
            case events.TimeCame():
                return self._wake(now)
            case events.LinkAsked():
                return self._asked(event, now)
            case events.LinkAccepted():
                self._since = now - self._round_trips.one_way(event.link)
                return self._accepted(event, now)
            case events.LinkRefused():
                return self._refused(event, now)
            case events.ConnectionLost():
                self._since = now - self._round_trips.one_way(event.link)
                return self._lost(event, now)
            case events.Referred(referrals):
                self._candidates.introduce(referrals)
                self._rewiring.begin(now)
                if not self.links:
                    self._backoff.skip(now)
                return self._claims.referred(referrals, now) + self._seek(now)
            case events.PeersExchanged(address, peers, is_dialed, is_closed):
                if is_dialed:
                    self._claims.confirmed(address, now)
                self.passive.learned(peers if is_dialed or is_closed else (address, *peers))
            case events.ExchangeFailed(address):
                self.passive.failed(address, now)
                self._rewiring.hurry(now)
                return self._claims.unanswered(address, now) + self._seek(now)
            case events.ReachFound(is_closed):
                self.is_closed = self._dials.is_closed = is_closed
            case events.SeekingEnded():
                self._is_seeking = False
            case events.LinkingEnded():
                self._is_seeking = self._is_accepting = False
        return self._seek(now)

    @property
    def is_linking(self) -> bool:
        """Whether it has no link, but dials that might become one."""
        return not self.links and len(self._dials) > 0

    def sample(self, exclude: PeerAddress | None = None) -> tuple[PeerAddress, ...]:
        """Draw addresses to give to another peer."""
        sample = self.passive.sample(each.address for each in self.links.core.values())
        return tuple(a for a in sample if a != exclude) if exclude in sample else sample

    def _asked(self, event: events.LinkAsked, now: float) -> list[Effect]:
        link, asking = event.link, event.asking
        address = PeerAddress(asking.name, event.host, asking.port)
        if not self._is_accepting:
            return [Close(link, Bye("stopping"))]
        if address.name == self.me.name:
            return [Close(link)]
        existing = self.links.link_to(address.name)
        if existing is not None:
            return [Close(link, Bye("duplicate")), *self._claims.again(existing, address, now)]
        crossing = self._dials.find(address.name)
        if crossing is not None and self._dials.goes_on(crossing, self.me, address, asking.closed):
            return [Close(link, Bye("duplicate"))]
        room = self.places.for_asking(event, self._is_idle, now)
        if room.is_barred or not self._admission.grants(event, room.taken, room.is_full, now):
            self.passive.learned([] if asking.closed else [address])
            return [Send(link, Busy(self.sample(address))), Close(link)]
        effects: list[Effect] = [Send(link, Linked(self.sample(address)))]
        if crossing is not None and self._dials.end(crossing.link):
            effects.append(Close(crossing.link))
        claimed = Neighbor(address, now, is_leaf=asking.closed, was_alone=asking.alone)
        effects += self._gain(link, claimed, asking.why, asking.alone, room)
        # Whoever makes an address up is to be the next one to make room.
        return effects + self._dials.exchanges(self.links.to_check() if room.is_full else (), now)

    def _accepted(self, event: events.LinkAccepted, now: float) -> list[Effect]:
        link, dial = event.link, self._dials.end(event.link)
        self.passive.learned(event.linked.peers)
        existing = None if dial is None else self.links.link_to(dial.address.name)
        is_ours = dial is not None and (
            existing is None or self._claims.is_right(existing, dial.address)
        )
        if dial is None or not is_ours or not self._is_accepting:
            return [Close(link, Bye("duplicate"))]
        effects = [] if existing is None else self._end(existing, "duplicate")
        self._claims.confirmed(dial.address, now)
        room = self.places.for_core(dial.why, self._is_idle, now)
        # One that was asked for as the first one, and is not, takes nobody else's place.
        if room.is_barred or (self.is_closed and dial.alone and self.links):
            return [Close(link, Bye("evicted", self.sample(dial.address))), *self._seek(now)]
        neighbor = Neighbor(dial.address, now, is_dialed=True, is_verified=True)
        return effects + self._gain(link, neighbor, dial.why, dial.alone, room)

    def _refused(self, event: events.LinkRefused, now: float) -> list[Effect]:
        dial = self._dials.end(event.link)
        self.passive.learned(event.peers)
        if dial is not None:
            # A refusal, too, proves that the peer is alive.
            self._claims.refused(dial.address, event.is_duplicate, now)
        if dial is not None and dial.why != "mix":
            self._backoff.refused(now)
        return self._seek(now)

    def _lost(self, event: events.ConnectionLost, now: float) -> list[Effect]:
        link, bye, dial = event.link, event.bye, self._dials.end(event.link)
        if dial is not None:
            self._claims.failed(dial.address, now)
            if dial.why == "mix":
                self._rewiring.failed(now)
        neighbor = self.links.pop(link, None)
        if neighbor is None:
            return self._seek(now)
        address = neighbor.address
        self._backoff.reset()
        self._backoff.skip(now)
        if bye is not None:
            self.passive.learned(bye.peers)
            self._admission.ended(address, bye, now)
        if bye is not None and bye.why == "evicted":
            # Not as confirmed: the peer that asked for the link may have made its address up.
            self.passive.learned([] if neighbor.is_leaf else [address])
        else:
            self.passive.forget(address)
        is_brief = neighbor.is_dialed and now - neighbor.since < _AT_ONCE_SECONDS
        if is_brief and (self.links or not self.is_closed):
            # Who takes every link and ends it is not to be dialed again and again; but a closed
            # peer may have no other to dial.
            self.passive.failed(address, now)
        elif is_brief:
            self._backoff.refused(now)
        has_died = bye is None and self._is_seeking
        if has_died:
            self._candidates.hurry(now)
        return [NeighborDown(link, address, has_died, self._since), *self._seek(now)]

    def _wake(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if now >= self._exchange_at:
            self._exchange_at = now + self.rng.uniform(*_EXCHANGE_SECONDS)
            if self._is_seeking:
                strangers = (a for a in self.passive.shuffled() if self._is_stranger(a, now))
                effects += self._dials.exchanges(islice(strangers, 1), now)
        return effects + self._rewire(now) + self._seek(now)

    def _rewire(self, now: float) -> list[Effect]:
        """Dial a peer of the book for one link more; another link makes room for it."""
        if now < self._rewiring.at or (not self._is_idle and self._rewiring.wait(now)):
            return []
        self._rewiring.go_on(now)
        if not self._is_seeking or len(self.links.core) < limits.LINKS_SOUGHT:
            return []
        chosen = self._candidates.draw_to_mix(partial(self._is_stranger, now=now), now)
        return self._dial(chosen, now)

    def _seek(self, now: float) -> list[Effect]:
        """Dial for as many links as are missing, unless it is too early to."""
        effects: list[Effect] = []
        missing = limits.LINKS_SOUGHT - len(self.links.core) - len(self._dials)
        if missing > 0 and self._is_seeking and now >= self._backoff.until:
            missing = min(missing, self._dials.left(now))
            chosen = self._candidates.draw(missing, partial(self._is_stranger, now=now), now)
            effects = self._dial(chosen, now)
        self.wake_at = min(self._exchange_at, self._next_seek(now), self._rewiring.at)
        return effects

    def _dial(self, chosen: Iterator[tuple[PeerAddress, Why]], now: float) -> list[Effect]:
        alone = not self.links.core
        return [self._dials.begin(address, why, alone, now) for address, why in chosen]

    def _next_seek(self, now: float) -> float:
        if not self._is_seeking or len(self.links.core) + len(self._dials) >= limits.LINKS_SOUGHT:
            return self._exchange_at
        if self._backoff.until > now:
            return self._backoff.until
        if not self._dials.left(now):
            return now + 1 / limits.LINKS_DIALED_PER_SECOND
        return max(self._candidates.book_at, now + FIRST_BACKOFF_SECONDS)

    def _is_stranger(self, address: PeerAddress, now: float) -> bool:
        """Return whether an address is worth a dial; no second one while a dial is under way."""
        if address.name == self.me.name or self.links.link_to(address.name) is not None:
            return False
        may_begin = self._dials.may_begin(address, now) and self.passive.may_try(address, now)
        return may_begin and not self._admission.is_paused(address, now)

    def _gain(
        self, link: LinkId, neighbor: Neighbor, why: Why, is_eager: bool, room: Room
    ) -> list[Effect]:
        """
        Begin a link, in the place of another one if there are too many.

        :param is_eager: whether whoever asked for it had no other: otherwise it is in the tree.
        """
        most = room.most - 1
        if why == "mix" and not neighbor.is_leaf:
            # More links make shorter paths and dearer floods: this settles at about 6.3.
            most = self.rng.randint(limits.LINKS_SOUGHT, most)
        now, address = neighbor.since, neighbor.address
        is_over = len(room.taken) > most and bool(room.pool)
        effects = self._end(self.rng.choice(room.pool), "evicted") if is_over else []
        self.links[link] = neighbor
        self.passive.forget(address)
        self._backoff.reset()
        return [*effects, NeighborUp(link, address, is_eager, self._since), *self._seek(now)]

    def _end(self, link: LinkId, why: Literal["evicted", "duplicate"]) -> list[Effect]:
        ended = self.links.pop(link)
        self.passive.learned([] if ended.is_leaf else [ended.address])
        bye = Bye(why, self.sample(ended.address))
        return [NeighborDown(link, ended.address, False, self._since), Close(link, bye)]
