from collections import Counter
from functools import reduce
from math import inf
from operator import xor

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.completeness import mark
from p2p_twisted.overlay.effects import Answer, Consult, LocalAnswer, Send
from p2p_twisted.overlay.events import (
    Asked,
    Consulted,
    FellSilent,
    MessageReceived,
    NeighborAsked,
    TimeCame,
)
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Ask, Graft, PeerRecord, Prune, Told
from tests.overlay.builders import TOPO, a_down, a_hit, an_asking, an_id, an_up, of_kind


class AskingTests(SynchronousTestCase):
    def test_passes_on(self) -> None:
        """A question goes to all neighbors but its asker, one hop less far, with less time."""
        effects = an_asking().handle(NeighborAsked(1, TOPO), 0.0)
        self.assertEqual([send.link for send in of_kind(effects, Send)], [2, 3])
        [ask, _] = [send.message for send in of_kind(effects, Send)]
        assert isinstance(ask, Ask)
        self.assertEqual(ask.hops, TOPO.hops - 1)
        self.assertLess(ask.wait, TOPO.wait)

    def test_tells_when_all_have_told(self) -> None:
        """The asker is told once everybody asked has told, itself counted."""
        asking = an_asking(LocalAnswer(peers=(PeerRecord("me", ("a",)),)))
        asking.handle(NeighborAsked(1, TOPO), 0.0)
        self.assertEqual(asking.handle(MessageReceived(2, Told(TOPO.id, answered=4)), 0.1), [])
        effects = asking.handle(MessageReceived(3, Told(TOPO.id, answered=2, silent=("z",))), 0.2)
        *parts, last = [send.message for send in of_kind(effects, Send)]
        self.assertEqual(parts, [Told(TOPO.id, (PeerRecord("me", ("a",)),), more=True)])
        ends = mark("me", "a") ^ mark("me", "b") ^ mark("me", "c")
        self.assertEqual(last, Told(TOPO.id, answered=7, silent=("z",), ends=ends))

    def test_second_asker(self) -> None:
        """Who asks the same again is told nothing, at once, and not asked along the tree again."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, TOPO), 0.0)
        self.assertEqual(
            asking.handle(NeighborAsked(2, TOPO), 0.1), [Send(2, Told(TOPO.id)), Send(2, Prune())]
        )
        self.assertEqual(asking.tree.eager, [1, 3])

    def test_flood(self) -> None:
        """A question that goes by every link shapes nothing."""
        asking = an_asking()
        asking.tree.prune(3)
        everywhere = attrs.evolve(TOPO, tree=0)
        effects = asking.handle(NeighborAsked(1, everywhere), 0.0)
        self.assertEqual([send.link for send in of_kind(effects, Send)], [2, 3])
        self.assertEqual(asking.handle(NeighborAsked(2, everywhere), 0.1), [Send(2, Told(TOPO.id))])
        self.assertEqual(asking.tree.eager, [1, 2])

    def test_mends_the_tree(self) -> None:
        """Whoever a question along the tree has not come to joins it by the one that makes up."""
        flood = attrs.evolve(TOPO, id=an_id(6), tree=0, after=TOPO.id)
        for has_heard, eager in ((True, [2, 3]), (False, [1, 2, 3])):
            asking = an_asking()
            if has_heard:
                asking.handle(NeighborAsked(2, TOPO), 0.0)
            asking.tree.prune(1)
            effects = of_kind(asking.handle(NeighborAsked(1, flood), 0.1), Send)
            self.assertEqual(Send(1, Graft()) in effects, not has_heard)
            self.assertEqual(sorted(asking.tree.eager), eager)
            onward = [send.message for send in effects if isinstance(send.message, Ask)]
            self.assertEqual({ask.after for ask in onward}, {TOPO.id})

    def test_takeover(self) -> None:
        """A question that is open is not forgotten: nobody can make it one of its own."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        for number in range(limits.SEEN_IDS + 1):
            asking.handle(NeighborAsked(1, attrs.evolve(TOPO, id=an_id(100 + number), hops=0)), 0.1)
        asking.handle(NeighborAsked(1, TOPO), 0.2)
        effects = [
            effect
            for link in (1, 2, 3)
            for effect in asking.handle(MessageReceived(link, Told(TOPO.id)), 0.3)
        ]
        self.assertEqual(len(of_kind(effects, Answer)), 1)

    def test_fans_out(self) -> None:
        """A question may go by every link at first, then along the tree, and shapes nothing."""
        fanned = attrs.evolve(TOPO, tree=wire_limits.ASK_HOPS - 1)
        for hops, others in ((wire_limits.ASK_HOPS, [2, 3]), (wire_limits.ASK_HOPS - 1, [2])):
            asking = an_asking()
            asking.tree.prune(3)
            asked = attrs.evolve(fanned, hops=hops)
            effects = asking.handle(NeighborAsked(1, asked), 0.0)
            self.assertEqual([send.link for send in of_kind(effects, Send)], others)
            self.assertEqual(asking.handle(NeighborAsked(2, asked), 0.1), [Send(2, Told(TOPO.id))])
            self.assertEqual(asking.tree.eager, [1, 2])

    def test_fans_out_later(self) -> None:
        """Where nothing has shaped the tree yet, a question does, rather than fan out."""
        asking = an_asking()
        for is_shaped, tree in ((False, wire_limits.ASK_HOPS), (True, wire_limits.ASK_HOPS - 3)):
            asking.tree.is_shaped = is_shaped
            ask = attrs.evolve(TOPO, id=an_id(50 + is_shaped), tree=wire_limits.ASK_HOPS - 3)
            for send in of_kind(asking.handle(Asked(ask), 0.0), Send):
                assert isinstance(send.message, Ask)
                self.assertEqual(send.message.tree, tree)

    def test_haste(self) -> None:
        """Whoever is in haste waits for a few round trips, and blames nobody."""
        asking = an_asking(round_trips=[0.05, 0.15])
        near = attrs.evolve(TOPO, hops=4)
        [ask, *_] = [send.message for send in of_kind(asking.handle(Asked(near, 1.2), 0.0), Send)]
        assert isinstance(ask, Ask)
        self.assertGreater(ask.wait, 1.0)
        asking.handle(MessageReceived(1, Told(TOPO.id, hits=(a_hit(),), more=True)), 0.1)
        self.assertEqual(asking.handle(TimeCame(), 0.4), [])
        self.assertAlmostEqual(asking.wake_at, 0.48)
        [answer] = of_kind(asking.handle(TimeCame(), 0.5), Answer)
        self.assertEqual((len(answer.hits), answer.silent, answer.is_whole), (1, (), False))

    def test_haste_among_near_ones(self) -> None:
        """Whoever has only short links waits for those who are far behind them, too."""
        asking = an_asking(round_trips=[0.001, 0.002])
        asking.handle(Asked(attrs.evolve(TOPO, hops=4), 1.2), 0.0)
        self.assertAlmostEqual(asking.wake_at, 0.2)

    def test_quiet(self) -> None:
        """Where only hits are wanted, whoever has none says nothing, and in the end nobody does."""
        ask = attrs.evolve(TOPO, what="name", hops=1, tree=0, wait=9.0, quiet=True)
        leaf = attrs.evolve(ask, hops=0)
        self.assertEqual(an_asking().handle(NeighborAsked(1, leaf), 0.0), [])
        hit = Told(ask.id, hits=(a_hit(),), more=True)
        self.assertEqual(
            an_asking(LocalAnswer(hits=(a_hit(),))).handle(NeighborAsked(1, leaf), 0.0),
            [Send(1, hit, True)],
        )
        asking = an_asking()
        self.assertEqual(
            [send.link for send in of_kind(asking.handle(NeighborAsked(1, ask), 0.0), Send)], [2, 3]
        )
        self.assertEqual(asking.handle(NeighborAsked(2, ask), 0.1), [])
        asking.handle(MessageReceived(3, hit), 0.2)
        routed = attrs.evolve(hit, hits=(attrs.evolve(a_hit(), route=("c",)),))
        self.assertEqual(asking.handle(TimeCame(), 0.2), [Send(1, routed, True)])
        self.assertEqual(asking.handle(TimeCame(), 1.0), [])
        self.assertTrue(asking.router.is_idle)

    def test_whole(self) -> None:
        """An answer is whole when both ends of every link have told of it."""
        for missing in ((), ("b",)):
            asking = an_asking()
            asking.handle(Asked(TOPO), 0.0)
            answers: list[Answer] = []
            for link, name in asking.router.links.items():
                ends = 0 if name in missing else mark("me", name)
                told = Told(TOPO.id, answered=1, ends=ends)
                answers += of_kind(asking.handle(MessageReceived(link, told), 0.1), Answer)
            self.assertEqual([answer.is_whole for answer in answers], [not missing])

    def test_goodbye(self) -> None:
        """A neighbor that takes its leave is not waited for, nor named as silent."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        for link in (1, 2):
            asking.handle(MessageReceived(link, Told(TOPO.id, answered=1)), 0.1)
        [answer] = of_kind(asking.handle(a_down(3, has_died=False, since=0.2), 0.2), Answer)
        self.assertEqual((answer.answered, answer.silent), (2, ()))
        self.assertFalse(answer.is_whole)

    def test_hops_end(self) -> None:
        """A question that may go no further is answered by oneself alone."""
        effects = an_asking().handle(NeighborAsked(1, attrs.evolve(TOPO, hops=0)), 1.0)
        ends = mark("me", "a") ^ mark("me", "b") ^ mark("me", "c")
        self.assertEqual(effects, [Send(1, Told(TOPO.id, answered=1, ends=ends))])

    def test_links_as_they_were(self) -> None:
        """Links that begin and end while a question is under way do not concern it."""
        asking = an_asking(round_trips=[0.2])
        asking.handle(an_up(4, "d", since=1.0), 1.0)
        asking.handle(a_down(2, has_died=False, since=1.2), 1.2)
        for age, names in ((0.3, "abc"), (0.1, "abcd"), (0.0, "acd")):
            ask = attrs.evolve(TOPO, id=an_id(round(10 * age)), age=age, hops=0)
            [told] = [
                send.message for send in of_kind(asking.handle(NeighborAsked(1, ask), 1.35), Send)
            ]
            assert isinstance(told, Told)
            self.assertEqual(told.ends, reduce(xor, (mark("me", name) for name in names)))

    def test_route(self) -> None:
        """Each peer on the way back puts the neighbor that told it before a hit's route."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        hit = attrs.evolve(a_hit(), route=("q",))
        asking.handle(MessageReceived(2, Told(TOPO.id, hits=(hit,), more=True)), 0.1)
        for link in (1, 2):
            asking.handle(MessageReceived(link, Told(TOPO.id)), 0.1)
        [answer] = of_kind(asking.handle(MessageReceived(3, Told(TOPO.id)), 0.2), Answer)
        self.assertEqual([hit.route for hit in answer.hits], [("b", "q")])

    def test_dead_neighbor(self) -> None:
        """A neighbor that dies before it has told is named as silent, and not waited for."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        asking.handle(MessageReceived(1, Told(TOPO.id, answered=1)), 0.1)
        asking.handle(MessageReceived(2, Told(TOPO.id, answered=1)), 0.1)
        [answer] = of_kind(asking.handle(a_down(3, has_died=True, since=0.2), 0.2), Answer)
        self.assertEqual((answer.answered, answer.silent), (2, ("c",)))

    def test_silent_neighbor(self) -> None:
        """One that does not answer pings is named, not asked, and not expected to tell."""
        asking = an_asking()
        asking.handle(FellSilent(2), 0.0)
        effects = asking.handle(NeighborAsked(1, TOPO), 0.1)
        self.assertEqual([send.link for send in of_kind(effects, Send)], [3])
        [last] = of_kind(asking.handle(MessageReceived(3, Told(TOPO.id)), 0.2), Send)
        ends = mark("me", "a") ^ mark("me", "c")
        self.assertEqual(last.message, Told(TOPO.id, answered=1, silent=("b",), ends=ends))
        asking.handle(FellSilent(2, is_silent=False), 0.3)
        effects = asking.handle(NeighborAsked(1, attrs.evolve(TOPO, id=an_id(6))), 0.4)
        self.assertEqual([send.link for send in of_kind(effects, Send)], [2, 3])

    def test_out_of_time(self) -> None:
        """Who has not told in time is named as silent; what others told is kept."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        asking.handle(MessageReceived(1, Told(TOPO.id, peers=(PeerRecord("a"),), answered=1)), 0.1)
        self.assertEqual(of_kind(asking.handle(TimeCame(), 1.9), Answer), [])
        [answer] = of_kind(asking.handle(TimeCame(), 2.0), Answer)
        self.assertEqual((answer.answered, answer.silent), (1, ("b", "c")))
        self.assertEqual(answer.peers, (PeerRecord("a"),))
        self.assertEqual(asking.wake_at, inf)

    def test_own_question(self) -> None:
        """Of one's own question each neighbor names as many holders as it could alone."""
        asking = an_asking()
        asking.handle(Asked(TOPO), 0.0)
        for link in (1, 2, 3):
            hits = (a_hit(),) * 40
            asking.handle(MessageReceived(link, Told(TOPO.id, hits=hits, more=True)), 0.1)
        [answer] = of_kind(asking.handle(TimeCame(), 2.0), Answer)
        self.assertEqual(Counter(hit.route for hit in answer.hits), {(name,): 20 for name in "abc"})

    def test_asker_gone(self) -> None:
        """A question whose asker is gone is forgotten."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, TOPO), 0.0)
        asking.handle(a_down(1, has_died=True, since=0.3), 0.3)
        self.assertEqual(asking.wake_at, inf)
        self.assertEqual(asking.handle(MessageReceived(2, Told(TOPO.id)), 0.1), [])

    def test_slow_peer(self) -> None:
        """Where the peer itself does not answer in time, the asker is told that that is not all."""
        router = an_asking().router
        effects = router.handle(NeighborAsked(1, attrs.evolve(TOPO, hops=0)), 0.0)
        [consult] = [effect for effect in effects if isinstance(effect, Consult)]
        self.assertEqual(consult.ask.id, TOPO.id)
        [send] = [effect for effect in router.handle(TimeCame(), 2.0) if isinstance(effect, Send)]
        assert isinstance(send.message, Told)
        self.assertEqual((send.message.answered, send.message.cut), (1, True))
        self.assertEqual(router.handle(Consulted(TOPO.id, LocalAnswer(hits=(a_hit(),))), 2.1), [])

    def test_too_many(self) -> None:
        """Above so many open questions of a link its further ones are told nothing, at once."""
        asking = an_asking()
        for number in range(limits.ASKS_OPEN_PER_LINK):
            asking.handle(NeighborAsked(1, Ask(an_id(100 + number), "topo")), 0.0)
        self.assertEqual(
            asking.handle(NeighborAsked(1, TOPO), 0.0), [Send(1, Told(TOPO.id, cut=True))]
        )
        # Others have their own share.
        others = asking.handle(NeighborAsked(2, TOPO), 0.0)
        self.assertEqual({effect.link for effect in others if isinstance(effect, Send)}, {1, 3})

    def test_room_again(self) -> None:
        """A question that has ended, or whose neighbor is gone, makes room for another."""
        asking = an_asking()
        for number in range(limits.ASKS_OPEN_PER_LINK):
            asking.handle(NeighborAsked(1, Ask(an_id(100 + number), "topo")), 0.0)
        asking.router.handle(TimeCame(), 11.0)
        taken = asking.handle(NeighborAsked(1, TOPO), 11.0)
        self.assertEqual({effect.link for effect in taken if isinstance(effect, Send)}, {2, 3})
