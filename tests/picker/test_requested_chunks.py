"""What a requester may ask for, and what it is sent."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker.limits import RANGES_WAITING
from p2p_twisted.picker.ranges import Range, announcements, ranges
from p2p_twisted.picker.requested_chunks import RequestedChunks
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.errors import ProtocolError

CHUNKS = 30

chunks = st.sets(st.integers(0, CHUNKS - 1)).map(lambda some: list(ranges(sorted(some))))


def taken(orders: RequestedChunks) -> list[int]:
    """Take all that waits."""
    return list(iter(orders.next, None))


def indexes(some: list[Range]) -> list[int]:
    return [index for first, count in some for index in range(first, first + count)]


class OrdersTests(SynchronousTestCase):
    """One requester's orders."""

    def test_in_order(self) -> None:
        """What is asked for comes in that order, as often as it is asked for."""
        orders = RequestedChunks(CHUNKS)
        orders.ask([(3, 2), (0, 1)])
        orders.ask([(4, 1)])
        self.assertFalse(orders.is_empty)
        self.assertEqual(taken(orders), [3, 4, 0, 4])
        self.assertTrue(orders.is_empty)

    def test_offers(self) -> None:
        """From the first offer on only what was offered is sent; what waited is forgotten."""
        orders = RequestedChunks(CHUNKS)
        orders.ask([(0, 10)])
        self.assertEqual(orders.offer([(2, 3)]), [(2, 3)])
        self.assertEqual(taken(orders), [])
        self.assertEqual(orders.offer([(0, 4), (9, 1)]), [(0, 2), (9, 1)])
        orders.ask([(0, CHUNKS)])
        self.assertEqual(taken(orders), [0, 1, 2, 3, 4, 9])

    def test_not_needed(self) -> None:
        """What the requester has from others is not sent, though it waits."""
        orders = RequestedChunks(CHUNKS)
        orders.ask([(0, 10)])
        orders.cancel([(0, 3), (5, 2), (9, 1)])
        self.assertEqual(taken(orders), [3, 4, 7, 8])

    def test_wrong(self) -> None:
        """Chunks that do not exist, and those announced before, end it."""
        orders = RequestedChunks(CHUNKS)
        orders.cancel([(0, 3)])
        for wrong in ([(CHUNKS, 1)], [(0, CHUNKS + 1)], [(2, 2)], [(10, 2), (11, 1)]):
            self.assertRaises(ProtocolError, orders.cancel, wrong)
        for wrong in ([(CHUNKS, 1)], [(0, CHUNKS + 1)]):
            self.assertRaises(ProtocolError, orders.ask, wrong)

    def test_many_ranges(self) -> None:
        """So many ranges may wait, however few lines ask for them."""
        orders = RequestedChunks(4 * RANGES_WAITING)
        orders.ask([(0, 1)] * RANGES_WAITING)
        self.assertRaises(ProtocolError, orders.ask, [(0, 1)])
        scattered = RequestedChunks(4 * RANGES_WAITING)
        scattered.offer([(2 * number, 1) for number in range(2 * RANGES_WAITING)])
        self.assertRaises(ProtocolError, scattered.ask, [(0, 4 * RANGES_WAITING)])

    @given(st.lists(chunks, max_size=4), chunks, st.lists(chunks, max_size=4))
    def test_any(
        self, offers: list[list[Range]], needless: list[Range], asked: list[list[Range]]
    ) -> None:
        """What is sent was asked for and offered, and is needed."""
        orders = RequestedChunks(CHUNKS)
        offered: set[int] = set()
        for offer in offers:
            fresh = indexes(orders.offer(offer))
            self.assertEqual(fresh, sorted(set(indexes(offer)) - offered))
            offered.update(fresh)
        orders.cancel(needless)
        for each in asked:
            orders.ask(each)
        expected = [
            index
            for each in asked
            for index in indexes(each)
            if (index in offered or not offers) and index not in indexes(needless)
        ]
        self.assertEqual(taken(orders), expected)


class AnnouncementTests(SynchronousTestCase):
    """Announcements of any number of chunks."""

    def test_fit_on_lines(self) -> None:
        """However scattered they are, each is named once, in lines that can be sent."""
        some = [(1_000_000 - 2 * number, 1) for number in range(1_000)]
        lines = list(announcements(some))
        self.assertEqual([each for line in lines for each in line.chunks], some)
        for line in lines:
            encode(line)
        self.assertEqual(list(announcements([])), [])
