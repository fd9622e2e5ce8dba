import errno
import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.logger import Logger, LogLevel, LogPublisher, formatTime
from twisted.python.log import LogPublisher as LegacyLogPublisher
from twisted.python.logfile import LogFile
from twisted.python.reflect import namedAny
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.daemonlog import OBSERVER, Destination, destination
from p2p_twisted.runtime.exit_code import CannotStart


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

    def test_time(self) -> None:
        """Each line begins with when that was, to the second, where this machine is."""
        path = Path(self.mktemp())
        log = self.log_to(path)
        times = [1_000_000_000.0, 1_000_000_000.9, 1_000_000_001.0]
        for at in times:
            event = {"log_time": at, "log_namespace": "here", "log_level": LogLevel.info}
            log.observer(event | {"log_format": "now"})
        expected = [f"{formatTime(at)} [here#info] now" for at in times]
        self.assertEqual(path.read_text().splitlines(), expected)

    def test_read_only_installation(self) -> None:
        """That twistd's list of plugins cannot be kept there is no news."""
        path = Path(self.mktemp())
        log = LegacyLogPublisher(publishPublisher=LogPublisher(Destination(str(path)).observer()))
        log.msg(format="Unable to write to plugin cache %(path)s: error", path="/opt")
        log.msg(format="Unable to write to anything else")
        self.assertNotIn("plugin cache", path.read_text())
        self.assertIn("anything else", path.read_text())

    def test_bounded(self) -> None:
        """However much is logged, a bounded number of files is kept."""
        path = Path(self.mktemp())
        log = self.log_to(path)
        for _ in range(80):
            log.info("{text}", text="x" * 1_000_000)
        files = list(path.parent.glob(path.name + "*"))
        self.assertLessEqual(len(files), 6)
        self.assertLess(sum(file.stat().st_size for file in files), 70_000_000)

    def test_full_disk(self) -> None:
        """What cannot be written is left out, and counted once it can; nothing else is logged."""
        path = Path(self.mktemp())
        log = self.log_to(path)
        log.info("before")
        for fault in ("write", "shouldRotate"):
            with mock.patch.object(LogFile, fault, side_effect=OSError(errno.ENOSPC, "full")):
                log.info("lost")
                log.info("lost, too")
            log.info("after")
        lines = [line.partition("] ")[2] for line in path.read_text().splitlines()]
        missing = "2 lines could not be written to the log: the disk is full"
        self.assertEqual(lines, ["before", *2 * [missing, "after"]])

    def test_no_other_file(self) -> None:
        """Where no other file could be begun, one is later."""
        path = Path(self.mktemp())
        to_file = Destination(str(path))
        log = Logger("here", observer=LogPublisher(to_file.observer()))
        with mock.patch.object(LogFile, "_openFile", side_effect=OSError(errno.ENOSPC, "full")):
            to_file.begin_file()
            log.info("lost")
        log.info("after")
        self.assertRegex(path.read_text(), "1 line could not be written .*\n.* after\n$")

    def test_another_file(self) -> None:
        """When asked to, it begins another file; also where its own was moved away."""
        path = Path(self.mktemp())
        to_file = Destination(str(path))
        log = Logger("here", observer=LogPublisher(to_file.observer()))
        log.info("first")
        to_file.begin_file()
        log.info("second")
        path.rename(f"{path}.away")
        to_file.begin_file()
        log.info("third")
        files = (Path(f"{path}{end}") for end in (".1", ".away", ""))
        lines = [file.read_text().split()[-1] for file in files]
        self.assertEqual(lines, ["first", "second", "third"])
        Destination().begin_file()

    def test_standard_error(self) -> None:
        """Without a file the log is on standard error: standard output is the console's."""
        out, err = StringIO(), StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", err)
        for path, is_quiet in ((None, False), ("-", False), (None, True), ("-", True)):
            observer = Destination(path, is_quiet=is_quiet).observer()
            Logger("here", observer=LogPublisher(observer)).info("a life event")
        self.assertEqual((out.getvalue().count("life"), err.getvalue().count("life")), (1, 1))
        self.patch(sys, "stderr", None)
        Destination().observer()({"log_level": LogLevel.info})

    def test_terminal(self) -> None:
        """A person at a terminal reads the time and the sentence, and nothing of Twisted's own."""
        for is_verbose in (False, True):
            err = StringIO()
            err.isatty = lambda: True  # type: ignore[method-assign]
            self.patch(sys, "stderr", err)
            observer = LogPublisher(Destination(is_verbose=is_verbose).observer())
            Logger("p2p_twisted.registry", observer=observer).info("2 peers")
            Logger("twisted.internet", observer=observer).info("reactor class: epoll")
            Logger("twisted.internet", observer=observer).error("out of descriptors")
            lines = err.getvalue().splitlines()
            self.assertEqual(len(lines), 3 if is_verbose else 2)
            self.assertEqual("[" in lines[0], is_verbose)
            self.assertTrue(lines[0].endswith(" 2 peers" if not is_verbose else "] 2 peers"))
            self.assertIn("out of descriptors", lines[-1])

    def test_said_once(self) -> None:
        """Why a daemon ends is said on standard error, and not logged there once more."""
        err = StringIO()
        self.patch(sys, "stderr", err)
        log = Logger("here", observer=LogPublisher(Destination().observer()))
        log.error("no registry", is_said=True)
        self.assertEqual(err.getvalue(), "")

    def test_quiet_file(self) -> None:
        """A log file is written all the same."""
        path = Path(self.mktemp())
        observer = Destination(str(path), is_quiet=True).observer()
        Logger("here", observer=LogPublisher(observer)).info("a life event")
        self.assertIn("a life event", path.read_text())

    def test_errors_in_words(self) -> None:
        """What the system refuses is logged without the number of the error."""
        path = Path(self.mktemp())
        log = self.log_to(path)
        log.warn("the book stays: {error}", error=FileNotFoundError(2, "No such file", "book"))
        log.warn("and this: {error}", error=ValueError("odd"))
        self.assertIn("the book stays: book: there is no such file", path.read_text())
        self.assertIn("and this: odd", path.read_text())
        self.assertNotIn("Errno", path.read_text())

    def test_json(self) -> None:
        """An object a line, with the sentence and its values; nothing breaks a line or a key."""
        path = Path(self.mktemp())
        log = Logger("here", observer=LogPublisher(Destination(str(path), is_json=True).observer()))
        odd = object()
        log.info("{name} has {files} files", name='a\nb "\udc80', files=3, seconds=0.5, odd=odd)
        log.warn("{text}", text="words", where="there", rate=float("inf"))
        try:
            raise FileNotFoundError(2, "No such file", "book")
        except OSError as error:
            log.failure("while {doing}", doing="reading", error=error)
        first, second, third = map(json.loads, path.read_text().splitlines())
        self.assertRegex(first.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$")
        text = 'a\nb "\udc80 has 3 files'
        self.assertEqual(
            first,
            {"level": "info", "where": "here", "text": text, "name": 'a\nb "\udc80'}
            | {"files": 3, "seconds": 0.5, "odd": str(odd)},
        )
        self.assertEqual(
            [second[key] for key in ("level", "where", "text", "rate")],
            ["warn", "here", "words", "inf"],
        )
        self.assertEqual(third["level"], "critical")
        self.assertIn("No such file", third["traceback"])
        self.assertEqual(third["error"], "book: there is no such file or directory")

    def test_no_file(self) -> None:
        """A file that cannot be written is a sentence with its path."""
        path = Path(self.mktemp()) / "nowhere" / "log"
        refused = self.assertRaises(CannotStart, Destination(str(path)).observer)
        self.assertIn(f"{path.parent.absolute()}", str(refused))
        self.assertNotIn("Errno", str(refused))

    def test_name(self) -> None:
        """Twistd finds the observer by its name."""
        self.assertEqual(namedAny(OBSERVER), destination.observer)
