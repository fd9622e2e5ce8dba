"""Peers that lie, among others that do not."""

from collections.abc import Iterable

import attrs
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.overlay.effects import LinkId
from p2p_twisted.testing.swarm import Swarm
from p2p_twisted.testing.swarmpeer import SwarmPeer
from p2p_twisted.wire.messages import Busy, Bye, Gossip, IHave, Linked, Message, Told
from p2p_twisted.wire.names import PeerAddress


class Liars(Swarm):
    """
    A swarm in which every peer whose name ends in 0, 3 or 6 lies.

    It names others that do not exist, and drops, repeats or makes up what it passes on.
    """

    def lies(self, name: str) -> bool:
        """Tell whether a peer is one of them."""
        return name[-1] in "036"

    @override
    def _send(self, peer: SwarmPeer, link: LinkId, message: Message) -> None:
        for said in self.lie(message) if self.lies(peer.name) else (message,):
            super()._send(peer, link, said)

    def lie(self, message: Message) -> Iterable[Message]:
        """Make of a message what a liar says instead."""
        match message:
            case Linked() | Busy() | Bye():
                return [attrs.evolve(message, peers=tuple(self.nobody() for _ in range(8)))]
            case Gossip():
                return [message] * self.rng.choice((0, 0, 1, 2))
            case IHave():
                return [message, IHave((self.new_id(),))]
            case Told(more=False):
                return [Told(message.id, answered=1_000, silent=("p1",))]
            case _:
                return [message]

    def nobody(self) -> PeerAddress:
        """Make an address up."""
        number = self.rng.randrange(1_024, 60_000)
        return PeerAddress(f"z{number}", "127.9.9.9", number)


class LiarTests(SynchronousTestCase):
    def test_liars(self) -> None:
        """Where three of ten lie, the others stay together, and reach each other at once."""
        swarm = Liars(seed=1)
        swarm.add_many(100)
        swarm.run(30.0)
        honest = [peer for peer in swarm.alive if not swarm.lies(peer.name)]
        for sender in honest[::10]:
            id_ = swarm.publish(sender)
            swarm.run(5.0)
            self.assertEqual([p.name for p in honest if id_ not in p.delivered], [])
        self.assertEqual(len(swarm.component(honest[0])), 100)
        for peer in honest:
            self.assertFalse(all(swarm.lies(name) for name in peer.neighbors))
