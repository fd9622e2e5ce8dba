"""Peers that lie, among others that do not."""

from collections.abc import Iterable
from typing import Final

import attrs
from typing_extensions import override

from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.wire.limits import SAMPLE
from p2p_twisted.wire.messages import Busy, Bye, Gossip, IHave, Linked, Message, Peers, Told
from p2p_twisted.wire.names import PeerAddress, PeerName

_LYING_DIGITS: Final = "036"


class Liars(SimulatedNetwork):
    """
    A network in which every peer whose name ends in 0, 3 or 6 lies.

    It names peers that do not exist, and drops, repeats or makes up what it passes on.
    """

    def lies(self, name: PeerName) -> bool:
        """Return whether a peer is one of them."""
        return name[-1] in _LYING_DIGITS

    @property
    def honest(self) -> list[SimulatedPeer]:
        """The other peers that run."""
        return [peer for peer in self.alive if not self.lies(peer.name)]

    @override
    def _send(self, peer: SimulatedPeer, link: LinkId, message: Message) -> None:
        for said in self._lie(message) if self.lies(peer.name) else (message,):
            super()._send(peer, link, said)

    @override
    def _sample(self, peer: SimulatedPeer, to: PeerAddress) -> Peers:
        if self.lies(peer.name):
            return Peers(peer.name, peer.address.port, self._made_up_peers())
        return super()._sample(peer, to)

    def _lie(self, message: Message) -> Iterable[Message]:
        """Return what a liar says instead of a message."""
        match message:
            case Linked() | Busy() | Bye() | Peers():
                return [attrs.evolve(message, peers=self._made_up_peers())]
            case Gossip():
                return [message] * self.rng.choice((0, 0, 1, 2))
            case IHave():
                return [message, IHave((self.new_id(),))]
            case Told(more=False):
                return [Told(message.id, answered=1_000, silent=("p1",))]
            case _:
                return [message]

    def _made_up_peers(self) -> tuple[PeerAddress, ...]:
        """Make addresses up."""
        return tuple(self._made_up_peer() for _ in range(SAMPLE))

    def _made_up_peer(self) -> PeerAddress:
        number = self.rng.randrange(1_024, 60_000)
        return PeerAddress(f"z{number}", "127.9.9.9", number)
