"""Very many names, searched many at a time."""

from collections.abc import Iterator
from unittest import TestCase

from p2p_twisted.library.matching import MatchKey, key, matcher
from p2p_twisted.library.ordered_names import OrderedNames

FILES = 5_000


class Counted(dict[str, MatchKey]):
    """Keys that count how often one is asked for."""

    asked = 0

    def get(self, name: str, default: object = None) -> MatchKey | None:  # type: ignore[override]
        self.asked += 1
        return super().get(name)


class OrderedNamesTests(TestCase):
    """A library of some folders."""

    def setUp(self) -> None:
        names = [f"d{n % 7}/Été {n:05}.jpg" for n in range(FILES)] + ["rare/one.txt"]
        self.keys = Counted({name: key(name) for name in names})
        self.order = OrderedNames(sorted(names), self.keys)

    def found(self, text: str) -> list[str]:
        """Search."""
        return [name for name in self.order.matching(matcher(text)) if name is not None]

    def test_as_one_by_one(self) -> None:
        """What is found is what a look at each name would find."""
        for text in ("one", "ONE", "e 0001", "*5.jpg", "d3/*77*", "[r]are/*", "x", "e/o", ""):
            fits = matcher(text).fits
            expected = [name for name in self.order.names if fits(key(name))]
            self.assertEqual(self.found(text), expected, text)

    def test_few_are_looked_at(self) -> None:
        """Names of which none can match are passed over, many at a time."""
        self.found("anything")
        for text in ("one", "*one*", "rare/[a-z]ne.txt", "not there"):
            self.keys.asked = 0
            self.found(text)
            self.assertLessEqual(self.keys.asked, 256, text)

    def test_short_steps(self) -> None:
        """However few match, the caller can pause often."""
        steps: Iterator[str | None] = self.order.matching(matcher("one"))
        self.assertGreaterEqual(sum(name is None for name in steps), FILES // 128)

    def test_removed(self) -> None:
        """A name that is gone meanwhile is not found."""
        self.found("one")
        del self.keys["rare/one.txt"]
        self.assertEqual(self.found("one"), [])
