"""What is kept of how questions went."""

from p2p_twisted.explain import limits
from p2p_twisted.explain.question_log import QuestionLog
from p2p_twisted.wire.messages import Hit
from tests.explain.timed import Timed

FILE = "ab" * 32


def hit(peer: str, *route: str) -> Hit:
    """Make what a peer is said to share."""
    return Hit(peer, "f1", 100, file=FILE, route=route)


class QuestionLogTests(Timed):
    """What is kept of questions."""

    def setUp(self) -> None:
        super().setUp()
        self.log = QuestionLog(self.clock.seconds)

    def test_answered(self) -> None:
        """It tells who had it first, and when; what was told on the way, too."""
        parts: list[object] = []
        with self.log.asking("name", "f1", parts.append) as asked:
            self.clock.advance(0.25)
            asked.came((hit("s4", "s2", "s4"),))
            self.clock.advance(0.25)
            asked.ended([hit("s4", "s2", "s4"), hit("s5", "s5")], 7, 6, ["s9"])
        [known] = self.log.finds
        self.assertEqual(parts, [(hit("s4", "s2", "s4"),)])
        self.assertEqual(
            (known.asked, known.answered, known.hits, known.silent), (7, 6, 2, ("s9",))
        )
        self.assertEqual(known.seconds, 0.5)
        told = [(first.peer, first.after) for first in known.holders]
        self.assertEqual(told, [("s4", 0.25), ("s5", 0.5)])

    def test_failed(self) -> None:
        """A question that could not be put tells why."""
        with self.assertRaises(ValueError), self.log.asking("name", "f1", None):
            raise ValueError("there is no network")
        [known] = self.log.finds
        self.assertEqual((known.alone, known.seconds), ("there is no network", 0.0))

    def test_of_one(self) -> None:
        """What one peer alone was asked for tells nothing of who has some content."""
        for of in (None, "s3"):
            with self.log.asking("id", "f1", None, of=of) as asked:
                asked.ended(answered=4)
        known = self.log.of_content("f1")
        assert known is not None
        self.assertIsNone(known.of)
        self.assertEqual([each.of for each in self.log.finds], ["s3"])

    def test_bounded(self) -> None:
        """The last are kept, each once, and apart from those for contents."""
        for number in range(3 * limits.FINDS_KEPT):
            for what in ("name", "id"):
                with self.log.asking(what, f"{number}", None) as asked:
                    asked.ended()
        with self.log.asking("name", "250", None) as asked:
            asked.ended()
        texts = [known.text for known in self.log.finds]
        self.assertEqual(texts, [*(f"{n}" for n in range(200, 300) if n != 250), "250"])
        self.assertIsNotNone(self.log.of_content("299"))
        self.assertIsNone(self.log.of_content("199"))

    def test_made_up_holders(self) -> None:
        """A neighbor that makes up holders hides by them none that others have told of."""
        with self.log.asking("name", "f1", None) as asked:
            asked.came(tuple(hit(f"fake{n}", "evil", f"fake{n}") for n in range(1_000)))
            self.clock.advance(1.0)
            asked.came((hit("s4", "s2", "s4"),))
            asked.ended()
        [known] = self.log.finds
        self.assertEqual(len(known.holders), limits.HOLDERS_PER_FIND)
        self.assertEqual(known.holders[-1].peer, "s4")
