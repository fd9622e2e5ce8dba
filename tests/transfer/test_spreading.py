"""Which chunks are revealed to whom."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.transfer.spreading import Spreading

CHUNKS = 40


class SpreadingTests(SynchronousTestCase):
    """A holder of forty chunks, and several requesters."""

    def setUp(self) -> None:
        self.spreading = Spreading(CHUNKS, Random(1))
        self.sent: Counter[int] = Counter()
        self.known: dict[str, list[int]] = {}
        for name in ("a", "b", "c"):
            self.add(name)

    def add(self, name: str) -> None:
        self.spreading.add(name)
        self.known[name] = []
        self.reveal(name)

    def reveal(self, name: str) -> None:
        self.known[name] += self.spreading.reveal(name)

    def send(self, name: str) -> int:
        """Send the first chunk that somebody knows of, and has not got."""
        index = self.known[name].pop(0)
        self.sent[index] += 1
        self.spreading.sent(name, index)
        self.reveal(name)
        return index

    def test_each_once_first(self) -> None:
        """Every chunk leaves once before any leaves twice, however fast anybody is."""
        for turn in range(CHUNKS):
            self.send("a" if turn % 4 else "bc"[turn % 8 // 4])
        self.assertEqual(self.sent, Counter(range(CHUNKS)))

    def test_nobody_starves(self) -> None:
        """Who gets nothing from others gets all from the holder."""
        got = {self.send("a") for _ in range(CHUNKS)}
        self.assertEqual(got, set(range(CHUNKS)))
        self.assertEqual(self.known["a"], [])

    def test_silent_requester(self) -> None:
        """Who asks for nothing keeps no chunk from the others."""
        kept = set(self.known["c"])
        for _ in range(CHUNKS):
            self.send("a")
        self.assertLess(kept, set(self.sent))

    def test_rarest(self) -> None:
        """When all have left, what fewest have is revealed first."""
        while len(self.sent) < CHUNKS:
            self.send("a")
        common = [index for index in range(CHUNKS) if index not in self.known["b"]][:30]
        for index in common:
            self.spreading.has("c", [(index, 1)])
        first = {self.send("b") for _ in range(4)}
        self.assertGreaterEqual(len(first - set(common)), 3)

    def test_has_from_elsewhere(self) -> None:
        """What somebody has is not revealed to it, nor new to others."""
        self.spreading.has("a", [(0, 30)])
        self.known["a"] = [index for index in self.known["a"] if index >= 30]
        self.reveal("a")
        self.assertTrue(all(index >= 30 for index in self.known["a"]))
        new = [self.send("b") for _ in range(2 + 2)][2:]
        self.assertTrue(all(index >= 30 for index in new))

    def test_liar(self) -> None:
        """Who claims to have all is told of nothing; the others get all nevertheless."""
        self.spreading.has("c", [(0, CHUNKS)])
        self.assertEqual(self.spreading.reveal("c"), [])
        self.test_nobody_starves()

    def test_leaves(self) -> None:
        """What was revealed to somebody who leaves is new again."""
        lost = set(self.known["c"])
        self.spreading.remove("c")
        for _ in range(CHUNKS):
            self.send("a")
        self.assertEqual(self.sent, Counter(range(CHUNKS)))
        self.assertLess(lost, set(self.sent))

    def test_overdue(self) -> None:
        """Who does not ask for what it knows of is told of others."""
        self.assertEqual(self.spreading.reveal("a"), [])
        before = set(self.known["a"])
        self.spreading.overdue("a")
        self.reveal("a")
        self.assertEqual(len(set(self.known["a"]) - before), 2)

    @given(st.data())
    def test_any(self, data: st.DataObject) -> None:
        """Whatever they do, nobody is told of a chunk twice, and each can get all."""
        spreading = Spreading(CHUNKS, Random(2))
        known: dict[int, list[int]] = {}
        told: dict[int, set[int]] = {}
        for _ in range(data.draw(st.integers(0, 60))):
            who = data.draw(st.integers(0, 3))
            what = data.draw(st.sampled_from(["sent", "has", "overdue", "gone"]))
            if who not in known:
                spreading.add(who)
                known[who], told[who] = [], set()
            elif what == "sent" and known[who]:
                spreading.sent(who, known[who].pop())
            elif what == "has":
                index = data.draw(st.integers(0, CHUNKS - 1))
                spreading.has(who, [(index, 1)])
                told[who].add(index)
            elif what == "overdue":
                spreading.overdue(who)
            elif what == "gone":
                spreading.remove(who)
                del known[who], told[who]
                continue
            revealed = spreading.reveal(who)
            self.assertTrue(told[who].isdisjoint(revealed))
            self.assertEqual(len(set(revealed)), len(revealed))
            told[who].update(revealed)
            known[who] += revealed
        for who in known:
            while known[who]:
                spreading.sent(who, known[who].pop())
                known[who] += (revealed := spreading.reveal(who))
                told[who].update(revealed)
            self.assertEqual(told[who], set(range(CHUNKS)))
