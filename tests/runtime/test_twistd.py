"""What both daemons need under twistd."""

import os
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.application.service import MultiService
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from twisted.python.usage import Options, UsageError
from twisted.trial.unittest import SynchronousTestCase
from typing_extensions import override

from p2p_twisted.runtime.pid_file import PidFileService
from p2p_twisted.runtime.threads import WorkerPool
from p2p_twisted.runtime.twistd import (
    DaemonOptions,
    NotNow,
    WorkerService,
    existing_directory,
    expanded,
)


class SomeOptions(DaemonOptions):
    """A daemon's options."""

    @override
    def stem(self) -> str:
        return "p2psome-s1"


class UmaskTests(SynchronousTestCase):
    """Under a umask by which this user may not use its own files."""

    def test_refused(self) -> None:
        """No daemon starts, and none reads what its options name; help is shown."""
        before = os.umask(0o777)
        self.addCleanup(os.umask, before)
        with mock.patch.object(SomeOptions, "postOptions") as read:
            error = self.assertRaises(UsageError, SomeOptions().parseOptions, [])
            self.assertIn("umask 777", str(error))
            os.umask(0o077)
            self.assertFalse(read.called)
            SomeOptions().parseOptions([])
            self.assertTrue(read.called)


class QuietOptions(SomeOptions):
    """Those of a daemon that nobody talks to."""

    has_prompt = False


def parsed(
    options: DaemonOptions, is_terminal: bool = False, words: Sequence[str] = (), **chosen: Any
) -> Options:
    """Let twistd, or a stand-in, parse the options; returns its own."""
    twistd = Options()
    defaults: dict[str, Any] = {
        "nodaemon": True,
        "debug": False,
        "pidfile": "twistd.pid",
        "logfile": None,
        "logger": None,
        "syslog": False,
        "rundir": ".",
        "chroot": None,
    }
    twistd.update(defaults | chosen)
    twistd.subCommand = "p2psome"
    options.parent = twistd
    with mock.patch.object(sys, "stdout", mock.Mock(isatty=lambda: is_terminal)):
        options.parseOptions(words)
    return twistd


