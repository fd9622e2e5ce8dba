"""Values that the overlay's tests need often."""

from collections.abc import Sequence
from itertools import count
from random import Random
from typing import TypeVar

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import Effect, NeighborUp
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.overlay.pending_dials import PendingDials
from p2p_twisted.overlay.queries import LocalAnswer, QueryRouter
from p2p_twisted.overlay.tree import Tree
from p2p_twisted.wire.messages import Ask, Gossip, Link
from p2p_twisted.wire.names import PeerAddress

T = TypeVar("T")


def an_address(name: str = "s2", port: int = 9_001, host: str = "127.0.0.1") -> PeerAddress:
    return PeerAddress(name, host, port)


def addresses(number: int) -> list[PeerAddress]:
    return [an_address(f"s{index}", 9_100 + index) for index in range(number)]


def an_id(number: int = 1) -> str:
    return f"{number:032x}"


TOPO = Ask(an_id(5), "topo", wait=2.0)


def a_gossip(number: int = 1, age: float = 0.0, life: float = 60.0, text: str = "") -> Gossip:
    return Gossip(an_id(number), "note", "s1", age, life, text=text)


def a_membership(
    name: str = "m1", seed: int = 1, host: str = "127.0.0.1", is_idle: bool = True
) -> Membership:
    me = an_address(name, 9_000, host)
    rng = Random(seed)
    passive = PassiveView(me, Book(b"secret"), rng)
    return Membership(me, passive, Tree(), lambda: is_idle, PendingDials(count(1_000)), rng)


def linked(membership: Membership, number: int, now: float = 0.0) -> None:
    """Have peers ask for links, one after the other, under the numbers from 1 on."""
    for index, address in enumerate(addresses(number)):
        link = Link("join", address.name, address.port)
        effects = membership.asked(index + 1, link, address.host, now)
        assert of_kind(effects, NeighborUp)


def of_kind(effects: list[Effect], kind: type[T]) -> list[T]:
    """Pick the effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def an_asking(known: LocalAnswer | None = None, round_trips: Sequence[float] = ()) -> QueryRouter:
    times = dict(enumerate(round_trips, 1))
    asking = QueryRouter("me", lambda _ask: known or LocalAnswer(), Tree(), times.get)
    for link, name in ((1, "a"), (2, "b"), (3, "c")):
        asking.tree.add(link)
        asking.neighbor_up(link, name, since=-1.0)
    return asking
