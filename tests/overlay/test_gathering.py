"""Answers stream to the asker, bounded, and with room for those of each neighbor."""

from collections import Counter

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.effects import Answer, Send
from p2p_twisted.overlay.events import (
    Asked,
    MessageReceived,
    NeighborAsked,
    TimeCame,
)
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import PeerRecord, Told
from tests.overlay.builders import TOPO, a_hit, an_asking, an_id, of_kind


class GatheringTests(SynchronousTestCase):
    def test_streams(self) -> None:
        """What has come is passed on while others are still being waited for."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, TOPO), 0.0)
        asking.handle(MessageReceived(2, Told(TOPO.id, hits=(a_hit(),), more=True)), 0.1)
        [send] = of_kind(asking.handle(TimeCame(), 0.3), Send)
        self.assertEqual(
            send.message, Told(TOPO.id, hits=(attrs.evolve(a_hit(), route=("b",)),), more=True)
        )
        self.assertEqual(of_kind(asking.handle(TimeCame(), 0.6), Send), [])

    def test_streams_at_once(self) -> None:
        """Whoever waits for a file is told of it at once."""
        asking = an_asking()
        ask = attrs.evolve(TOPO, what="name", text="f1")
        asking.handle(NeighborAsked(1, ask), 0.0)
        asking.handle(MessageReceived(2, Told(TOPO.id, hits=(a_hit(),), more=True)), 0.1)
        self.assertLessEqual(asking.wake_at, 0.1)
        [send] = of_kind(asking.handle(TimeCame(), 0.1), Send)
        self.assertEqual(send.link, 1)

    def test_uninvited_answers(self) -> None:
        """Answers to no question, from strangers, or twice, count for nothing."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        self.assertEqual(asking.handle(MessageReceived(9, Told(TOPO.id, answered=1_000)), 0.1), [])
        self.assertEqual(asking.handle(MessageReceived(1, Told(an_id(6), answered=1_000)), 0.1), [])
        asking.handle(MessageReceived(1, Told(TOPO.id, answered=1)), 0.1)
        asking.handle(MessageReceived(1, Told(TOPO.id, answered=1_000)), 0.1)
        asking.handle(MessageReceived(2, Told(TOPO.id)), 0.1)
        [answer] = of_kind(asking.handle(MessageReceived(3, Told(TOPO.id)), 0.1), Answer)
        self.assertEqual(answer.answered, 1)

    def test_bounded_answer(self) -> None:
        """A neighbor that does not end its answer fills no memory, and is reported as cut."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        for number in range(400):
            records = tuple(PeerRecord(f"x{number}") for _ in range(100))
            for link in (1, 2, 3):
                asking.handle(MessageReceived(link, Told(TOPO.id, peers=records, more=True)), 0.1)
        [answer] = of_kind(asking.handle(TimeCame(), 2.0), Answer)
        self.assertEqual(len(answer.peers), limits.ASK_RECORDS)
        self.assertTrue(answer.cut)

    def test_more_links_than_any_peer(self) -> None:
        """A record with more links than a peer may have counts as several."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        records = tuple(PeerRecord("x", ("y",) * wire_limits.LINKS_IN_RECORD) for _ in range(1_000))
        for _ in range(20):
            asking.handle(MessageReceived(1, Told(TOPO.id, peers=records, more=True)), 0.1)
        [answer] = of_kind(asking.handle(TimeCame(), 2.0), Answer)
        self.assertLessEqual(len(answer.peers), limits.ASK_RECORDS // 4)
        self.assertTrue(answer.cut)

    def test_room_for_others(self) -> None:
        """A neighbor that is quick to tell very much leaves room for what the others tell."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        for link in (1, 2, 3):
            records = tuple(PeerRecord(f"x{link}") for _ in range(2_000))
            for _ in range(20 if link == 1 else 1):
                asking.handle(MessageReceived(link, Told(TOPO.id, peers=records, more=True)), 0.1)
        [answer] = of_kind(asking.handle(TimeCame(), 2.0), Answer)
        told = Counter(record.peer for record in answer.peers)
        self.assertEqual(told, {"x1": limits.ASK_RECORDS - 2_000, "x2": 1_000, "x3": 1_000})

    def test_limit_per_file(self) -> None:
        """Of the holders of one file only as many pass as the asker wants."""
        asking = an_asking()
        asking.handle(Asked(attrs.evolve(TOPO, limit=3)), 0.0)
        hits = (*[a_hit()] * 10, a_hit(1, file="e" * 64))
        asking.handle(MessageReceived(1, Told(TOPO.id, hits=hits)), 0.1)
        [answer] = of_kind(asking.handle(TimeCame(), 2.0), Answer)
        self.assertEqual(len(answer.hits), 4)

    def test_share_of_each_neighbor(self) -> None:
        """A neighbor that makes holders up leaves room for those that the others know."""
        asking = an_asking()
        ask = attrs.evolve(TOPO, what="id", text="f" * 64)
        asking.handle(NeighborAsked(1, ask), 0.0)
        ghosts = tuple(attrs.evolve(a_hit(), peer=f"ghost{n}") for n in range(40))
        asking.handle(MessageReceived(2, Told(TOPO.id, hits=ghosts, more=True)), 0.1)
        asking.handle(MessageReceived(3, Told(TOPO.id, hits=(a_hit(),))), 0.2)
        sent = [
            hit.route[0]
            for send in of_kind(asking.handle(TimeCame(), 2.0), Send)
            if isinstance(send.message, Told)
            for hit in send.message.hits
        ]
        self.assertIn("c", sent)
        self.assertLessEqual(len(sent), ask.limit)
