from pathlib import Path
from typing import Any

from twisted.logger import Logger, LogPublisher
from twisted.python.logfile import LogFile
from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.daemonlog import OBSERVER, Destination, destination


class DestinationTests(SynchronousTestCase):
    def setUp(self) -> None:
        make = LogFile.fromFullPath

        def closed_at_the_end(*args: Any, **kwargs: Any) -> LogFile:
            log: LogFile = make(*args, **kwargs)
            self.addCleanup(log.close)
            return log

        self.patch(LogFile, "fromFullPath", closed_at_the_end)

    def log_to(self, path: Path, is_verbose: bool = False) -> Logger:
        observer = Destination(str(path), is_verbose).observer()
        return Logger("here", observer=LogPublisher(observer))

    def test_level(self) -> None:
        """Single messages are told of only where they are wanted."""
        for is_verbose in (False, True):
            path = Path(self.mktemp())
            log = self.log_to(path, is_verbose)
            log.info("a life event")
            log.debug("a message")
            self.assertIn("a life event", path.read_text())
            self.assertEqual("a message" in path.read_text(), is_verbose)

    def test_bounded(self) -> None:
        """However much is logged, a bounded number of files is kept."""
        path = Path(self.mktemp())
        log = self.log_to(path)
        for _ in range(80):
            log.info("{text}", text="x" * 1_000_000)
        files = list(path.parent.glob(path.name + "*"))
        self.assertLessEqual(len(files), 6)
        self.assertLess(sum(file.stat().st_size for file in files), 70_000_000)

    def test_name(self) -> None:
        """Twistd finds the observer by its name."""
        self.assertEqual(namedAny(OBSERVER), destination.observer)
