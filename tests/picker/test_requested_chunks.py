"""What a requester may ask for, and what it is sent."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.picker.limits import CHUNKS_OWED, RANGES_WAITING
from p2p_twisted.picker.ranges import Range, announcements, ranges
from p2p_twisted.picker.requested_chunks import RequestedChunks
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.errors import ProtocolError

CHUNKS = 30

chunks = st.sets(st.integers(0, CHUNKS - 1)).map(lambda some: list(ranges(sorted(some))))


def taken(requested: RequestedChunks) -> list[int]:
    """Return all chunks that wait."""
    return list(iter(requested.next, None))


def indexes(some: list[Range]) -> list[int]:
    return [index for first, count in some for index in range(first, first + count)]


class RequestedChunksTests(SynchronousTestCase):
    """The chunks that one requester asks for."""

    def test_in_order(self) -> None:
        """Chunks are sent in the order of asking, as often as they are asked for."""
        requested = RequestedChunks(CHUNKS)
        requested.ask([(3, 2), (0, 1)])
        requested.ask([(4, 1)])
        self.assertFalse(requested.is_empty)
        self.assertEqual(taken(requested), [3, 4, 0, 4])
        self.assertTrue(requested.is_empty)

    def test_offers(self) -> None:
        """From the first offer on, only offered chunks are sent; the queue is cleared."""
        requested = RequestedChunks(CHUNKS)
        requested.ask([(0, 10)])
        self.assertEqual(requested.offer([(2, 3)]), [(2, 3)])
        self.assertEqual(taken(requested), [])
        self.assertEqual(requested.offer([(0, 4), (9, 1)]), [(0, 2), (9, 1)])
        requested.ask([(0, CHUNKS)])
        self.assertEqual(taken(requested), [0, 1, 2, 3, 4, 9])

    def test_not_needed(self) -> None:
        """A chunk that the requester has from others is not sent, although it was asked for."""
        requested = RequestedChunks(CHUNKS)
        requested.ask([(0, 10)])
        requested.cancel([(0, 3), (5, 2), (9, 1)])
        self.assertEqual(taken(requested), [3, 4, 7, 8])

    def test_wrong(self) -> None:
        """Asking for chunks that do not exist, or announcing them twice, is a protocol error."""
        requested = RequestedChunks(CHUNKS)
        requested.cancel([(0, 3)])
        for wrong in ([(CHUNKS, 1)], [(0, CHUNKS + 1)], [(2, 2)], [(10, 2), (11, 1)]):
            self.assertRaises(ProtocolError, requested.cancel, wrong)
        for wrong in ([(CHUNKS, 1)], [(0, CHUNKS + 1)]):
            self.assertRaises(ProtocolError, requested.ask, wrong)

    def test_many_ranges(self) -> None:
        """The number of waiting ranges is bounded, however few lines ask for them."""
        requested = RequestedChunks(4 * RANGES_WAITING)
        requested.ask([(0, 1)] * RANGES_WAITING)
        self.assertRaises(ProtocolError, requested.ask, [(0, 1)])
        scattered = RequestedChunks(4 * RANGES_WAITING)
        scattered.offer([(2 * number, 1) for number in range(2 * RANGES_WAITING)])
        self.assertRaises(ProtocolError, scattered.ask, [(0, 4 * RANGES_WAITING)])

    def test_hurried(self) -> None:
        """What waits is sent first, in the order that is said; what does not stays away."""
        requested = RequestedChunks(CHUNKS)
        requested.ask([(0, 10), (20, 1)])
        self.assertEqual(requested.next(), 0)
        requested.prefer([(20, 5), (8, 1), (0, 3)])
        self.assertEqual(taken(requested), [20, 8, 1, 2, 3, 4, 5, 6, 7, 9])
        requested.prefer([(4, 1)])
        self.assertTrue(requested.is_empty)
        self.assertRaises(ProtocolError, requested.prefer, [(CHUNKS, 1)])

    def test_hurried_among_many(self) -> None:
        """Where more waits than any reader asks for, nothing is looked through."""
        requested = RequestedChunks(4 * CHUNKS_OWED)
        requested.ask([(2 * number, 1) for number in range(CHUNKS_OWED + 1)])
        requested.prefer([(2 * CHUNKS_OWED, 1)])
        self.assertEqual(requested.next(), 0)
        requested.prefer([(2 * CHUNKS_OWED, 1)])
        self.assertEqual(requested.next(), 2 * CHUNKS_OWED)

    @given(chunks, st.lists(chunks, max_size=4))
    def test_hurried_any(self, asked: list[Range], hurried: list[list[Range]]) -> None:
        """Nothing is lost, and nothing comes twice."""
        requested = RequestedChunks(CHUNKS)
        requested.ask(asked)
        for each in hurried:
            requested.prefer(each)
        got = taken(requested)
        self.assertEqual(sorted(got), indexes(asked))
        wanted = set(indexes(hurried[-1])) if hurried else set()
        is_first = [index in wanted for index in got]
        self.assertEqual(is_first, sorted(is_first, reverse=True))

    @given(st.lists(chunks, max_size=4), chunks, st.lists(chunks, max_size=4))
    def test_any(
        self, offers: list[list[Range]], needless: list[Range], asked: list[list[Range]]
    ) -> None:
        """Each chunk that is sent was asked for and offered, and is needed."""
        requested = RequestedChunks(CHUNKS)
        offered: set[int] = set()
        for offer in offers:
            fresh = indexes(requested.offer(offer))
            self.assertEqual(fresh, sorted(set(indexes(offer)) - offered))
            offered.update(fresh)
        requested.cancel(needless)
        for each in asked:
            requested.ask(each)
        expected = [
            index
            for each in asked
            for index in indexes(each)
            if (index in offered or not offers) and index not in indexes(needless)
        ]
        self.assertEqual(taken(requested), expected)


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
