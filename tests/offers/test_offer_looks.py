"""How often others are asked how far they are with an offer, and by which ways."""

from typing import Any, Self

from attrs import define, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.offers.board import Board
from p2p_twisted.offers.offer_looks import OfferLooks
from p2p_twisted.overlay.effects import Answer, LocalAnswer
from p2p_twisted.peer_errors import NoNetwork
from p2p_twisted.wire.messages import Ask, Receipt, ReceiptState, Tally
from p2p_twisted.wire.names import MessageId, PeerAddress
from tests.offers.made_offers import an_offer

SIZE = 10
OFFER = an_offer(size=SIZE)


def a_tally(state: ReceiptState = "saved") -> tuple[Tally, tuple[Receipt, ...]]:
    """Return what carl says, and anna, who offers it."""
    carl = Receipt("carl", state, SIZE)
    return Tally(unmeant=1).plus(Tally.of(carl, SIZE)), (carl,)


@define(eq=False)
class Others:
    """Stands for the network, and its driver: others answer when they are told to."""

    me: PeerAddress = field(factory=lambda: PeerAddress("ben", "127.0.0.1", 9_001))
    is_linked: bool = True
    asked: list[Ask] = field(factory=list)
    _waiting: list[Deferred[Answer]] = field(factory=list)

    def connected(self) -> "Deferred[Self]":
        return succeed(self) if self.is_linked else fail(NoNetwork("not in a network"))

    def new_id(self) -> MessageId:
        return f"{len(self.asked):032x}"

    def ask(self, ask: Ask) -> "Deferred[Answer]":
        self.asked.append(ask)
        self._waiting.append(Deferred())
        return self._waiting[-1]

    def tell(self, state: ReceiptState = "saved", is_whole: bool = True) -> None:
        """Answer what was asked last."""
        tally, receipts = a_tally(state)
        said = (self.asked[-1].id, (), (), 2, ("ben",), False, False, tally, receipts)
        self._waiting[-1].callback(Answer(*said, hides_nobody=is_whole))


class LookTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.others = Clock(), Others()
        others: Any = self.others
        own = Receipt("ben", "saved", SIZE)
        said = LocalAnswer(tally=Tally.of(own, SIZE), receipts=(own,))
        self.looks = OfferLooks(self.clock, others, lambda _offer: said)

    def look(self) -> "Deferred[Board]":
        return self.looks.look(OFFER)

    def test_asker_counts_itself(self) -> None:
        """Who looks is among those that are looked at, and not off because nobody heard of it."""
        board = self.look()
        self.others.tell()
        seen = self.successResultOf(board)
        self.assertEqual(seen.counts["saved"], 2)
        self.assertEqual({row.peer for row in seen.rows}, {"ben", "carl"})
        self.assertEqual((seen.off, seen.unaware), ((), 0))
        self.assertTrue(seen.have_all)
        [ask] = self.others.asked
        self.assertEqual((ask.offer, ask.tree), (OFFER.id, ask.hops))

    def test_one_question_for_all(self) -> None:
        """However many look, others are asked once, and once more when it is worth while."""
        boards = [self.look() for _ in range(3)]
        self.assertEqual(len(self.others.asked), 1)
        self.others.tell("fetching")
        for board in boards:
            self.assertFalse(self.successResultOf(board).is_done)
        self.successResultOf(self.look())
        self.clock.advance(0.9)
        self.successResultOf(self.look())
        self.assertEqual(len(self.others.asked), 1)
        self.clock.advance(0.1)
        again = self.look()
        self.assertEqual(len(self.others.asked), 2)
        self.others.tell()
        self.assertTrue(self.successResultOf(again).is_done)

    def test_before_it_ends(self) -> None:
        """
        What happens just before an offer ends is seen, though others had no rest; who comes in
        time waits for that.
        """
        for seconds, again in ((0.0, 1.0), (1.0, 0.3)):
            self.clock.advance(seconds)
            board = self.looks.look(OFFER, 1.5 - self.clock.seconds())
            self.others.tell("fetching")
            self.assertAlmostEqual(self.successResultOf(board).look_again, again)
        self.clock.advance(again + 0.01)
        board = self.looks.look(OFFER, 1.5 - self.clock.seconds())
        self.clock.advance(0.1)
        self.assertEqual(len(self.others.asked), 2)
        self.clock.advance(0.05)
        self.others.tell()
        self.assertTrue(self.successResultOf(board).is_done)
        self.assertEqual(len(self.others.asked), 3)

    def test_still_so(self) -> None:
        """Where nothing more was to happen, whoever looks again learns what happens now."""
        board = self.look()
        self.others.tell()
        self.assertTrue(self.successResultOf(board).is_done)
        later = [self.look() for _ in range(3)]
        self.clock.advance(0.9)
        self.assertEqual(len(self.others.asked), 1)
        self.clock.advance(0.1)
        self.assertEqual(len(self.others.asked), 2)
        self.others.tell("fetching")
        for each in later:
            self.assertFalse(self.successResultOf(each).is_done)

    def test_by_every_link(self) -> None:
        """The last look is by every link where the tree may have left somebody out."""
        board = self.look()
        self.others.tell(is_whole=False)
        self.assertNoResult(board)
        tree, flood = self.others.asked
        self.assertEqual((flood.tree, flood.after, flood.offer), (0, tree.id, OFFER.id))
        self.others.tell()
        self.assertTrue(self.successResultOf(board).is_done)

    def test_along_the_tree(self) -> None:
        """While somebody is on the way, a few that are left out for the moment do not matter."""
        board = self.look()
        self.others.tell("fetching", is_whole=False)
        self.successResultOf(board)
        self.assertEqual(len(self.others.asked), 1)

    def test_no_network(self) -> None:
        """Without a network it fails for all who look, and may be tried again."""
        self.others.is_linked = False
        self.failureResultOf(self.look(), NoNetwork)
        self.others.is_linked = True
        board = self.look()
        self.others.tell()
        self.successResultOf(board)

    def test_nobody_waits_any_more(self) -> None:
        """A look whose asker has gone harms nobody else's."""
        gone, board = self.look(), self.look()
        gone.addErrback(lambda _failure: None)
        gone.cancel()
        self.others.tell()
        self.successResultOf(board)

    def test_bounded(self) -> None:
        """Of very many offers that were looked at, the first is forgotten."""
        for number in range(102):
            board = self.looks.look(an_offer(name=f"f{number}"))
            self.others.tell("fetching")
            self.successResultOf(board)
        self.successResultOf(self.looks.look(an_offer(name="f101")))
        self.assertNoResult(self.looks.look(an_offer(name="f0")))
