"""In which order holders are asked, and how many of them are remembered."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker import limits
from p2p_twisted.picker.holder_queue import HolderQueue
from p2p_twisted.wire.messages import Hit

FILE = "1" * 64


def hit(*route: str, partial: bool = False) -> Hit:
    return Hit(route[-1], "f", 1, file=FILE, route=route, partial=partial)


class HolderQueueTests(SynchronousTestCase):
    """Holders that neighbors have named."""

    def queue(self, *nobody: str) -> HolderQueue:
        return HolderQueue({FILE}, lambda _hit: True, lambda hit: hit.route[0] in nobody)

    def taken(self, queue: HolderQueue) -> list[tuple[str, ...]]:
        taken = []
        while (hit := queue.take((), whole_only=False)) is not None:
            taken.append(hit.route)
        return taken

    def test_by_turns(self) -> None:
        """Ways are taken by turns, short ones first, also where they part only later on."""
        queue = self.queue()
        queue.add([hit("a", "b", f"g{number}") for number in range(3)])
        queue.add([hit("a", "c", "s1"), hit("d", "s2")])
        first = self.taken(queue)[:3]
        self.assertEqual(first, [("d", "s2"), ("a", "b", "g0"), ("a", "c", "s1")])

    def test_nobody(self) -> None:
        """A neighbor that led to nobody is followed last."""
        queue = self.queue("a")
        queue.add([hit("a", "g0"), hit("b", "s1"), hit("b", "s2")])
        self.assertEqual(self.taken(queue), [("b", "s1"), ("b", "s2"), ("a", "g0")])

    def test_parts_last(self) -> None:
        """Who has a part only is asked after those who have all, whoever has named them."""
        queue = self.queue("a")
        queue.add([hit("b", "s1", partial=True), hit("a", "s2")])
        self.assertEqual(self.taken(queue), [("a", "s2"), ("b", "s1")])

    def test_judged_last(self) -> None:
        """One that is busy is judged only when it could be taken: it may have lied by then."""
        judged: list[str] = []
        liars: list[str] = []

        def may_ask(hit: Hit) -> bool:
            judged.append(hit.peer)
            return hit.peer not in liars

        queue = HolderQueue({FILE}, may_ask, lambda _hit: False)
        queue.add([hit("s1"), hit("s2")])
        self.assertEqual(queue.take(("s1",), whole_only=False), hit("s2"))
        self.assertIsNone(queue.take(("s1",), whole_only=False))
        self.assertEqual((judged, queue.has_any), (["s2"], True))
        liars.append("s1")
        self.assertEqual(self.taken(queue), [])
        self.assertFalse(queue.has_any)

    def test_bound(self) -> None:
        """Beyond the bound, the neighbor that has named most holders loses one."""
        queue = self.queue()
        queue.add(hit("a", f"g{number}") for number in range(2 * limits.HOLDERS_REMEMBERED))
        queue.add([hit("b", "s1"), hit("c", "s2")])
        taken = self.taken(queue)
        self.assertEqual(len(taken), limits.HOLDERS_REMEMBERED)
        self.assertLessEqual({("b", "s1"), ("c", "s2")}, set(taken))
