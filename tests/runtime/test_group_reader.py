"""A multicast group on the reactor."""

from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.group_reader import GroupReader
from p2p_twisted.runtime.multicast import Packet

PER_SECOND = 100


class Flood:
    """Has always another packet, which may be empty."""

    def __init__(self) -> None:
        self.left = 1_000_000
        self.is_closed = False

    def fileno(self) -> int:
        return 1_000

    def receive(self, most_bytes: int) -> Packet | None:
        if not self.left:
            return None
        self.left -= 1
        return Packet(b"", "10.9.0.1")

    def close(self) -> None:
        self.is_closed = True


class GroupReaderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock, self.flood = MemoryReactorClock(), Flood()
        self.heard: list[Packet] = []
        source: Any = self.flood
        how = {"most_bytes": 512, "per_second": PER_SECOND}
        self.reader = GroupReader(self.clock, source, self.heard.append, **how)

    def is_reading(self) -> bool:
        return self.reader in self.clock.getReaders()

    def test_turn(self) -> None:
        """No turn of the reactor has it read more than some, however many there are."""
        self.reader.doRead()
        self.assertEqual(len(self.heard), 32)
        self.assertTrue(self.is_reading())

    def test_second(self) -> None:
        """For ten seconds it reads what it may, and leaves the rest to the system."""
        for _ in range(10 * 100):
            for _ in range(50):
                if self.is_reading():
                    self.reader.doRead()
            self.clock.advance(0.01)
        self.assertGreaterEqual(len(self.heard), 9 * PER_SECOND)
        self.assertLessEqual(len(self.heard), 11 * PER_SECOND)

    def test_nothing(self) -> None:
        """Where nothing has come, it waits for the reactor to say that something has."""
        self.flood.left = 0
        self.reader.doRead()
        self.assertEqual(self.heard, [])
        self.assertTrue(self.is_reading())

    def test_stop(self) -> None:
        """In a pause, too, it can be stopped for good."""
        for _ in range(5):
            self.reader.doRead()
        self.assertFalse(self.is_reading())
        self.reader.stop()
        self.reader.stop()
        self.clock.advance(10.0)
        self.assertFalse(self.is_reading())
        self.assertTrue(self.flood.is_closed)
