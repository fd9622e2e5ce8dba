"""Who may receive a file, and who waits."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from twisted.internet.task import Clock

from p2p_twisted.bandwidth.limiter import Bandwidth
from p2p_twisted.bandwidth.limits import READ_AT_ONCE, SLOWEST_DOWNLOAD_BYTES_PER_SECOND
from p2p_twisted.bandwidth.rates import Rates, Slots
from p2p_twisted.download.download_slots import DownloadSlots
from p2p_twisted.download.file_readers import ReadableDownloads


class Queue:
    """Downloads of a peer that receives two at a time, by what they fetch."""

    def __init__(self, rate: int | None = None) -> None:
        self.readable = ReadableDownloads()
        self.slots = DownloadSlots(
            Bandwidth(Clock(), Rates(down=rate), Slots(down=2)), self.readable
        )
        self.running: list[str] = []

    def begin(self, *file_ids: str) -> None:
        """Have some content wait for a slot."""
        for file_id in file_ids:
            self.slots.acquire(file_id).addCallback(self._run, file_id)

    def _run(self, _none: None, file_id: str) -> None:
        self.running.append(file_id)

    def end(self, file_id: str) -> None:
        """Have a download end."""
        self.running.remove(file_id)
        self.slots.release()


@pytest.fixture
def reading() -> Iterator[ExitStack]:
    """What somebody reads, until the test ends."""
    with ExitStack() as stack:
        yield stack


def test_in_turn() -> None:
    """As many run as may, in the order in which they came."""
    queue = Queue()
    queue.begin("a", "b", "c", "d")
    assert queue.running == ["a", "b"]
    assert not queue.slots.has_room("e")
    queue.end("a")
    assert queue.running == ["b", "c"]


def test_read(reading: ExitStack) -> None:
    """What somebody reads has some slots of its own, whether it waits already or comes then."""
    queue = Queue()
    queue.begin("a", "b", "c", "d")
    reading.enter_context(queue.readable.awaited("d"))
    assert queue.running == ["a", "b", "d"]
    reading.enter_context(queue.readable.awaited("e"))
    assert queue.slots.has_room("e")
    queue.begin("e")
    assert queue.running == ["a", "b", "d", "e"]
    # The others get no more by that.
    for file_id in ("a", "b"):
        queue.end(file_id)
    assert queue.running == ["d", "e"]
    queue.end("d")
    assert queue.running == ["e", "c"]


def test_so_many(reading: ExitStack) -> None:
    """Of these there are so many; one more goes before those that nobody reads."""
    queue = Queue()
    queue.begin("a", "b", "c")
    read = [f"read{number}" for number in range(READ_AT_ONCE + 1)]
    for file_id in read:
        reading.enter_context(queue.readable.awaited(file_id))
        queue.begin(file_id)
    assert queue.running == ["a", "b", *read[:-1]]
    queue.end("a")
    assert queue.running == ["b", *read]


def test_read_no_more() -> None:
    """What nobody reads any more waits as all others do."""
    queue = Queue()
    with queue.readable.awaited("c"), queue.readable.awaited("c"):
        pass
    queue.begin("a", "b", "c")
    assert queue.running == ["a", "b"]


def test_slow(reading: ExitStack) -> None:
    """Where less is received than so many need, there are no more."""
    queue = Queue(3 * SLOWEST_DOWNLOAD_BYTES_PER_SECOND)
    for file_id in "abcd":
        reading.enter_context(queue.readable.awaited(file_id))
    queue.begin("a", "b", "c", "d")
    assert queue.running == ["a", "b", "c"]


def test_given_up() -> None:
    """Who waits no longer gets no slot."""
    queue = Queue()
    queue.begin("a", "b")
    waiting = queue.slots.acquire("c")
    waiting.addErrback(lambda _canceled: None)
    waiting.cancel()
    queue.begin("d")
    queue.end("a")
    assert queue.running == ["b", "d"]


def test_ends_at_once() -> None:
    """A thousand that need not wait for anything else get their turns, one after the other."""
    queue = Queue()
    queue.begin("a", "b")
    for number in range(1_000):
        admitted = queue.slots.acquire(f"{number}")
        admitted.addCallback(lambda _none: queue.slots.release())
    queue.end("a")
    assert queue.slots.has_room("c")
