"""Broadcasts that nobody waits for, very many of them: others get through all the same."""

from itertools import count
from random import Random

from attrs import define, evolve, field
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.overlay.effects import Deliver, Effect, Send
from p2p_twisted.overlay.events import GossipPublished, LinkAsked, MessageReceived
from p2p_twisted.overlay.overlay import Overlay, make_overlay
from p2p_twisted.overlay.passive import PassiveView
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.messages import Gossip, Graft, Link
from p2p_twisted.wire.names import MessageId
from tests.overlay.builders import a_gossip, an_address, of_kind

FLOOD_PER_SECOND = 20
SECONDS = 60


def an_overlay(name: str, links: int) -> Overlay:
    """Make a peer with links 1, 2 and so on."""
    rng = Random(1)
    overlay = make_overlay(PassiveView(an_address(name), Book(b"s"), rng), count(1_000), rng)
    for link in range(1, links + 1):
        asking = Link("join", f"{name}-{link}", 9_000 + link)
        overlay.handle(LinkAsked(link, asking, "127.0.0.1"), 0.0)
    return overlay


@define
class Way:
    """
    A peer that passes broadcasts on to another one, by its first link.

    :ivar sent: what it has sent there.
    :ivar heard: what has come there.
    """

    links: int = wire_limits.LINKS_MOST
    here: Overlay = field(init=False)
    there: Overlay = field(factory=lambda: an_overlay("there", 1))
    sent: list[MessageId] = field(factory=list)
    heard: list[MessageId] = field(factory=list)
    _numbers: "count[int]" = field(factory=lambda: count(1))

    def __attrs_post_init__(self) -> None:
        self.here = an_overlay("here", self.links)
        self.here.handle(MessageReceived(1, Graft(())), 0.0)

    def says(self, now: float, kind: str = "offer") -> MessageId:
        """Have it broadcast something itself."""
        gossip = self.a_gossip(kind)
        return self._carry(gossip, self.here.handle(GossipPublished(gossip), now), now)

    def hears(self, link: int, now: float, kind: str = "offer") -> MessageId:
        """Have it hear something new from one of its other neighbors."""
        gossip = self.a_gossip(kind)
        return self._carry(gossip, self.here.handle(MessageReceived(link, gossip), now), now)

    def a_gossip(self, kind: str) -> Gossip:
        return evolve(a_gossip(next(self._numbers), life=120.0), kind=kind)

    def _carry(self, gossip: Gossip, effects: list[Effect], now: float) -> MessageId:
        for send in of_kind(effects, Send):
            if send.link == 1 and isinstance(send.message, Gossip):
                self.sent.append(send.message.id)
                found = self.there.handle(MessageReceived(1, send.message), now)
                self.heard += [each.gossip.id for each in of_kind(found, Deliver)]
        return gossip.id


class CalmFloodTests(SynchronousTestCase):
    def flooded(self, way: Way, *links: int) -> list[MessageId]:
        """Have neighbors broadcast without end, and this peer and the last one now and then."""
        honest = []
        for moment in range(FLOOD_PER_SECOND * SECONDS):
            now = moment / FLOOD_PER_SECOND
            for link in links:
                way.hears(link, now)
            if moment % (5 * FLOOD_PER_SECOND) == 0:
                honest += [way.says(now), way.hears(way.links, now)]
        return honest

    def test_one_neighbor_floods(self) -> None:
        """What this peer says itself, and what its other neighbors do, gets through."""
        way = Way()
        honest = self.flooded(way, 2)
        self.assertLessEqual(set(honest), set(way.heard))

    def test_all_others_flood(self) -> None:
        """It does where all but one flood; and nothing is sent that is not taken."""
        way = Way()
        honest = self.flooded(way, *range(2, way.links))
        self.assertLessEqual(set(honest), set(way.heard))
        self.assertEqual(way.sent, way.heard)
        # Nor is less sent than would be.
        self.assertGreater(len(way.sent), 0.9 * SECONDS * limits.CALM_GOSSIP_PER_SECOND)

    def test_very_many_neighbors_flood(self) -> None:
        """However many they are, together they have no more than is taken."""
        way = Way()
        for link in range(10, 30):
            asking = Link("join", f"leaf{link}", 9_000 + link, closed=True)
            way.here.handle(LinkAsked(link, asking, "127.0.0.1"), 0.0)
        honest = self.flooded(way, *range(10, 30))
        self.assertLessEqual(set(honest[::2]), set(way.heard))
        self.assertEqual(way.sent, way.heard)

    def test_pressing(self) -> None:
        """What a network waits for gets through at any time, from anybody."""
        way = Way()
        for number in range(1_000):
            for link in range(2, way.links + 1):
                way.hears(link, number / 1_000)
        for kind in ("stop", "revoke"):
            self.assertIn(way.hears(2, 1.1, kind), way.heard)
            self.assertIn(way.says(1.1, kind), way.heard)

    def test_many_at_once(self) -> None:
        """As many as a peer may offer are taken at once, where it has not said more before."""
        way = Way()
        mine = [way.says(0.0) for _ in range(limits.CALM_GOSSIP_BURST)]
        self.assertEqual(way.heard, mine)

    def test_no_more_is_believed(self) -> None:
        """A neighbor is not listened to beyond what it may say."""
        overlay = an_overlay("here", 3)
        heard = 0
        for moment in range(20 * SECONDS):
            gossip = a_gossip(moment)
            heard += len(of_kind(overlay.handle(MessageReceived(1, gossip), moment / 20), Deliver))
        most = limits.CALM_GOSSIP_BURST + SECONDS * limits.CALM_GOSSIP_PER_SECOND
        self.assertLessEqual(heard, most)
        self.assertGreater(heard, most - 2)

    def test_told_of_what_goes_no_further(self) -> None:
        """A peer learns all that it hears, and whether others do, too."""
        overlay = an_overlay("here", 3)
        told: list[bool] = []
        for number in range(limits.CALM_GOSSIP_BURST):
            found = overlay.handle(MessageReceived(1, a_gossip(number)), 0.0)
            told += [each.is_passed_on for each in of_kind(found, Deliver)]
        self.assertEqual(len(told), limits.CALM_GOSSIP_BURST)
        self.assertEqual(sorted(told, reverse=True), told)
        self.assertEqual(set(told), {True, False})
