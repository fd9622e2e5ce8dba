"""What others may have a peer search."""

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.peer import limits
from p2p_twisted.peer.query_answers import QueryAnswers
from p2p_twisted.storage.partial import PartialRegister
from p2p_twisted.wire.messages import Ask

FILES = 5_000


class SearchTests(SynchronousTestCase):
    """Searches through all names of a large library."""

    def setUp(self) -> None:
        self.clock = Clock()
        catalog = Catalog()
        for number in range(FILES):
            name = f"f{number}.txt"
            catalog.put(OnDisk(name, name, Signature(1, 1, number)), HashedFile("0" * 64, b""))
        network: Any = None
        self.answers = QueryAnswers("s1", [catalog], PartialRegister(), network, self.clock)

    def tell(self, what: Any, text: str = "", peer: str | None = None) -> int:
        """Tell how many hits there are; none where it was not searched."""
        known = self.answers.answer_stranger(Ask("0" * 32, what, text, peer))
        self.assertNotEqual(bool(known.hits), known.cut)
        return len(known.hits)

    def test_flood(self) -> None:
        """Whoever asks without end has only so many names looked at, and is told so."""
        searched = sum(bool(self.tell("text", "f77")) for _ in range(2_000))
        self.assertEqual(searched, limits.NAMES_SEARCHED_BURST // FILES)
        self.assertEqual(self.tell("ls", peer="s1"), 0)
        # What needs no search is answered all the same, and so is our own person.
        self.assertEqual(self.tell("name", "f77"), 1)
        self.assertEqual(len(self.answers.answer_self(Ask("0" * 32, "text", "f77")).hits), 11)
        self.clock.advance(1.0)
        self.assertEqual(self.tell("text", "f77"), 11)

    def test_other_peers_listing(self) -> None:
        """A listing of somebody else looks at nothing."""
        for _ in range(2_000):
            self.assertFalse(self.answers.answer_stranger(Ask("0" * 32, "ls", peer="s2")).cut)
        self.assertEqual(self.tell("text", "f77"), 11)
