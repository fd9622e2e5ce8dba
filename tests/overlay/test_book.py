from random import Random

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.book import Book
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.names import PeerAddress
from tests.overlay.builders import addresses, an_address


class BookTests(SynchronousTestCase):
    def test_bounded(self) -> None:
        """It uses all its places for addresses of others, and gives half to those it reaches."""
        book = Book(b"secret")
        for address in addresses(5_000):
            book.learned(address)
        self.assertEqual(len(book.addresses()), limits.BOOK_ADDRESSES)
        reached = {an_address(f"r{index}", 10_000 + index) for index in range(500)}
        for address in reached:
            book.confirmed(address)
            self.assertEqual(len(book.addresses()), limits.BOOK_ADDRESSES)
        self.assertEqual(len(reached & set(book.addresses())), limits.BOOK_ADDRESSES // 2)

    def test_flood_of_forged_addresses(self) -> None:
        """Addresses that were reached are not washed out by ones that were merely named."""
        book = Book(b"secret")
        reached = [an_address(f"r{index}", 5_000 + index) for index in range(30)]
        for address in reached:
            book.confirmed(address)
        for address in addresses(5_000):
            book.learned(address)
        self.assertLessEqual(set(reached), set(book.addresses()))

    def test_all_reached(self) -> None:
        """To be reached costs no address its place."""
        book = Book(b"secret")
        for address in addresses(limits.BOOK_ADDRESSES):
            book.learned(address)
        for address in addresses(limits.BOOK_ADDRESSES):
            book.confirmed(address)
        self.assertEqual(set(book.addresses()), set(addresses(limits.BOOK_ADDRESSES)))

    def test_repetition_earns_nothing(self) -> None:
        """Which addresses stay does not depend on how often or when they are named."""
        first, second = Book(b"secret"), Book(b"secret")
        for address in addresses(500):
            first.learned(address)
        for address in addresses(500)[::-1] + addresses(40) * 20:
            second.learned(address)
        self.assertEqual(set(first.addresses()), set(second.addresses()))

    def test_secret(self) -> None:
        """Another peer keeps others: nobody can choose addresses that stay everywhere."""
        books = [Book(b"one"), Book(b"two")]
        for book in books:
            for address in addresses(2_000):
                book.learned(address)
        shared = set(books[0].addresses()) & set(books[1].addresses())
        self.assertLess(len(shared), limits.BOOK_ADDRESSES // 4)

    def test_failures(self) -> None:
        """What does not answer is tried more rarely, and forgotten after a week."""
        book, rng, address = Book(b"secret"), Random(1), an_address()
        book.confirmed(address)
        now, tries = 0.0, list[float]()
        while book.addresses() and now < 8 * 86_400:
            if book.pick(5, lambda _: True, now, rng):
                tries.append(now)
                book.failed(address, now)
            now += 10.0
        self.assertEqual(tries[:4], [0.0, 20.0, 50.0, 80.0])
        self.assertTrue(7 * 86_400 < tries[-1] < 8 * 86_400)

    def test_success_clears_failures(self) -> None:
        """Once it answers again, it is as good as any other."""
        book, rng, address = Book(b"secret"), Random(1), an_address()
        book.confirmed(address)
        book.failed(address, 0.0)
        self.assertEqual(book.pick(5, lambda _: True, 1.0, rng), [])
        book.confirmed(address)
        self.assertEqual(book.pick(5, lambda _: True, 1.0, rng), [address])

    def test_untried_first(self) -> None:
        """Where many fail, all are tried before one is tried again."""
        book, rng = Book(b"secret"), Random(1)
        for address in addresses(60):
            book.learned(address)
        tried = list[PeerAddress]()
        for now in range(60):
            (address,) = book.pick(1, lambda _: True, float(now), rng)
            book.failed(address, float(now))
            tried.append(address)
        self.assertEqual(set(tried), set(addresses(60)))
        self.assertIn(book.pick(1, lambda _: True, 60.0, rng)[0], tried[:45])

    def test_excluded(self) -> None:
        """Addresses that are of no use now are not drawn."""
        book = Book(b"secret")
        for address in addresses(3):
            book.learned(address)
        picked = book.pick(5, lambda address: address not in addresses(2), 0.0, Random(1))
        self.assertEqual(picked, addresses(3)[2:])


class BucketTests(SynchronousTestCase):
    def test_burst_then_rate(self) -> None:
        """After a burst only so many a second pass."""
        bucket = TokenBucket(rate=10, burst=5)
        passed = [now for now in range(2_000) if bucket.take(now / 1_000)]
        self.assertEqual(passed[:5], [0, 1, 2, 3, 4])
        self.assertTrue(23 <= len(passed) <= 25)
