from math import inf

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.broadcast import Broadcast
from p2p_twisted.overlay.effects import Deliver, Send
from p2p_twisted.overlay.events import GossipPublished, MessageReceived, TimeCame
from p2p_twisted.overlay.round_trips import RoundTrips
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Gossip, Graft, IHave, Prune
from tests.overlay.builders import a_down, a_gossip, an_id, an_up, of_kind


def a_broadcast(links: int = 3) -> Broadcast:
    round_trips = RoundTrips()
    broadcast = Broadcast(round_trips)
    for link in range(1, links + 1):
        round_trips.measured(link, 0.1)
        broadcast.handle(an_up(link), 0.0)
    return broadcast


class BroadcastTests(SynchronousTestCase):
    def test_publish(self) -> None:
        """What is published goes to every neighbor, and not to oneself."""
        effects = a_broadcast().handle(GossipPublished(a_gossip()), 0.0)
        self.assertEqual([send.link for send in of_kind(effects, Send)], [1, 2, 3])
        self.assertEqual(of_kind(effects, Deliver), [])

    def test_new(self) -> None:
        """A new broadcast is delivered, and goes to all but the one it came from."""
        effects = a_broadcast().handle(MessageReceived(2, a_gossip()), 0.0)
        self.assertEqual(of_kind(effects, Deliver), [Deliver(a_gossip(), 2)])
        self.assertEqual([send.link for send in of_kind(effects, Send)], [1, 3])

    def test_duplicate(self) -> None:
        """The same one, over another link or played back, only prunes that link."""
        broadcast = a_broadcast()
        broadcast.handle(MessageReceived(2, a_gossip()), 0.0)
        self.assertEqual(broadcast.handle(MessageReceived(1, a_gossip()), 0.1), [Send(1, Prune())])
        self.assertEqual(broadcast.handle(MessageReceived(1, a_gossip()), 0.2), [])
        self.assertEqual(broadcast.handle(MessageReceived(1, a_gossip(age=3.0)), 30.0), [])

    def test_own_echo(self) -> None:
        """One's own broadcast that comes back is not delivered."""
        broadcast = a_broadcast()
        broadcast.handle(GossipPublished(a_gossip()), 0.0)
        self.assertEqual(
            of_kind(broadcast.handle(MessageReceived(1, a_gossip()), 0.1), Deliver), []
        )

    def test_expired(self) -> None:
        """One that is too old is neither delivered nor passed on."""
        self.assertEqual(a_broadcast().handle(MessageReceived(1, a_gossip(age=61.0)), 0.0), [])

    def test_stranger(self) -> None:
        """Who is no neighbor is not listened to."""
        self.assertEqual(a_broadcast().handle(MessageReceived(77, a_gossip()), 0.0), [])

    def test_hops(self) -> None:
        """What has come far enough goes no further."""
        far = Gossip(an_id(), "note", "s1", 0.0, 60.0, hops=wire_limits.GOSSIP_HOPS)
        effects = a_broadcast().handle(MessageReceived(1, far), 0.0)
        self.assertEqual(of_kind(effects, Send), [])

    def test_greeting(self) -> None:
        """A new neighbor is told what there is, asks for what it lacks, and gets it older."""
        broadcast = a_broadcast(1)
        broadcast.handle(MessageReceived(1, a_gossip(age=2.0)), 0.0)
        self.assertEqual(
            broadcast.handle(an_up(9), 5.0), [Send(9, IHave((an_id(),)), sheddable=True)]
        )
        newcomer = a_broadcast(1)
        self.assertEqual(
            newcomer.handle(MessageReceived(1, IHave((an_id(),))), 0.1),
            [Send(1, Graft((an_id(),)))],
        )
        [send] = of_kind(broadcast.handle(MessageReceived(9, Graft((an_id(),))), 6.0), Send)
        assert isinstance(send.message, Gossip)
        self.assertEqual(send.message.age, 8.0)

    def test_no_greeting(self) -> None:
        """What a neighbor first announces long after it came is as new to it as to us."""
        self.assertEqual(a_broadcast(1).handle(MessageReceived(1, IHave((an_id(),))), 60.0), [])

    def test_greets_with_living_ones_only(self) -> None:
        """Expired broadcasts are not announced, nor given."""
        broadcast = a_broadcast(1)
        broadcast.handle(MessageReceived(1, a_gossip(life=10.0)), 0.0)
        self.assertEqual(broadcast.handle(an_up(9), 11.0), [])
        self.assertEqual(broadcast.handle(MessageReceived(9, Graft((an_id(),))), 11.0), [])

    def test_bounded(self) -> None:
        """However many come, a bounded number of ids and bytes is kept."""
        broadcast = a_broadcast(2)
        for number in range(limits.SEEN_IDS + 2_000):
            broadcast.handle(MessageReceived(1, a_gossip(number, text="x" * 2_000)), 0.0)
        self.assertLessEqual(len(broadcast._seen), limits.SEEN_IDS)
        # The latest half of them is not delivered again.
        for number in range(limits.SEEN_IDS // 2):
            again = broadcast.handle(
                MessageReceived(1, a_gossip(limits.SEEN_IDS + 1_999 - number)), 0.0
            )
            self.assertEqual(of_kind(again, Deliver), [])
        self.assertLessEqual(broadcast._kept_bytes, limits.PAYLOAD_CACHE_BYTES)
        self.assertLessEqual(len(broadcast._kept), limits.PAYLOAD_CACHE_BYTES // 2_000)

    def test_everybody_once(self) -> None:
        """In a network, every other peer gets it exactly once."""
        network = SimulatedNetwork(seed=2)
        network.add_many(50)
        # The first goes everywhere, and prunes; the second along the tree.
        for _ in range(2):
            id_ = network.publish(network.alive[7])
            network.run(2.0)
            self.assertEqual(network.reach(id_), 1.0)

    def test_across_a_crash(self) -> None:
        """A broadcast sent at the instant of a crash of half reaches all survivors."""
        network = SimulatedNetwork(seed=8)
        network.add_many(60)
        network.publish(network.alive[0])
        network.run(2.0)
        for peer in network.rng.sample(network.alive[1:], 30):
            network.crash(peer)
        id_ = network.publish(network.alive[0])
        network.run(5.0)
        self.assertEqual(network.reach(id_), 1.0)

    def test_tree(self) -> None:
        """Once pruned, a broadcast's text goes to each peer about once."""
        network = SimulatedNetwork(seed=3)
        network.add_many(60)
        network.run(5.0)
        for peer in network.alive[:5]:
            network.publish(peer)
            network.run(2.0)
        eager = sum(len(peer.overlay.broadcast.tree.eager) for peer in network.alive)
        self.assertLess(eager, 2 * 60 * 1.15)


class TreeTests(SynchronousTestCase):
    def a_pruned_broadcast(self) -> Broadcast:
        """Have link 1 in the tree, and 2 and 3 outside of it."""
        broadcast = a_broadcast()
        for link in (2, 3):
            broadcast.handle(MessageReceived(link, Prune()), 0.0)
        return broadcast

    def test_announces(self) -> None:
        """Outside the tree only the id is sent."""
        sends = of_kind(self.a_pruned_broadcast().handle(GossipPublished(a_gossip()), 0.0), Send)
        self.assertEqual([type(send.message) for send in sends], [Gossip, IHave, IHave])

    def test_urgent(self) -> None:
        """What is urgent goes by every link, and shapes nothing."""
        broadcast = self.a_pruned_broadcast()
        urgent = attrs.evolve(a_gossip(), urgent=True)
        sends = of_kind(broadcast.handle(MessageReceived(2, urgent), 0.0), Send)
        self.assertEqual([type(send.message) for send in sends], [Gossip, Gossip])
        self.assertEqual(broadcast.handle(MessageReceived(1, urgent), 0.1), [])
        self.assertEqual(broadcast.tree.eager, [1])

    def test_asks_in_time(self) -> None:
        """What was announced and does not come is asked for, of one announcer after the other."""
        broadcast = self.a_pruned_broadcast()
        for link in (2, 3):
            self.assertEqual(broadcast.handle(MessageReceived(link, IHave((an_id(),))), 0.0), [])
        self.assertAlmostEqual(broadcast.wake_at, 0.3)
        self.assertEqual(broadcast.handle(TimeCame(), 0.31), [Send(2, Graft((an_id(),)))])
        self.assertEqual(broadcast.tree.eager, [1, 2])
        self.assertEqual(broadcast.handle(TimeCame(), 0.62), [Send(3, Graft((an_id(),)))])
        self.assertEqual(broadcast.handle(TimeCame(), 0.93), [])
        self.assertEqual(broadcast.wake_at, inf)

    def test_comes_in_time(self) -> None:
        """What comes after its announcement is not asked for."""
        broadcast = self.a_pruned_broadcast()
        broadcast.handle(MessageReceived(2, IHave((an_id(),))), 0.0)
        broadcast.handle(MessageReceived(1, a_gossip()), 0.2)
        self.assertEqual(broadcast.handle(TimeCame(), 9.0), [])

    def test_reheats(self) -> None:
        """Who loses a link of the tree asks all others to push again."""
        broadcast = self.a_pruned_broadcast()
        effects = broadcast.handle(a_down(1), 0.0)
        self.assertEqual(effects, [Send(2, Graft()), Send(3, Graft())])
        self.assertEqual(broadcast.tree.eager, [2, 3])

    def test_shortens(self) -> None:
        """What came a long way comes by whoever had it first the next time."""
        for hops, eager in ((14, [1]), (15, [3])):
            broadcast = self.a_pruned_broadcast()
            for link in (3, 2):
                broadcast.handle(MessageReceived(link, IHave((an_id(),))), 0.0)
            effects = broadcast.handle(MessageReceived(1, attrs.evolve(a_gossip(), hops=hops)), 0.1)
            self.assertEqual(broadcast.tree.eager, eager)
            swap = [Send(3, Graft()), Send(1, Prune())] if hops == 15 else []
            self.assertEqual(of_kind(effects, Send), swap)

    def test_passes_on_to_who_lacks_it(self) -> None:
        """Whoever has announced something is sent neither that nor its name."""
        broadcast = self.a_pruned_broadcast()
        broadcast.handle(MessageReceived(2, IHave((an_id(),))), 0.0)
        sends = of_kind(broadcast.handle(MessageReceived(1, a_gossip()), 0.1), Send)
        self.assertEqual([send.link for send in sends], [3])

    def test_torn(self) -> None:
        """Who loses a link of the tree, and has none to put in its place, takes the next one."""
        broadcast = a_broadcast(2)
        self.assertEqual(broadcast.handle(a_down(1), 0.0), [])
        for link, effects in ((8, [Send(8, Graft())]), (9, [])):
            self.assertEqual(broadcast.handle(an_up(link, is_eager=False), 9.0), effects)
        self.assertEqual(broadcast.tree.eager, [2, 8])

    def test_lazy_loss(self) -> None:
        """The loss of a link outside the tree changes nothing."""
        broadcast = self.a_pruned_broadcast()
        self.assertEqual(broadcast.handle(a_down(3), 0.0), [])
        self.assertEqual(broadcast.tree.eager, [1])

    def test_announcements_are_bounded(self) -> None:
        """Announcing what never comes fills no memory, and keeps out nothing of others."""
        broadcast = self.a_pruned_broadcast()
        for start in range(0, 20_000, 200):
            ids = tuple(an_id(number) for number in range(start, start + 200))
            broadcast.handle(MessageReceived(2, IHave(ids)), 0.0)
        broadcast.handle(MessageReceived(3, IHave((an_id(-1),))), 0.0)
        grafts = of_kind(broadcast.handle(TimeCame(), 10.0), Send)
        self.assertEqual(len(grafts), limits.MISSING_MOST // wire_limits.LINKS_MOST + 1)
        self.assertEqual(grafts[-1], Send(3, Graft((an_id(-1),))))

    def test_announcements_by_many_links(self) -> None:
        """Nor does it where whoever announces them comes back under ever new links."""
        broadcast = self.a_pruned_broadcast()
        for link in range(100, 120):
            broadcast.tree.add(link, is_eager=False)
            ids = tuple(an_id(link * 1_000 + number) for number in range(200))
            broadcast.handle(MessageReceived(link, IHave(ids)), 0.0)
            broadcast.handle(a_down(link), 0.0)
        broadcast.handle(MessageReceived(3, IHave((an_id(-1),))), 0.0)
        self.assertEqual(len(broadcast._missing), 1)
        self.assertEqual(broadcast.handle(TimeCame(), 10.0), [Send(3, Graft((an_id(-1),)))])

    def test_kept_is_not_forgotten(self) -> None:
        """What is still kept is not delivered again, however much has come since."""
        broadcast = self.a_pruned_broadcast()
        self.assertTrue(of_kind(broadcast.handle(MessageReceived(1, a_gossip()), 0.0), Deliver))
        for number in range(limits.SEEN_IDS):
            dead = attrs.evolve(a_gossip(), id=an_id(10**6 + number), age=60.0, life=1.0)
            broadcast.handle(MessageReceived(1, dead), 0.1)
        self.assertEqual(
            of_kind(broadcast.handle(MessageReceived(1, a_gossip()), 0.2), Deliver), []
        )