class DaemonOptionsTests(SynchronousTestCase):
    """Pid files and log files that do not clash."""

    def test_no_pid_file_in_the_foreground(self) -> None:
        """Two foreground daemons of one directory have nothing to clash on."""
        self.assertEqual(parsed(SomeOptions())["pidfile"], "")

    def test_pid_file_in_the_background(self) -> None:
        """A daemon in the background has its own pid file."""
        self.assertEqual(parsed(SomeOptions(), nodaemon=False)["pidfile"], "p2psome-s1.pid")

    def test_debugging_is_in_the_foreground(self) -> None:
        """Debugging does not fork either."""
        self.assertEqual(parsed(SomeOptions(), nodaemon=False, debug=True)["pidfile"], "")

    def test_chosen_pid_file_stays(self) -> None:
        """What the user chose is left alone."""
        self.assertEqual(parsed(SomeOptions(), pidfile="mine.pid")["pidfile"], "mine.pid")

    def test_log_away_from_the_prompt(self) -> None:
        """On a terminal the log goes to a file."""
        self.assertEqual(parsed(SomeOptions(), is_terminal=True)["logfile"], "p2psome-s1.log")

    def test_log_stays_where_there_is_no_prompt(self) -> None:
        """A daemon without a prompt logs to the terminal."""
        self.assertIsNone(parsed(QuietOptions(), is_terminal=True)["logfile"])

    def test_log_stays_on_a_pipe(self) -> None:
        """Without a terminal the log needs no file."""
        self.assertIsNone(parsed(SomeOptions())["logfile"])

    def test_log_file_in_the_background(self) -> None:
        """A daemon in the background logs to its own file."""
        self.assertEqual(parsed(QuietOptions(), nodaemon=False)["logfile"], "p2psome-s1.log")

    def test_chosen_log_stays(self) -> None:
        """--logfile, --logger and --syslog are left alone."""
        for choice in ({"logfile": "-"}, {"logger": "a.b"}, {"syslog": True}):
            twistd = parsed(SomeOptions(), is_terminal=True, **choice)
            self.assertEqual(twistd["logfile"], choice.get("logfile"))

    def refused(self, *words: str, code: int = 2, **chosen: Any) -> str:
        """Parse options that are wrong; return what is said about them."""
        with mock.patch.object(sys, "stderr", StringIO()) as said:
            ended = self.assertRaises(SystemExit, parsed, SomeOptions(), words=words, **chosen)
        self.assertEqual(ended.code, code)
        return said.getvalue()

    def test_abbreviated(self) -> None:
        """An option is written out: one that begins like it may not be what is meant."""
        self.assertIn("no --log: did you mean --log-format?", self.refused("--log", "json"))
        self.assertIn("no --ver: did you mean --verbose or --ver", self.refused("--ver"))
        self.assertIn("no --quie", self.refused("--log-format=json", "--quie"))
        # A value is none.
        self.assertIn("takes text or json, not '--ver'", self.refused("--log-format", "--ver"))

    def test_not_now(self) -> None:
        """What may pass by itself is one line, with an exit code of its own."""
        with (
            mock.patch.object(sys, "stderr", StringIO()) as said,
            mock.patch.object(Options, "parseOptions", side_effect=NotNow("no network yet")),
        ):
            ended = self.assertRaises(SystemExit, parsed, SomeOptions())
        self.assertEqual((ended.code, said.getvalue()), (3, "no network yet\n"))

    def test_wrong_options(self) -> None:
        """What is wrong, and where to read more, is two lines."""
        for words in (["--nosuch"], ["s1"], ["--verbose=1"]):
            said = self.refused(*words)
            self.assertEqual(said.count("\n"), 2)
            self.assertIn("see twistd p2psome --help", said)

    def test_rundir(self) -> None:
        """Where twistd is to run, all paths begin, before the first one is looked at."""
        self.addCleanup(os.chdir, os.getcwd())
        self.assertIn("nowhere: there is no such", self.refused(rundir="nowhere"))
        os.mkdir("here")
        here = os.path.realpath("here")
        self.assertEqual(parsed(SomeOptions(), rundir="here")["rundir"], here)
        self.assertEqual(os.getcwd(), here)

    def test_gone_directory(self) -> None:
        """A directory that was removed meanwhile is a sentence."""
        self.addCleanup(os.chdir, os.getcwd())
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")
        self.assertIn("the current directory cannot be used", self.refused())

    def test_stale_pid_file(self) -> None:
        """Whatever is in a pid file that nobody has locked, it is in nobody's way."""
        for content in (b"", b"garbage", b"1", str(os.getpid()).encode(), b"999999"):
            Path("p2psome-s1.pid").write_bytes(content)
            parsed(SomeOptions(), nodaemon=False)
            self.assertFalse(os.path.exists("p2psome-s1.pid"))

    def test_pid_file_in_use(self) -> None:
        """One that a running daemon has locked stays."""
        Path("~x.pid").write_text("1")
        service = PidFileService("~x.pid")
        service.privilegedStartService()
        options = SomeOptions()
        said = self.refused(pidfile="./~x.pid", code=9)
        self.assertEqual(
            said,
            "p2psome-s1 runs already, as process 1: end it first, such as by kill 1,"
            " or start another in another directory\n",
        )
        self.assertTrue(os.path.exists("~x.pid"))
        service.release()
        parsed(options, pidfile="./~x.pid")
        self.assertFalse(os.path.exists("~x.pid"))
        daemon = MultiService()
        options.add_services(daemon, Clock())
        self.assertEqual([type(each) for each in daemon], [PidFileService])

    def test_pid_file_nowhere(self) -> None:
        """A place that cannot have one is a sentence."""
        self.assertIn("say --pidfile", self.refused(pidfile="nowhere/some.pid"))
        os.mkdir("folder.pid")
        self.assertIn("cannot be used", self.refused(pidfile="folder.pid"))

    def test_closed_stdout(self) -> None:
        """Without a stdout there is no terminal."""
        options = SomeOptions()
        options.parent = Options()
        options.parent.update({"pidfile": "", "nodaemon": True, "logfile": None})
        options.parent.update({"debug": False, "logger": None, "syslog": False})
        options.parent.subCommand = "p2psome"
        with mock.patch.object(sys, "stdout", None):
            options.parseOptions([])
        self.assertIsNone(options.parent["logfile"])

    def test_without_twistd(self) -> None:
        """Options may be parsed alone, and by twist, which has no files."""
        SomeOptions().parseOptions([])
        options = SomeOptions()
        options.parent = Options()
        options.parseOptions([])
        self.assertEqual(dict(options.parent), {})


class PathsTests(SynchronousTestCase):
    """Paths that options name."""

    def test_directory(self) -> None:
        """A directory that was named must be there."""
        os.mkdir("there")
        self.assertEqual(existing_directory("directory", "there"), Path("there"))
        Path("file").touch()
        for text, said in (("Dcouments", "does not exist"), ("file", "is not a directory")):
            refused = self.assertRaises(UsageError, existing_directory, "directory", text)
            self.assertIn(f"--directory: {text} {said}", str(refused))

    def test_home(self) -> None:
        """The shell leaves the tilde in --directory=~/share alone."""
        self.patch(os, "environ", {**os.environ, "HOME": "/home/anna"})
        self.assertEqual(expanded("directory", "~/share"), Path("/home/anna/share"))
        self.assertRaises(UsageError, expanded, "directory", "~nobody-of-that-name/x")


class WorkerServiceTests(SynchronousTestCase):
    """Threads that outlive what uses them."""

    def test_threads_end_after_the_shutdown(self) -> None:
        """They start when every service has, and end after everything else has."""
        reactor = MemoryReactorClock()
        pool = mock.Mock(spec=WorkerPool)
        WorkerService(reactor, pool).startService()
        self.assertEqual(reactor.whenRunningHooks, [(pool.start, (), {})])
        self.assertEqual(reactor.triggers["after"]["shutdown"], [(pool.stop, (), {})])
