"""How far a question goes."""

from collections.abc import Sequence
from itertools import count

import attrs
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay.effects import Answer
from p2p_twisted.overlay.expanding_ring import expanding_ring
from p2p_twisted.wire.limits import ASK_HOPS
from p2p_twisted.wire.messages import Ask, Hit

WHOLE = Hit("s1", "f1", 1, file="f" * 64)
SOME = Hit("s2", "f1", 1, file="f" * 64, partial=True)


class WideningTests(SynchronousTestCase):
    """A question by an id."""

    def asked(self, hits: Sequence[Hit], again: bool = False) -> list[Ask]:
        """Tell what is asked, when every answer has these hits, and lacks some."""
        numbers = count()
        ask = Ask("0" * 32, "id", "f" * 64)
        steps = expanding_ring(ask, lambda: f"{next(numbers):032x}", again)
        asked = [next(steps).ask]
        with self.assertRaises(StopIteration):
            while True:
                answer = Answer(ask.id, (), tuple(hits), 1, ("s9",), cut=False, is_whole=False)
                asked.append(steps.send(answer).ask)
        return asked

    def hops(self, hits: Sequence[Hit]) -> list[int]:
        """Tell how far each question goes."""
        return [ask.hops for ask in self.asked(hits)]

    def test_near_by(self) -> None:
        """One near by who has all of it will do."""
        self.assertEqual(self.hops([WHOLE]), [2])
        self.assertEqual(self.hops([SOME, WHOLE]), [2])

    def test_partial(self) -> None:
        """Those who have some of it will not: what is missing may be what they lack."""
        for hits in ([SOME], []):
            hops = self.hops(hits)
            self.assertEqual((hops[0], hops[-1]), (2, ASK_HOPS))

    def test_again(self) -> None:
        """What is asked ever again goes along the tree, and by every link where it must."""
        for hits in ([WHOLE], [SOME], []):
            first, second = self.asked(hits, again=True)
            self.assertEqual((first.hops, first.tree), (ASK_HOPS, ASK_HOPS))
            self.assertEqual((second.hops, second.tree, second.after), (ASK_HOPS, 0, first.id))

    def steps(
        self,
        last: Answer | None,
        *silent: str,
        answered: int = 9,
        cut: bool = False,
        seconds: float = 0.0,
        more: int = 0,
    ) -> int:
        """
        Count the questions until an answer will do: none is whole.

        Each takes so many seconds, and so many more peers answer it than the one before.
        """
        numbers, asked = count(), 0
        ask = Ask("0" * 32, "topo")
        steps = expanding_ring(
            ask, lambda: f"{next(numbers):032x}", last=last, passed=lambda: asked * seconds
        )
        next(steps)
        for asked in count(1):
            answer = Answer(ask.id, (), (), answered, silent, cut=cut, is_whole=False)
            answered += more
            try:
                steps.send(answer)
            except StopIteration as end:
                self.is_kept = end.value
                return asked
        raise AssertionError

    def test_slow_and_wrong(self) -> None:
        """A neighbor that answers late, and wrongly, does not prolong a search without end."""
        self.assertEqual(self.steps(None, more=1), 4)
        for seconds in (0.6, 1.9):
            self.assertEqual(self.steps(None, more=1, seconds=seconds), 2)

    def test_wrong(self) -> None:
        """Where as many as before answer, a neighbor is wrong; to ask again is of no use."""
        self.assertEqual(self.steps(None), 2)
        self.assertFalse(self.is_kept)
        self.assertEqual(self.steps(None, cut=True), 4)
        self.assertEqual(self.steps(None, more=-1), 4)

    def test_not_silent_again(self) -> None:
        """Whoever was left out, but not silent, is asked, though more answer than of late."""
        for silent in ((), ("mute",)):
            last = Answer("0" * 32, (), (), 8, silent, cut=False, is_whole=False)
            self.assertEqual(self.steps(last), 2)

    def test_very_many(self) -> None:
        """Where it fits never, as many as of late will do, or one in 500 more."""
        for many, answered, count_ in (
            (10_000, 10_000, 1),
            (10_000, 10_020, 1),
            (10_000, 9_999, 2),
            (10_000, 10_021, 2),
            (1_999, 1_999, 2),
        ):
            last = Answer("0" * 32, (), (), many, (), cut=False, is_whole=False)
            self.assertEqual(self.steps(last, answered=answered), count_, (many, answered))
        self.assertEqual(self.steps(last, answered=1_999, cut=True), 4)
        mute = attrs.evolve(last, answered=10_000, silent=("mute",))
        self.assertEqual(self.steps(mute, answered=10_000), 2)
        self.assertEqual(self.steps(None, answered=2_000), 2)
        # What has been answered by every link is remembered for the next time.
        self.assertTrue(self.is_kept)
        self.assertEqual(self.steps(None, answered=1_999), 2)
        self.assertFalse(self.is_kept)

    def test_silent_twice(self) -> None:
        """Whoever was silent before, too, is not asked again, as long as all others answer."""
        self.assertEqual(self.steps(None, "mute"), 2)
        self.assertTrue(self.is_kept)
        last = Answer("0" * 32, (), (), 9, ("mute", "deaf"), cut=False, is_whole=False)
        self.assertEqual(self.steps(last, "mute"), 1)
        self.assertEqual(self.steps(last, "mute", "s1"), 2)
        self.assertEqual(self.steps(last, "mute", answered=8), 2)
        self.assertEqual(self.steps(last, "mute", cut=True), 2)
        self.assertEqual(self.steps(last), 2)
