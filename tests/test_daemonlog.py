from pathlib import Path

from twisted.logger import Logger, LogPublisher
from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.daemonlog import OBSERVER, Destination, destination


class DestinationTests(SynchronousTestCase):
    def logged(self, is_verbose: bool, lines: int = 1) -> str:
        path = Path(self.mktemp())
        publisher = LogPublisher(Destination(str(path), is_verbose).observer())
        log = Logger("here", observer=publisher)
        for number in range(lines):
            log.info("life {number}", number=number)
            log.debug("message {number}", number=number)
        return path.read_text()

    def test_level(self) -> None:
        """Single messages are told of only where they are wanted."""
        self.assertNotIn("message", self.logged(is_verbose=False))
        self.assertIn("message", self.logged(is_verbose=True))

    def test_bounded(self) -> None:
        """However much is logged, a bounded number of files is kept."""
        path = Path(self.mktemp())
        log = Logger("here", observer=LogPublisher(Destination(str(path)).observer()))
        for _ in range(80):
            log.info("{text}", text="x" * 1_000_000)
        files = list(path.parent.glob(path.name + "*"))
        self.assertLessEqual(len(files), 6)
        self.assertLess(sum(file.stat().st_size for file in files), 70_000_000)

    def test_name(self) -> None:
        """Twistd finds the observer by its name."""
        self.assertEqual(namedAny(OBSERVER), destination.observer)
