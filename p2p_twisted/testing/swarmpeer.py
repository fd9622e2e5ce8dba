"""One peer of a swarm: its machine, and what the swarm knows of it."""

from math import inf

from attrs import define, field

from p2p_twisted.overlay.asking import Known
from p2p_twisted.overlay.effects import Answer, LinkId
from p2p_twisted.overlay.machine import Overlay
from p2p_twisted.wire.messages import Ask, Hit, PeerRecord, Refuse, Want
from p2p_twisted.wire.names import MessageId, PeerAddress, PeerName


@define(eq=False)
class End:
    """
    One end of a connection: what is at the other.

    :ivar peer: who.
    :ivar link: what that peer calls the connection.
    :ivar latency: how long a line takes there, in seconds.
    """

    peer: "SwarmPeer"
    link: LinkId
    latency: float


@define(eq=False)
class SwarmPeer:
    """
    One peer: its machine, its files, and what has come to it.

    :ivar delivered: when each broadcast came, and after how many hops.
    :ivar side: peers of different sides do not reach each other.
    :ivar is_silent: whether it has vanished, so that nothing resets a dial.
    :ivar ends: its connections.
    """

    address: PeerAddress
    overlay: Overlay
    files: tuple[str, ...] = ()
    delivered: dict[MessageId, tuple[float, int]] = field(factory=dict)
    arrived: list[Want | Refuse] = field(factory=list)
    answers: dict[MessageId, tuple[float, Answer]] = field(factory=dict)
    side: int = 0
    is_alive: bool = True
    is_silent: bool = False
    ends: dict[LinkId, End] = field(factory=dict)
    # At the registry; long ago, once it knows that this peer is gone, who then never does again.
    renewed_at: float = 0.0
    renews_at: float = 0.0
    alarm_at: float = inf

    @property
    def name(self) -> PeerName:
        """What it is called."""
        return self.address.name

    @property
    def neighbors(self) -> set[PeerName]:
        """Whom it has links with, as far as it knows."""
        return {n.address.name for n in self.overlay.membership.links.values()}

    def know(self, ask: Ask) -> Known:
        """Answer a question, as a peer with these files would."""
        if ask.what == "topo":
            return Known(peers=(PeerRecord(self.name, tuple(sorted(self.neighbors))),))
        names = [name for name in self.files if ask.text in name]
        return Known(hits=tuple(Hit(self.name, name, 1, file="0" * 64) for name in names))
