from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.broadcast import Broadcast
from p2p_twisted.overlay.effects import Deliver, Send
from p2p_twisted.wire import limits
from p2p_twisted.wire.messages import Gossip, Graft, IHave
from tests.overlay.builders import a_gossip, an_id, of_kind
from tests.overlay.swarm import Swarm


def a_broadcast(links: int = 3) -> Broadcast:
    broadcast = Broadcast()
    for link in range(1, links + 1):
        broadcast.neighbor_up(link, 0.0)
    return broadcast


class BroadcastTests(SynchronousTestCase):
    def test_publish(self) -> None:
        """What is published goes to every neighbor, and not to oneself."""
        effects = a_broadcast().publish(a_gossip(), 0.0)
        self.assertEqual([send.link for send in of_kind(effects, Send)], [1, 2, 3])
        self.assertEqual(of_kind(effects, Deliver), [])

    def test_new(self) -> None:
        """A new broadcast is delivered, and goes to all but the one it came from."""
        effects = a_broadcast().received(2, a_gossip(), 0.0)
        self.assertEqual(of_kind(effects, Deliver), [Deliver(a_gossip())])
        self.assertEqual([send.link for send in of_kind(effects, Send)], [1, 3])

    def test_duplicate(self) -> None:
        """The same one, over another link or played back, does nothing."""
        broadcast = a_broadcast()
        broadcast.received(2, a_gossip(), 0.0)
        self.assertEqual(broadcast.received(1, a_gossip(), 0.1), [])
        self.assertEqual(broadcast.received(2, a_gossip(age=3.0), 30.0), [])

    def test_own_echo(self) -> None:
        """One's own broadcast that comes back is not delivered."""
        broadcast = a_broadcast()
        broadcast.publish(a_gossip(), 0.0)
        self.assertEqual(broadcast.received(1, a_gossip(), 0.1), [])

    def test_expired(self) -> None:
        """One that is too old is neither delivered nor passed on."""
        self.assertEqual(a_broadcast().received(1, a_gossip(age=61.0), 0.0), [])

    def test_stranger(self) -> None:
        """Who is no neighbor is not listened to."""
        self.assertEqual(a_broadcast().received(77, a_gossip(), 0.0), [])

    def test_hops(self) -> None:
        """What has come far enough goes no further."""
        far = Gossip(an_id(), "note", "s1", 0.0, 60.0, hops=limits.GOSSIP_HOPS)
        effects = a_broadcast().received(1, far, 0.0)
        self.assertEqual(of_kind(effects, Send), [])

    def test_greeting(self) -> None:
        """A new neighbor is told what there is, asks for what it lacks, and gets it older."""
        broadcast = a_broadcast(1)
        broadcast.received(1, a_gossip(age=2.0), 0.0)
        self.assertEqual(
            broadcast.neighbor_up(9, 5.0), [Send(9, IHave((an_id(),)), sheddable=True)]
        )
        newcomer = a_broadcast(1)
        self.assertEqual(newcomer.announced(1, (an_id(),)), [Send(1, Graft((an_id(),)))])
        [send] = of_kind(broadcast.grafted(9, (an_id(),), 6.0), Send)
        assert isinstance(send.message, Gossip)
        self.assertEqual(send.message.age, 8.0)

    def test_greets_with_living_ones_only(self) -> None:
        """Expired broadcasts are not announced, nor given."""
        broadcast = a_broadcast(1)
        broadcast.received(1, a_gossip(life=10.0), 0.0)
        self.assertEqual(broadcast.neighbor_up(9, 11.0), [])
        self.assertEqual(broadcast.grafted(9, (an_id(),), 11.0), [])

    def test_bounded(self) -> None:
        """However many come, a bounded number of ids and bytes is kept."""
        broadcast = a_broadcast(2)
        for number in range(limits.SEEN_IDS + 2_000):
            broadcast.received(1, a_gossip(number, text="x" * 2_000), 0.0)
        self.assertEqual(len(broadcast._seen), limits.SEEN_IDS)
        self.assertLessEqual(broadcast._kept_bytes, limits.PAYLOAD_CACHE_BYTES)
        self.assertLessEqual(len(broadcast._kept), limits.PAYLOAD_CACHE_BYTES // 2_000)

    def test_everybody_once(self) -> None:
        """In a network, every other peer gets it exactly once."""
        swarm = Swarm(seed=2)
        swarm.add_many(50)
        swarm.publish(swarm.alive[7], a_gossip())
        swarm.run(2.0)
        self.assertEqual(
            sorted(len(peer.delivered) for peer in swarm.alive), [0] + [1] * (len(swarm.alive) - 1)
        )

    def test_across_a_crash(self) -> None:
        """A broadcast sent at the instant of a crash of half reaches all survivors."""
        swarm = Swarm(seed=8)
        swarm.add_many(60)
        for peer in swarm.rng.sample(swarm.alive[1:], 30):
            swarm.crash(peer)
        swarm.publish(swarm.alive[0], a_gossip())
        swarm.run(5.0)
        self.assertTrue(all(len(peer.delivered) == 1 for peer in swarm.alive[1:]))
