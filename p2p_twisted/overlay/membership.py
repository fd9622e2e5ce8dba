"""
Who links with whom: HyParView's two views (Leitão et al., DSN 2007), without its walks.

A peer seeks 5 links and refuses above 7. Peers without any link are never
refused: a link makes room for them. The slack of two is what keeps a
full network from refusing its last peers for ever. Ever more rarely, a peer
swaps a link for one with a peer of its book: that mixes those who came
together, and joins again what was cut apart.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.admission import Admission
from p2p_twisted.overlay.candidates import Candidates, Why
from p2p_twisted.overlay.effects import (
    Close,
    Effect,
    Exchange,
    LinkId,
    NeighborDown,
    NeighborUp,
    Send,
)
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.overlay.rewiring import RewireTimer
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Busy, Bye, Link, Linked
from p2p_twisted.wire.names import PeerAddress, PeerName

if TYPE_CHECKING:
    from random import Random

_FIRST_BACKOFF_SECONDS: Final = 0.25
_LONGEST_BACKOFF_SECONDS: Final = 10.0
_TRADE_SECONDS: Final = (10.0, 30.0)
_YOUNG_SECONDS: Final = 60.0
_AT_ONCE_SECONDS: Final = 1.0


@frozen
class Neighbor:
    """Who is at the other end of a link, since when, and whether it was we who dialed."""

    address: PeerAddress
    since: float
    is_dialed: bool


@define
class Membership:
    """
    The links of one peer, and how it gets others.

    Every method returns what is to be done because of it. ``now`` is in
    seconds on the monotonic clock.

    :ivar passive: where other links could come from.
    :ivar tree: which links are worth the most.
    :ivar is_idle: tells whether no question is under way, whose answer could be lost
        with a link.
    :param attempts: what it dials.
    :ivar links: the present neighbors.
    :ivar wake_at: when :meth:`wake` is to be called next.
    """

    me: PeerAddress
    passive: PassiveView
    tree: Tree
    is_idle: Callable[[], bool]
    _attempts: PendingDials
    rng: "Random"
    links: dict[LinkId, Neighbor] = field(factory=dict)
    wake_at: float = 0.0
    _candidates: Candidates = field(init=False)
    _backoff: float = 0.0
    _seek_at: float = 0.0
    _trade_at: float = 0.0
    _mixing: RewireTimer = field(init=False)
    _admission: Admission = field(factory=Admission)
    _is_seeking: bool = True
    _is_taking: bool = True

    def __attrs_post_init__(self) -> None:
        self._candidates = Candidates(self.passive, self.rng)
        self._mixing = RewireTimer(self.rng)

    def introduce(self, referrals: Iterable[PeerAddress], now: float) -> list[Effect]:
        """Take the registry's referrals: they are asked first, as a newcomer asks."""
        self._candidates.introduce(list(referrals))
        self._mixing.begin(now)
        if not self.links:
            self._seek_at = now
        return self._seek(now)

    def seek_no_more(self) -> None:
        """From now on seek no links; whoever comes is taken, and hears what the others heard."""
        self._is_seeking = False

    def stop(self) -> None:
        """From now on refuse links and seek none."""
        self._is_seeking = self._is_taking = False

    @property
    def is_linking(self) -> bool:
        """Whether it has no link, but attempts that might become one."""
        return not self.links and len(self._attempts) > 0

    def link_to(self, name: PeerName) -> LinkId | None:
        """Find the link to a neighbor."""
        for link, neighbor in self.links.items():
            if neighbor.address.name == name:
                return link
        return None

    def sample(self, exclude: PeerAddress | None = None) -> tuple[PeerAddress, ...]:
        """Draw addresses to give to somebody."""
        sample = self.passive.sample(neighbor.address for neighbor in self.links.values())
        return tuple(address for address in sample if address != exclude)

    def asked(self, link: LinkId, asking: Link, host: str, now: float) -> list[Effect]:
        """
        Decide whether a connection that was accepted becomes a link.

        :param host: where the connection comes from.
        """
        address = PeerAddress(asking.name, host, asking.port)
        if not self._is_taking:
            return [Close(link, Bye("stopping"))]
        if address.name == self.me.name:
            return [Close(link)]
        crossing = self._attempts.find(address.name)
        # Of two dials that cross, the one dialed by the smaller name stays.
        keeps_own = crossing is not None and self.me.name < address.name
        if keeps_own or self.link_to(address.name) is not None:
            return [Close(link, Bye("duplicate"))]
        is_full = len(self.links) >= wire_limits.LINKS_MOST
        has_room = not is_full or bool(self._expendable(asking.why, now))
        if not (has_room and self._admission.grants(asking, host, is_full, now)):
            self.passive.hear([address])
            return [Send(link, Busy(self.sample(address))), Close(link)]
        effects: list[Effect] = [Send(link, Linked(self.sample(address)))]
        if crossing is not None:
            self._attempts.end(crossing)
            effects.append(Close(crossing))
        neighbor = Neighbor(address, now, is_dialed=False)
        return effects + self._gain(link, neighbor, asking.why, asking.alone)

    def accepted(self, link: LinkId, linked: Linked, now: float) -> list[Effect]:
        """Our request for a link was accepted."""
        attempt = self._attempts.end(link)
        self.passive.hear(linked.peers)
        is_duplicate = attempt is not None and self.link_to(attempt.address.name) is not None
        if attempt is None or is_duplicate or not self._is_taking:
            return [Close(link, Bye("duplicate"))]
        self.passive.met(attempt.address)
        if len(self.links) >= wire_limits.LINKS_MOST and not self._expendable(attempt.why, now):
            return [Close(link, Bye("evicted", self.sample(attempt.address)))]
        neighbor = Neighbor(attempt.address, now, is_dialed=True)
        return self._gain(link, neighbor, attempt.why, attempt.alone)

    def refused(self, link: LinkId, peers: Iterable[PeerAddress], now: float) -> list[Effect]:
        """Our request for a link was refused, by somebody who is alive."""
        attempt = self._attempts.end(link)
        self.passive.hear(peers)
        if attempt is not None:
            self.passive.met(attempt.address)
        if attempt is not None and attempt.why != "mix":
            longer = max(2 * self._backoff, _FIRST_BACKOFF_SECONDS)
            self._backoff = min(longer, _LONGEST_BACKOFF_SECONDS)
            self._seek_at = now + self._backoff * self.rng.uniform(0.5, 1.5)
        return self._seek(now)

    def lost(self, link: LinkId, now: float, bye: Bye | None = None) -> list[Effect]:
        """
        A connection has ended, linked or not yet, or could not be made.

        :param bye: the last word that came, if one did.
        """
        attempt = self._attempts.end(link)
        if attempt is not None:
            self.passive.failed(attempt.address, now)
            if attempt.why == "mix":
                self._mixing.failed(now)
        neighbor = self.links.pop(link, None)
        if neighbor is None:
            return self._seek(now)
        address = neighbor.address
        self._backoff = 0.0
        self._seek_at = now
        if bye is not None:
            self.passive.hear(bye.peers)
        if bye is not None and bye.why == "evicted":
            # Not as reached: whoever asked for the link may have made its address up.
            self.passive.hear([address])
        else:
            self.passive.forget(address)
        if neighbor.is_dialed and now - neighbor.since < _AT_ONCE_SECONDS:
            # Or whoever takes every link and ends it would be dialed again and again.
            self.passive.failed(address, now)
        has_died = bye is None and self._is_seeking
        if has_died:
            self._candidates.hurry(now)
        return [NeighborDown(link, address, has_died), *self._seek(now)]

    def traded(self, peers: Iterable[PeerAddress], now: float) -> list[Effect]:
        """Somebody gave us a sample."""
        self.passive.hear(peers)
        return self._seek(now)

    def trade_failed(self, address: PeerAddress, now: float) -> list[Effect]:
        """Nobody was there to trade with."""
        self.passive.failed(address, now)
        self._mixing.hurry(now)
        return self._seek(now)

    def wake(self, now: float) -> list[Effect]:
        """Do what is due."""
        effects: list[Effect] = []
        if now >= self._trade_at:
            self._trade_at = now + self.rng.uniform(*_TRADE_SECONDS)
            if self._is_seeking:
                effects += self._trade(now)
        return effects + self._mix(now) + self._seek(now)

    def _trade(self, now: float) -> list[Effect]:
        for address in self.passive.shuffled():
            if self._is_stranger(address, now):
                return [Exchange(address)]
        return []

    def _mix(self, now: float) -> list[Effect]:
        """Have one link more, for a peer of the book; another one makes room for it."""
        if now < self._mixing.at:
            return []
        if not self.is_idle() and self._mixing.wait(now):
            return []
        self._mixing.go_on(now)
        if not self._is_seeking or len(self.links) < limits.LINKS_SOUGHT:
            return []
        is_stranger = partial(self._is_stranger, now=now)
        return self._dial(self._candidates.draw_to_mix(is_stranger, now), now)

    def _seek(self, now: float) -> list[Effect]:
        """Ask for as many links as are missing, unless it is too early to."""
        effects: list[Effect] = []
        missing = limits.LINKS_SOUGHT - len(self.links) - len(self._attempts)
        if missing > 0 and self._is_seeking and now >= self._seek_at:
            missing = min(missing, self._attempts.left(now))
            is_stranger = partial(self._is_stranger, now=now)
            effects = self._dial(self._candidates.draw(missing, is_stranger, now), now)
        self.wake_at = min(self._trade_at, self._next_seek(now), self._mixing.at)
        return effects

    def _dial(self, chosen: Iterator[tuple[PeerAddress, Why]], now: float) -> list[Effect]:
        return [self._attempts.begin(address, why, not self.links, now) for address, why in chosen]

    def _next_seek(self, now: float) -> float:
        if not self._is_seeking or len(self.links) + len(self._attempts) >= limits.LINKS_SOUGHT:
            return self._trade_at
        if self._seek_at > now:
            return self._seek_at
        if not self._attempts.left(now):
            return now + 1 / limits.LINKS_DIALED_PER_SECOND
        return max(self._candidates.book_at, now + _FIRST_BACKOFF_SECONDS)

    def _is_stranger(self, address: PeerAddress, now: float) -> bool:
        """Tell whether an address is worth a dial; where one dial is under way, another is not."""
        is_known = address.name == self.me.name or self.link_to(address.name) is not None
        return (
            not is_known
            and not self._attempts.is_to(address)
            and self.passive.may_try(address, now)
        )

    def _gain(self, link: LinkId, neighbor: Neighbor, why: Why, is_eager: bool) -> list[Effect]:
        """
        Begin a link.

        :param is_eager: whether who asked for it had no other: else the tree has it already.
        """
        most = wire_limits.LINKS_MOST - 1
        if why == "mix":
            # More links make shorter paths, and dearer floods: this settles at about 6.3.
            most = self.rng.randint(limits.LINKS_SOUGHT, most)
        now = neighbor.since
        effects = self._evict(why, now) if len(self.links) > most else []
        self.links[link] = neighbor
        self.passive.forget(neighbor.address)
        self._backoff = 0.0
        return [*effects, NeighborUp(link, neighbor.address, is_eager), *self._seek(now)]

    def _expendable(self, why: Why, now: float) -> list[LinkId]:
        """List the links that may make room: those outside the tree, if there are any."""
        lazy = [link for link in self.links if not self.tree.is_eager(link)]
        if why != "mix":
            return lazy or list(self.links)
        if not self.is_idle():
            return []
        spare = lazy if self.tree.is_shaped else self.links
        return [link for link in spare if now - self.links[link].since >= _YOUNG_SECONDS]

    def _evict(self, why: Why, now: float) -> list[Effect]:
        expendable = self._expendable(why, now)
        if not expendable:
            return []
        link = self.rng.choice(expendable)
        address = self.links.pop(link).address
        self.passive.hear([address])
        bye = Bye("evicted", self.sample(address))
        return [NeighborDown(link, address, has_died=False), Close(link, bye)]
