"""Values that the overlay's tests need often."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any, TypeVar

from attrs import evolve

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.broadcast import Broadcast
from p2p_twisted.overlay.effects import (
    Consult,
    Effect,
    GraftHint,
    LocalAnswer,
    NeighborDown,
    NeighborUp,
    PruneHint,
)
from p2p_twisted.overlay.events import Consulted, LinkAsked, PeersExchanged
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.overlay.queries import QueryEvent, QueryRouter
from p2p_twisted.overlay.round_trips import RoundTrips
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.wire.messages import Ask, Gossip, Hit, Link
from p2p_twisted.wire.names import PeerAddress

T = TypeVar("T")
_ASKERS = count(10_000)


def an_address(name: str = "s2", port: int = 9_001, host: str = "127.0.0.1") -> PeerAddress:
    return PeerAddress(name, host, port)


def addresses(number: int) -> list[PeerAddress]:
    return [an_address(f"s{index}", 9_100 + index) for index in range(number)]


def an_id(number: int = 1) -> str:
    return f"{number:032x}"


TOPO = Ask(an_id(5), "topo", wait=2.0)


def a_gossip(number: int = 1, age: float = 0.0, life: float = 60.0, text: str = "") -> Gossip:
    return Gossip(an_id(number), "note", "s1", age, life, text=text)


def a_membership(name: str = "m1", host: str = "127.0.0.1", tree: Tree | None = None) -> Membership:
    me = an_address(name, 9_000, host)
    rng = Random(1)
    passive = PassiveView(me, Book(b"secret"), rng)
    return Membership(me, passive, tree or Tree(), RoundTrips(), PendingDials(count(1_000)), rng)


def exchanged(peers: Sequence[PeerAddress]) -> PeersExchanged:
    """Have the first of some peers name the others."""
    return PeersExchanged(peers[0], tuple(peers[1:]), is_dialed=False)


def an_up(link: int, name: str = "s2", is_eager: bool = True, since: float = 0.0) -> NeighborUp:
    return NeighborUp(link, an_address(name), is_eager, since)


def a_down(link: int, has_died: bool = False, since: float = 0.0) -> NeighborDown:
    return NeighborDown(link, an_address(), has_died, since)


def linked(membership: Membership, number: int) -> None:
    """Have peers ask for links, one after the other, under the numbers from 1 on."""
    for index, address in enumerate(addresses(number)):
        link = Link("join", address.name, address.port)
        effects = membership.handle(LinkAsked(index + 1, link, address.host), 0.0)
        assert of_kind(effects, NeighborUp)


def of_kind(effects: list[Effect], kind: type[T]) -> list[T]:
    """Pick the effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


class AnsweredRouter:
    """A peer's router of queries, whose peer answers at once and whose tree is there, too."""

    def __init__(
        self, know: Callable[[Ask], LocalAnswer], round_trips: Sequence[float] = ()
    ) -> None:
        self._know = know
        measured = RoundTrips()
        for link, seconds in enumerate(round_trips, 1):
            measured.measured(link, seconds)
        self._broadcast = Broadcast(measured)
        self.tree = self._broadcast.tree
        self.router = QueryRouter("me", self.tree, measured)

    @property
    def wake_at(self) -> float:
        return self.router.wake_at

    def handle(self, event: QueryEvent, now: float) -> list[Effect]:
        effects: list[Effect] = []
        found = deque(self.router.handle(event, now))
        while found:
            match found.popleft():
                case Consult(ask):
                    found.extend(self.router.handle(Consulted(ask.id, self._know(ask)), now))
                case GraftHint() | PruneHint() as hint:
                    effects += self._broadcast.handle(hint, now)
                case effect:
                    effects.append(effect)
        return effects


def an_asking(
    known: LocalAnswer | None = None, round_trips: Sequence[float] = ()
) -> AnsweredRouter:
    asking = AnsweredRouter(lambda _ask: known or LocalAnswer(), round_trips)
    for link, name in ((1, "a"), (2, "b"), (3, "c")):
        asking.tree.add(link)
        asking.handle(an_up(link, name, since=-1.0), -1.0)
    return asking


def a_hit(number: int = 0, file: str = "f" * 64) -> Hit:
    """Make a hit of one holder, for one of several names."""
    return Hit("x", f"f{number}.txt", 1, file=file)


def asked(
    membership: Membership, name: str, host: str, now: float = 0.0, **how: Any
) -> list[Effect]:
    """Have a peer that others cannot dial ask for a link."""
    link = evolve(Link("need", name, 9_009, alone=True, closed=True), **how)
    return membership.handle(LinkAsked(next(_ASKERS), link, host), now)


def asks(membership: Membership, name: str, host: str, now: float = 0.0, **how: Any) -> bool:
    """Have one ask for a link; return whether it has got it."""
    return bool(of_kind(asked(membership, name, host, now, **how), NeighborUp))
