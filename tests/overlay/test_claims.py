"""Two that claim the name of one peer."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Close, Dial, Effect, Exchange, NeighborDown, NeighborUp
from p2p_twisted.overlay.events import (
    ConnectionLost,
    ExchangeFailed,
    LinkAccepted,
    LinkAsked,
    LinkRefused,
    PeersExchanged,
    Referred,
)
from p2p_twisted.overlay.membership import Membership
from p2p_twisted.wire.messages import Bye, Link, Linked
from tests.overlay.builders import a_membership, an_address, of_kind

REAL = an_address("s2", 9_002)
SQUATTER = an_address("s2", 9_666)


class ClaimTests(SynchronousTestCase):
    """A link with a squatter, number 1; then the real peer asks."""

    def membership(self) -> Membership:
        membership = a_membership()
        self.ask(membership, 1, SQUATTER.port)
        return membership

    def ask(self, membership: Membership, link: int, port: int, now: float = 1.0) -> list[Effect]:
        """Ask for a link as s2."""
        asking = Link("need", "s2", port, alone=True)
        return membership.handle(LinkAsked(link, asking, "127.0.0.1"), now)

    def test_squatter(self) -> None:
        """Where nobody greets at the first one's address, the second one is dialed, and stays."""
        membership = self.membership()
        effects = self.ask(membership, 2, REAL.port)
        self.assertEqual(effects[0], Close(2, Bye("duplicate")))
        self.assertEqual(of_kind(effects, Exchange), [Exchange(SQUATTER)])
        [dial] = of_kind(membership.handle(ExchangeFailed(SQUATTER), 1.1), Dial)
        self.assertEqual(dial.address, REAL)
        effects = membership.handle(LinkAccepted(dial.link, Linked()), 1.2)
        self.assertEqual([down.address for down in of_kind(effects, NeighborDown)], [SQUATTER])
        self.assertEqual([up.address for up in of_kind(effects, NeighborUp)], [REAL])
        self.assertEqual(self.ask(membership, 3, SQUATTER.port), [Close(3, Bye("duplicate"))])

    def test_just_started(self) -> None:
        """That the real one was not found a moment ago is no reason to wait."""
        membership = self.membership()
        membership.passive.failed(REAL, 0.9)
        self.ask(membership, 2, REAL.port)
        [dial] = of_kind(membership.handle(ExchangeFailed(SQUATTER), 1.1), Dial)
        self.assertEqual(dial.address, REAL)

    def test_real_one(self) -> None:
        """Where the first one greets, the second one has no chance, nor is it asked again."""
        membership = self.membership()
        self.ask(membership, 2, REAL.port)
        membership.handle(PeersExchanged(SQUATTER, (), is_dialed=True), 1.1)
        self.assertEqual(membership.links[1].address, SQUATTER)
        self.assertEqual(self.ask(membership, 3, REAL.port), [Close(3, Bye("duplicate"))])

    def test_real_one_late(self) -> None:
        """Where the first one greets after all, before the second one has, it stays."""
        membership = self.membership()
        self.ask(membership, 2, REAL.port)
        [dial] = of_kind(membership.handle(ExchangeFailed(SQUATTER), 1.1), Dial)
        membership.handle(PeersExchanged(SQUATTER, (), is_dialed=True), 1.2)
        effects = membership.handle(LinkAccepted(dial.link, Linked()), 1.3)
        self.assertEqual(effects, [Close(dial.link, Bye("duplicate"))])
        self.assertEqual(list(membership.links), [1])

    def test_same_address(self) -> None:
        """Of two that name one address, it is the one that takes our link there."""
        membership = self.membership()
        [dial] = of_kind(self.ask(membership, 2, SQUATTER.port), Dial)
        self.assertEqual(dial.address, SQUATTER)
        membership.handle(LinkAccepted(dial.link, Linked()), 1.1)
        self.assertEqual(list(membership.links), [dial.link])

    def test_same_address_is_right(self) -> None:
        """A peer that says that we have its link already keeps it, and is believed from then on."""
        membership = self.membership()
        [dial] = of_kind(self.ask(membership, 2, SQUATTER.port), Dial)
        membership.handle(LinkRefused(dial.link, (), is_duplicate=True), 1.1)
        self.assertEqual(list(membership.links), [1])
        self.assertEqual(self.ask(membership, 3, REAL.port), [Close(3, Bye("duplicate"))])

    def test_neither(self) -> None:
        """Where neither greets, the first one stays, and the next claim is looked into again."""
        membership = self.membership()
        self.ask(membership, 2, REAL.port)
        [dial] = of_kind(membership.handle(ExchangeFailed(SQUATTER), 1.1), Dial)
        membership.handle(ConnectionLost(dial.link), 1.2)
        self.assertEqual(list(membership.links), [1])
        self.assertEqual(len(self.ask(membership, 3, 9_003, now=60.0)), 2)

    def test_claims_without_end(self) -> None:
        """However often others claim a name, few dials come of it."""
        membership, dials = self.membership(), 0
        for number in range(600):
            now = number / 10
            for effect in self.ask(membership, 10 + number, 9_010 + number % 50, now):
                if isinstance(effect, Exchange):
                    dials += 1
                    for dial in of_kind(membership.handle(ExchangeFailed(SQUATTER), now), Dial):
                        dials += 1
                        membership.handle(ConnectionLost(dial.link), now)
        self.assertLess(dials, 30)

    def test_registry(self) -> None:
        """What the registry says beats even a squatter that greets under that name."""
        membership = self.membership()
        membership.handle(PeersExchanged(SQUATTER, (), is_dialed=True), 1.0)
        dials = of_kind(membership.handle(Referred((REAL,)), 2.0), Dial)
        self.assertEqual([dial.address for dial in dials], [REAL])
        membership.handle(LinkAccepted(dials[0].link, Linked()), 2.1)
        self.assertEqual([each.address for each in membership.links.values()], [REAL])
