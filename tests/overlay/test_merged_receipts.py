"""Receipts of very many peers become one short answer, whatever some of them make up."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Answer, LocalAnswer, Send
from p2p_twisted.overlay.events import Asked, MessageReceived, NeighborAsked
from p2p_twisted.overlay.merged_receipts import MergedReceipts
from p2p_twisted.simulation.simulated_network import SimulatedNetwork
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.limits import ANSWERED, FILE_BYTES, RECEIPTS_NAMED
from p2p_twisted.wire.messages import Ask, Receipt, ReceiptState, Tally, Told
from tests.overlay.builders import an_asking, an_id, of_kind

ASK = Ask(an_id(5), "id", an_id(6))
SIZE = 100


def a_receipt(peer: str = "x", state: ReceiptState = "saved", received: int = SIZE) -> Receipt:
    return Receipt(peer, state, received)


def receipts(number: int, state: ReceiptState = "saved", prefix: str = "x") -> tuple[Receipt, ...]:
    return tuple(a_receipt(f"{prefix}{index}", state) for index in range(number))


def an_answer(receipt: Receipt) -> LocalAnswer:
    return LocalAnswer(tally=Tally.of(receipt, SIZE), receipts=(receipt,))


def told(tally: Tally | None, rows: tuple[Receipt, ...] = (), answered: int = 1) -> Told:
    return Told(ASK.id, answered=answered, tally=tally, receipts=rows)


class TallyTests(SynchronousTestCase):
    def test_of_one(self) -> None:
        """One receiver is counted once, with what it has and needs."""
        tally = Tally.of(Receipt("x", "fetching", 60, 10.0), SIZE)
        self.assertEqual(tally, Tally(fetching=1, received=60, rate=10.0, seconds_left=4.0))
        self.assertEqual(Tally.of(Receipt("x", "no space"), SIZE), Tally(no_space=1))
        late = Tally.of(Receipt("x", "no space"), SIZE, is_late=True)
        self.assertEqual((late.no_space, late.late, late.peers), (1, 1, 1))
        self.assertEqual(Tally.of(Receipt("x", "fetching", 60, 1e-300), SIZE).seconds_left, 1e9)
        self.assertEqual(Tally.of(Receipt("x", "saved", SIZE, 1.0), SIZE - 1).seconds_left, 0.0)

    def test_adds_up(self) -> None:
        """Counts add up; the last one to have it decides how long it takes."""
        one, other = (Tally(fetching=1, rate=10.0, seconds_left=left) for left in (7.0, 3.0))
        both = one.plus(other).plus(Tally(saved=2, received=9, unmeant=3))
        self.assertEqual(
            both, Tally(fetching=2, saved=2, unmeant=3, received=9, rate=20.0, seconds_left=7.0)
        )
        self.assertEqual((both.receivers, both.peers), (4, 7))

    def test_keeps_within_bounds(self) -> None:
        """What nobody would take, nobody is told: neighbors may say the most that there is."""
        most = Tally(saved=ANSWERED, received=ANSWERED * FILE_BYTES, rate=1e12, seconds_left=1e9)
        self.assertEqual(most.plus(most), most)
        encode(told(most.plus(most)))


class MergeTests(SynchronousTestCase):
    def test_worst_first(self) -> None:
        """Those are named first that do not have it, and of those the ones with least."""
        merged = MergedReceipts()
        merged.name("a", receipts(90))
        merged.count("a", Tally(saved=90), 90)
        coming = tuple(a_receipt(f"f{left}", "fetching", left) for left in (9, 3))
        merged.name("b", (*receipts(50, prefix="y"), *coming, a_receipt("n", "no space", 0)))
        merged.count("b", Tally(saved=50, fetching=2, no_space=1), 53)
        chosen = merged.chosen()
        self.assertEqual([row.peer for row in chosen[:3]], ["n", "f3", "f9"])
        self.assertEqual(len(chosen), RECEIPTS_NAMED)

    def test_shares(self) -> None:
        """A neighbor that makes receivers up leaves room for those that there are."""
        merged = MergedReceipts()
        merged.name("liar", receipts(RECEIPTS_NAMED, "failed", "made-up"))
        merged.count("liar", Tally(failed=5_000), 5_000)
        merged.name("honest", receipts(50, "saved"))
        merged.count("honest", Tally(saved=50), 50)
        honest = [row for row in merged.chosen() if row.peer.startswith("x")]
        self.assertEqual(len(honest), 50)

    def test_more_than_answered(self) -> None:
        """A tally of more peers than have answered counts nothing, and names nobody."""
        merged = MergedReceipts()
        merged.name("liar", receipts(3))
        self.assertFalse(merged.count("liar", Tally(saved=3), 2))
        self.assertEqual((merged.tally, merged.chosen()), (None, ()))

    def test_more_than_counted(self) -> None:
        """Nobody is named who is not counted."""
        merged = MergedReceipts()
        merged.name("liar", receipts(3))
        self.assertFalse(merged.count("liar", Tally(saved=2, unmeant=5), 7))
        merged.name("liar", receipts(3))
        self.assertFalse(merged.count("liar", None, 7))
        self.assertFalse(merged.count("liar", Tally(saved=2, late=3), 7))
        merged.name("dies", receipts(3))
        self.assertEqual((merged.tally, merged.chosen()), (None, ()))

    def test_very_many_rows(self) -> None:
        """However many lines of receivers come, no more are kept than an answer has."""
        merged = MergedReceipts()
        for line in range(1_000):
            merged.name("liar", receipts(RECEIPTS_NAMED, prefix=f"x{line}-"))
        merged.count("liar", Tally(saved=1_000), 1_000)
        self.assertEqual(len(merged.chosen()), RECEIPTS_NAMED)

    def test_of_others(self) -> None:
        """Nobody makes another one look as if it had all: the worst of it is believed."""
        for order in (("liar", "honest"), ("honest", "liar")):
            said = {"liar": a_receipt("anna"), "honest": a_receipt("anna", "fetching", 5)}
            merged = MergedReceipts()
            for teller in order:
                merged.name(teller, [said[teller]])
                merged.count(teller, Tally.of(said[teller], SIZE), 1)
            self.assertEqual(merged.chosen(), (said["honest"],))

    def test_of_itself(self) -> None:
        """What a neighbor says of itself counts more than what others say of it."""
        for order in (("liar", "anna"), ("anna", "liar")):
            said = {"liar": a_receipt("anna", "failed", 0), "anna": a_receipt("anna")}
            merged = MergedReceipts()
            for teller in order:
                merged.name(teller, [said[teller]])
                merged.count(teller, Tally.of(said[teller], SIZE), 1)
            self.assertEqual(merged.chosen(), (said["anna"],))


class QueryTests(SynchronousTestCase):
    """Receipts on their way through one peer."""

    def test_passes_on(self) -> None:
        """A peer tells its parent of itself and of all behind it, on one line."""
        asking = an_asking(an_answer(a_receipt("me", "fetching", 5)))
        asking.handle(NeighborAsked(1, ASK), 0.0)
        asking.handle(MessageReceived(2, told(Tally(saved=2), receipts(1), answered=2)), 0.1)
        [send] = of_kind(asking.handle(MessageReceived(3, told(None)), 0.2), Send)
        line = send.message
        assert isinstance(line, Told)
        self.assertEqual((line.answered, line.more), (4, False))
        self.assertEqual(line.tally, Tally(fetching=1, saved=2, received=5))
        self.assertEqual([row.peer for row in line.receipts], ["me", "x0"])

    def test_long_lines(self) -> None:
        """As many as may be named, with the longest of names and reasons, fit on lines."""
        asking = an_asking()
        asking.handle(NeighborAsked(1, ASK), 0.0)
        rows = tuple(
            Receipt(f"{index:a>31}", "failed", FILE_BYTES, 1e11 / 3, "\N{GRINNING FACE}" * 100)
            for index in range(RECEIPTS_NAMED)
        )
        for start in range(0, RECEIPTS_NAMED, 20):
            part = Told(ASK.id, receipts=rows[start : start + 20], more=True)
            encode(part)
            asking.handle(MessageReceived(2, part), 0.1)
        silent = tuple(f"{index:b>31}" for index in range(256))
        last = Told(ASK.id, answered=500, tally=Tally(failed=500), silent=silent)
        asking.handle(MessageReceived(2, last), 0.1)
        sends = of_kind(asking.handle(MessageReceived(3, told(None)), 0.2), Send)
        lines = [send.message for send in sends]
        passed = [row for line in lines if isinstance(line, Told) for row in line.receipts]
        for line in lines:
            encode(line)
        self.assertEqual({row.peer for row in passed}, {row.peer for row in rows})

    def test_answers(self) -> None:
        """Whoever asks gets the sum of all, and hears where something was made up."""
        asking = an_asking()
        asking.handle(Asked(ASK), 0.0)
        asking.handle(MessageReceived(1, told(Tally(saved=9), answered=9)), 0.1)
        asking.handle(MessageReceived(2, told(Tally(saved=10), answered=9)), 0.1)
        [answer] = of_kind(asking.handle(MessageReceived(3, told(Tally(failed=1))), 0.2), Answer)
        self.assertEqual(answer.tally, Tally(saved=9, failed=1))
        self.assertTrue(answer.cut)


class NetworkTests(SynchronousTestCase):
    """Receipts in a whole network."""

    def test_counts_everybody(self) -> None:
        """A look costs each peer two lines or so, and counts each of them once."""
        network = SimulatedNetwork(seed=3)
        network.add_many(150)
        network.run(30.0)
        asker, *others = network.alive
        for number, peer in enumerate(others):
            state: ReceiptState = "failed" if number < 7 else "saved"
            peer.offers[ASK.text] = an_answer(Receipt(peer.name, state, SIZE))
        network.publish(asker)
        network.run(5.0)
        before = network.lines
        answer = network.ask(asker, ASK)
        self.assertEqual((answer.answered, answer.is_whole), (149, True))
        self.assertEqual(answer.tally, Tally(failed=7, saved=142, received=149 * SIZE))
        failed = {peer.name for peer in others[:7]}
        self.assertEqual({row.peer for row in answer.receipts[:7]}, failed)
        self.assertEqual(len(answer.receipts), RECEIPTS_NAMED)
        self.assertLess(network.lines - before, 3 * 150)
