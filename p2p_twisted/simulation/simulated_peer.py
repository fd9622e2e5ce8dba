"""One simulated peer: its machines, and what the network knows of it."""

import hashlib
from math import inf
from typing import Final

from attrs import define, field

from p2p_twisted.overlay.effects import Answer, LinkId, LocalAnswer
from p2p_twisted.overlay.overlay import Overlay
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord, Refuse, Want
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName

LONGEST_LATENCY: Final = 0.050
_SHORTEST_LATENCY: Final = 0.010


@define(eq=False)
class End:
    """
    One end of a connection: what is at the other.

    :ivar peer: the peer there.
    :ivar link: what that peer calls the connection.
    :ivar latency: how long a line takes there, in seconds.
    """

    peer: "SimulatedPeer"
    link: LinkId
    latency: float


@define(eq=False)
class SimulatedPeer:
    """
    One peer: its machines, its files, and what has come to it.

    :ivar offers: what it answers to those who ask how far it is with one.
    :ivar delivered: when each broadcast came, and after how many hops.
    :ivar side: peers of different sides do not reach each other.
    :ivar is_closed: whether others cannot dial it.
    :ivar is_silent: whether it has vanished, so that nothing resets a dial.
    :ivar ends: its connections.
    """

    address: PeerAddress
    files: tuple[str, ...] = ()
    is_closed: bool = False
    name: PeerName = field(init=False)
    overlay: Overlay = field(init=False)
    offers: dict[MessageId, LocalAnswer] = field(factory=dict)
    delivered: dict[MessageId, tuple[float, int]] = field(factory=dict)
    arrived: list[Want | Refuse] = field(factory=list)
    answers: dict[MessageId, tuple[float, Answer]] = field(factory=dict)
    side: int = 0
    is_alive: bool = True
    is_silent: bool = False
    ends: dict[LinkId, End] = field(factory=dict)
    # At the registry; minus infinity once that knows that this peer is gone for good.
    renewed_at: float = 0.0
    renews_at: float = 0.0
    alarm_at: float = inf

    def __attrs_post_init__(self) -> None:
        self.name = self.address.name

    @property
    def neighbors(self) -> set[PeerName]:
        """The peers that it has links with, as far as it knows."""
        return {n.address.name for n in self.overlay.membership.links.values()}

    def know(self, ask: Ask) -> LocalAnswer:
        """Answer a query, as a peer with these files would."""
        if ask.offer is not None:
            return self.offers.get(ask.offer, LocalAnswer())
        if ask.what == "topo":
            return LocalAnswer(peers=(PeerRecord(self.name, tuple(sorted(self.neighbors))),))
        names = [name for name in self.files if ask.text in name]
        return LocalAnswer(hits=tuple(Hit(self.name, name, 1, file="0" * 64) for name in names))


def latency_between(one: SimulatedPeer, other: SimulatedPeer) -> float:
    """Return how long a line takes between two peers, in seconds: always the same."""
    # By name alone: to compare whole addresses took a third of a run.
    first, second = (one, other) if one.name < other.name else (other, one)
    spread = _hash_of(first.address.host + second.address.host)
    return _SHORTEST_LATENCY + (LONGEST_LATENCY - _SHORTEST_LATENCY) * spread


def _hash_of(text: str) -> float:
    """Make a number between 0 and 1 of a text, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) / 2**32
