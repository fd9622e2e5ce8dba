"""What both daemons need under twistd: options, and a service for their threads."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import twisted
from twisted.application.service import MultiService, Service
from twisted.internet.interfaces import (
    IReactorCore,
    IReactorTime,
)
from twisted.python.usage import Options, UsageError
from typing_extensions import override

from p2p_twisted import __version__
from p2p_twisted.runtime.daemonlog import OBSERVER, destination
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.runtime.os_errors import in_words, umask_fault, why_no_directory
from p2p_twisted.runtime.pid_file import PidFileService, remove_stale
from p2p_twisted.runtime.service_manager import watchdog

_TWISTD_PIDFILE: Final = "twistd.pid"


class NotNow(UsageError):
    """What an option says cannot be done at the moment, but may be later."""


class RunsAlready(UsageError):
    """The daemon that is to be started is there already."""


class DaemonOptions(Options):
    """
    Options of a daemon that shares its directory with other daemons.

    By default, twistd lets two daemons of one directory clash on their pid file, and logs
    into what the person types. Unless a person chose otherwise, a daemon in the background
    has a pid file, and a daemon there or with a prompt on the terminal a log file, both
    named after :meth:`stem`.

    :cvar has_prompt: whether the terminal is for a conversation, not for the log.
    :cvar ended_by: what a person types to end it, with places for its process and its options.
    """

    has_prompt = True
    ended_by = "kill {pid}"

    optParameters = [
        ["log-format", None, "text", "How the log is written: text or json, an object a line."],
    ]
    optFlags = [
        ["verbose", None, "Log every message, too."],
        ["quiet", None, "Keep the log off the screen and out of pipes."],
    ]

    def stem(self) -> str:
        """Return the name of this daemon's files, without suffix: ``p2ppeer-s1``."""
        raise NotImplementedError

    @override
    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """
        Read the options; what is wrong with them ends twistd with a sentence and exit code 2,
        and what may pass by itself with 3, so that a service manager tries again.

        :raises UsageError: without twistd.
        """
        twistd = self.parent
        if twistd is None:
            super().parseOptions(options)
            return
        try:
            _change_directory(twistd)
            _refuse_abbreviations(options or (), self.longOpt)
            super().parseOptions(options)
        except (NotNow, RunsAlready) as error:
            sys.stderr.write(f"{error}\n")
            is_there = isinstance(error, RunsAlready)
            raise SystemExit(Exit.CONFLICT if is_there else Exit.NO_NETWORK) from None
        except UsageError as error:
            sys.stderr.write(f"{error}\nsee {_program(twistd)} --help\n")
            raise SystemExit(Exit.USAGE) from error

    def parseArgs(self, *words: str) -> None:
        """
        Refuse everything that is not an option, and to run where no file could be used.

        Here, as what follows makes files already.

        :raises UsageError: when there is such a word, or such a umask.
        """
        if words:
            raise UsageError(f"{words[0]!r} is not an option; all of them begin with --")
        if (fault := umask_fault()) is not None:
            raise UsageError(fault)

    @override
    def opt_version(self) -> None:
        """Show the version."""
        sys.stdout.write(f"p2p_twisted {__version__}, Twisted {twisted.__version__}\n")
        sys.exit(0)

    @override
    def postOptions(self) -> None:
        if self["log-format"] not in ("text", "json"):
            raise UsageError(f"--log-format takes text or json, not {self['log-format']!r}")
        twistd = self.parent
        # In tests there is no parent, and twist has no files.
        if twistd is None or "pidfile" not in twistd:
            return
        in_foreground = twistd["nodaemon"] or twistd["debug"]
        if twistd["pidfile"] == _TWISTD_PIDFILE:
            twistd["pidfile"] = "" if in_foreground else f"{self.stem()}.pid"
        self._prepare_pid_file(twistd)
        is_log_chosen = twistd["logfile"] or twistd["logger"] or twistd["syslog"]
        is_prompting = self.has_prompt and sys.stdout is not None and sys.stdout.isatty()
        if not is_log_chosen and (is_prompting or not in_foreground):
            twistd["logfile"] = f"{self.stem()}.log"
        if not (twistd["logger"] or twistd["syslog"]):
            destination.path = twistd["logfile"] and os.path.expanduser(twistd["logfile"])
            destination.is_verbose = bool(self["verbose"])
            destination.is_quiet = bool(self["quiet"])
            destination.is_json = self["log-format"] == "json"
            twistd["logger"] = OBSERVER

    def add_services(self, daemon: MultiService, reactor: IReactorTime) -> None:
        """Add what keeps the pid file from being taken for a stale one, and the watchdog."""
        if path := self.parent and self.parent.get("pidfile"):
            PidFileService(path).setServiceParent(daemon)
        if timer := watchdog(reactor):
            timer.setServiceParent(daemon)

    def _prepare_pid_file(self, twistd: Options) -> None:
        path = twistd["pidfile"] = os.path.expanduser(twistd["pidfile"])
        if not path:
            return
        try:
            pid = remove_stale(path)
        except OSError as error:
            raise UsageError(f"the pid file cannot be used: {in_words(error)}") from None
        if pid is not None:
            ends_it = self.ended_by.format_map({**self, "pid": pid})
            raise RunsAlready(
                f"{self.stem()} runs already, as process {pid}: end it first, such as by"
                f" {ends_it}, or start another in another directory"
            )
        folder = os.path.dirname(path) or os.curdir
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(
                f"no pid file can be written to {os.path.abspath(folder)}:"
                " say --pidfile, or start in another directory"
            )


