"""Which chunks are revealed to whom."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker.super_seeding import SuperSeeder

CHUNKS = 40
AHEAD = 3


class SuperSeederTests(SynchronousTestCase):
    """A holder of forty chunks, and several requesters."""

    def setUp(self) -> None:
        self.seeder: SuperSeeder[object] = SuperSeeder(CHUNKS, Random(1))
        self.sent: Counter[int] = Counter()
        self.known: dict[object, list[int]] = {"a": [], "b": [], "c": []}
        for name in self.known:
            self.seeder.add(name)
        self.reveal()

    def reveal(self) -> None:
        for name, index in self.seeder.reveal(AHEAD):
            self.known[name].append(index)

    def send(self, name: str) -> int:
        """Send the first chunk that a requester was told of, and does not have."""
        index = self.known[name].pop(0)
        self.sent[index] += 1
        self.seeder.sent(name, index)
        self.reveal()
        return index

    def send_all(self, *names: str) -> None:
        """Send in turns until every chunk has left."""
        while len(self.sent) < CHUNKS:
            for name in names:
                if self.known[name]:
                    self.send(name)

    def test_few_at_a_time(self) -> None:
        """The number of chunks in flight is limited; they are spread over all requesters."""
        self.assertEqual(sorted(self.known.values()), [[0], [1], [2]])
        self.reveal()
        self.assertEqual(sorted(self.known.values()), [[0], [1], [2]])

    def test_each_once_first(self) -> None:
        """Every chunk leaves once before any leaves twice."""
        self.send_all("a", "b", "c")
        self.assertEqual(set(self.sent), set(range(CHUNKS)))
        self.assertLessEqual(self.sent.total(), CHUNKS + AHEAD)

    def test_alone(self) -> None:
        """A requester that gets nothing from others gets everything from the holder."""
        self.seeder.remove("b")
        self.seeder.remove("c")
        self.reveal()
        self.assertEqual({self.send("a") for _ in range(CHUNKS)}, set(range(CHUNKS)))
        self.assertEqual(self.known["a"], [])

    def test_passed_on(self) -> None:
        """Whoever keeps what it was sent, as nobody asks for it, is told of new chunks last."""
        for name in ("d", "e"):
            self.known[name] = []
            self.seeder.add(name)
        got: Counter[str] = Counter()
        while len(self.sent) < CHUNKS:
            for name in ("a", "b", "c", "d", "e"):
                if self.known[name]:
                    index = self.send(name)
                    got[name] += 1
                    if name != "c":
                        others = {"a", "b", "d", "e"} - {name}
                        for other in others:
                            self.seeder.has(other, [(index, 1)])
        self.assertLessEqual(got["c"], 4)
        self.assertGreater(min(got[name] for name in ("a", "b", "d", "e")), 4)

    def test_silent_requester(self) -> None:
        """A chunk whose requester does not ask for it is revealed to another one."""
        kept = set(self.known["c"])
        self.assertTrue(kept)
        self.seeder.overdue("c")
        self.reveal()
        self.send_all("a", "b")
        self.assertLess(kept, set(self.sent))

    def test_rarest(self) -> None:
        """Once all chunks have been sent, the rarest are revealed first."""
        self.send_all("a")
        common = [index for index in range(CHUNKS) if index not in self.known["b"]][:30]
        self.seeder.has("c", [(index, 1) for index in common])
        before = len(self.known["b"])
        first = {self.send("b") for _ in range(before + 4)}
        self.assertGreaterEqual(len(first - set(common)), before + 2)

    def test_has_from_elsewhere(self) -> None:
        """A chunk that one requester has is not new to the others."""
        self.seeder.has("a", [(0, 30)])
        self.known = {name: [] for name in self.known}
        self.reveal()
        for _ in range(4):
            for name in self.known:
                self.assertTrue(all(index >= 30 for index in self.known[name]))
                if self.known[name]:
                    self.send(str(name))

    def test_liar(self) -> None:
        """A requester that claims to have everything is told of nothing; others get everything."""
        self.seeder.has("c", [(0, CHUNKS)])
        self.known["c"].clear()
        for name in ("a", "b"):
            got = {self.send(name) for _ in range(len(self.known[name]))}
            while self.known[name]:
                got.add(self.send(name))
            self.assertEqual(got, set(range(CHUNKS)))
        self.assertEqual(self.known["c"], [])

    def test_leaves(self) -> None:
        """A chunk that was revealed to a requester which leaves is new again."""
        lost = set(self.known["c"])
        self.seeder.remove("c")
        self.reveal()
        self.assertLess(lost, {*self.known["a"], *self.known["b"]})

    @given(st.data())
    def test_any(self, data: st.DataObject) -> None:
        """In any order of events, no requester is told of what it has, and each can get all."""
        seeder: SuperSeeder[object] = SuperSeeder(CHUNKS, Random(2))
        known: dict[object, list[int]] = {}
        has: dict[object, set[int]] = {}

        def reveal() -> None:
            for name, index in seeder.reveal(AHEAD):
                self.assertNotIn(index, has[name])
                known[name].append(index)

        def send(name: object) -> None:
            index = known[name].pop()
            seeder.sent(name, index)
            has[name].add(index)

        for _ in range(data.draw(st.integers(0, 60))):
            who = data.draw(st.integers(0, 3))
            what = data.draw(st.sampled_from(["sent", "has", "overdue", "gone"]))
            if who not in known:
                seeder.add(who)
                known[who], has[who] = [], set()
            elif what == "sent" and known[who]:
                send(who)
            elif what == "has":
                index = data.draw(st.integers(0, CHUNKS - 1))
                seeder.has(who, [(index, 1)])
                has[who].add(index)
                known[who] = [each for each in known[who] if each != index]
            elif what == "overdue":
                seeder.overdue(who)
            elif what == "gone":
                seeder.remove(who)
                del known[who], has[who]
            reveal()
        while any(known.values()):
            for name in known:
                if known[name]:
                    send(name)
            reveal()
        for had in has.values():
            self.assertEqual(had, set(range(CHUNKS)))
