"""Two peers ask each other the same: each question is an answer to the other."""

from itertools import count
from random import Random

import attrs
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import Consult, LinkId, LocalAnswer, Send
from p2p_twisted.overlay.events import (
    Consulted,
    LinkAsked,
    MessageReceived,
    NeighborAsked,
    TimeCame,
)
from p2p_twisted.overlay.overlay import make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.simulation.simulated_peer import SimulatedPeer
from p2p_twisted.wire.messages import Ask, Link, Message, Told
from p2p_twisted.wire.names import PeerName
from tests.overlay.builders import an_address, an_asking, an_id, of_kind

QUESTION = Ask(an_id(5), "topo", tree=0, wait=2.0)
CROSSING = attrs.evolve(QUESTION, crossing=True)


class CrossingTests(SynchronousTestCase):
    def test_answers(self) -> None:
        """A question that crosses our own is an answer to it, and gets none."""
        asking = an_asking()
        effects = asking.handle(NeighborAsked(1, QUESTION), 0.0)
        for send in of_kind(effects, Send):
            assert isinstance(send.message, Ask)
            self.assertTrue(send.message.crossing)
        self.assertEqual(asking.handle(NeighborAsked(2, CROSSING), 0.1), [])
        [last] = of_kind(asking.handle(NeighborAsked(3, CROSSING), 0.1), Send)
        assert isinstance(last.message, Told)
        self.assertEqual((last.link, last.message.answered, last.message.silent), (1, 1, ()))

    def test_earlier_version(self) -> None:
        """A peer that does not say that it takes it as an answer is told, and waited for."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, QUESTION), 0.0)
        for link in (2, 3):
            told = asking.handle(NeighborAsked(link, QUESTION), 0.1)
            self.assertEqual(told, [Send(link, Told(QUESTION.id))])
        self.assertEqual(asking.handle(MessageReceived(2, Told(QUESTION.id)), 0.2), [])
        [last] = of_kind(asking.handle(MessageReceived(3, Told(QUESTION.id)), 0.2), Send)
        self.assertEqual(last.link, 1)

    def test_has_told(self) -> None:
        """Who has refused to pass a question on, and asks it then, waits for an answer."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, QUESTION), 0.0)
        asking.handle(MessageReceived(2, Told(QUESTION.id, cut=True)), 0.1)
        told = asking.handle(NeighborAsked(2, CROSSING), 0.2)
        self.assertEqual(told, [Send(2, Told(QUESTION.id))])

    def test_too_late(self) -> None:
        """It may come too late, as any answer: who asks then is told, and owes no more."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, QUESTION), 0.0)
        asking.handle(NeighborAsked(3, CROSSING), 0.1)
        [last] = of_kind(asking.handle(TimeCame(), QUESTION.wait), Send)
        assert isinstance(last.message, Told)
        self.assertEqual(last.message.silent, ("b",))
        told = asking.handle(NeighborAsked(2, CROSSING), QUESTION.wait)
        self.assertEqual(told, [Send(2, Told(QUESTION.id))])
        # It was not late after all, and is waited for the next time.
        again = attrs.evolve(QUESTION, id=an_id(6))
        asking.handle(NeighborAsked(1, again), 3.0)
        self.assertEqual(asking.wake_at, 3.0 + QUESTION.wait)

    def test_neighbor_asks_too_much(self) -> None:
        """What crosses counts, too, where it comes from one that has asked more than it may."""
        rng = Random(1)
        overlay = make_overlay(PassiveView(an_address("me"), Book(b"s"), rng), count(1_000), rng)
        for link in (1, 2):
            overlay.handle(LinkAsked(link, Link("join", f"s{link}", 9_000 + link), "::1"), 0.0)
        number, cut = 100, list[Send]()
        while not cut:
            ask = Ask(an_id(number), "topo", hops=0)
            refusal = Told(ask.id, cut=True)
            effects = overlay.handle(MessageReceived(2, ask), 0.0)
            for effect in of_kind(effects, Consult):
                overlay.handle(Consulted(effect.ask.id, LocalAnswer()), 0.0)
            cut = [send for send in of_kind(effects, Send) if send.message == refusal]
            number += 1
        overlay.handle(MessageReceived(1, QUESTION), 0.0)
        overlay.handle(Consulted(QUESTION.id, LocalAnswer()), 0.0)
        [last] = of_kind(overlay.handle(MessageReceived(2, CROSSING), 0.0), Send)
        assert isinstance(last.message, Told)
        self.assertEqual((last.link, last.message.answered, last.message.cut), (1, 1, False))


class MixedNetwork(SimulatedNetwork):
    """
    A network in which some peers are of an earlier version: they neither say it nor heed it.

    :ivar earlier: their names.
    :ivar lines_asked: how many lines have been questions and answers.
    """

    earlier: frozenset[PeerName] = frozenset()
    lines_asked: int = 0

    @override
    def _send(self, peer: SimulatedPeer, link: LinkId, message: Message) -> None:
        ends = {peer.name, peer.overlay.queries.links.get(link)}
        if isinstance(message, Ask) and ends & self.earlier:
            message = attrs.evolve(message, crossing=False)
        self.lines_asked += isinstance(message, Ask | Told)
        super()._send(peer, link, message)


class CrossingNetworkTests(SynchronousTestCase):
    def test_lines(self) -> None:
        """By every link each link carries two lines, and between earlier versions up to four."""
        lines = dict[int, int]()
        for earlier in (0, 25, 50):
            network = MixedNetwork(seed=7)
            network.earlier = frozenset(f"p{number}" for number in range(earlier))
            network.add_many(50)
            network.run(30.0)
            answer = network.ask(network.alive[-1], Ask(an_id(9), "name", "nosuch", tree=0))
            lines[earlier] = network.lines_asked
            self.assertEqual((answer.answered, answer.silent, answer.is_whole), (49, (), True))
        links = sum(len(peer.neighbors) for peer in network.alive) // 2
        self.assertEqual(lines[0], 2 * links)
        self.assertGreater(lines[50], 3 * links)
        self.assertGreater(lines[50], lines[25])
        self.assertGreater(lines[25], lines[0])