def existing_directory(option: str, text: str) -> Path:
    """
    Read the directory that an option names; ``~`` is somebody's home.

    :raises UsageError: when there is none.
    """
    path = expanded(option, text)
    what = why_no_directory(path)
    if what is not None:
        raise UsageError(f"--{option}: {path} {what}")
    return path


def expanded(option: str, text: str) -> Path:
    """
    Read a path that an option names; ``~`` is somebody's home.

    :raises UsageError: when nobody has that home, or nothing is named.
    """
    if not text:
        # Of a variable that is not set; it would be the current directory.
        raise UsageError(f"--{option} names nothing")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"--{option}: there is no home directory for {text}") from None


def _program(twistd: Options) -> str:
    """Return what has started the daemon: it says so where it is not twistd itself."""
    program = sys.argv[0]
    return program if program.startswith("p2p ") else f"twistd {twistd.subCommand}"


def _refuse_abbreviations(words: Sequence[str], known: Sequence[str]) -> None:
    """
    Refuse long options that are not written out.

    Twisted would take ``--port`` for ``--ports``, which somebody who means ``--listen`` is not
    told.

    :param known: the names of the options, with ``=`` behind those that take a value.
    :raises UsageError: when there is one.
    """
    takes_value = {name.removesuffix("="): name.endswith("=") for name in known}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "--":
            return
        name, equals, _value = word.removeprefix("--").partition("=")
        near = [each for each in takes_value if each.startswith(name)]
        if word.startswith("--") and near and name not in takes_value:
            meant = " or ".join(f"--{each}" for each in near)
            raise UsageError(f"there is no --{name}: did you mean {meant}?")
        if takes_value.get(name) and not equals:
            next(rest, None)


def _change_directory(twistd: Options) -> None:
    """
    Change to where twistd is to run, before the first path is looked at.

    twistd does so later, when some files are open already.

    :raises UsageError: when that cannot be done.
    """
    rundir = twistd.get("rundir", os.curdir)
    try:
        if rundir != os.curdir and twistd.get("chroot") is None:
            os.chdir(os.path.expanduser(rundir))
            twistd["rundir"] = os.getcwd()
        os.getcwd()
    except OSError as error:
        where = "the current directory" if rundir == os.curdir else "--rundir"
        raise UsageError(f"{where} cannot be used: {in_words(error)}") from None


class Workers(Protocol):
    """Threads or processes that work for this one."""

    def start(self) -> None:
        """Start them, or be ready to."""

    def stop(self) -> None:
        """Wait for what has begun, and end them; blocks."""


class WorkerService(Service):
    """Runs threads or processes from after the fork until all other services have stopped."""

    def __init__(self, reactor: IReactorCore, pool: Workers) -> None:
        self._reactor = reactor
        self._pool = pool

    @override
    def startService(self) -> None:
        super().startService()
        # Not at once: if another service cannot start, threads would keep the process alive.
        self._reactor.callWhenRunning(self._pool.start)
        self._reactor.addSystemEventTrigger("after", "shutdown", self._pool.stop)
