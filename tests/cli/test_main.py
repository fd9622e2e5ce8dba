"""The arguments of the ``p2p`` command."""

import contextlib
import errno
import io
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

import p2p_twisted
from p2p_twisted import __version__
from p2p_twisted.cli import main as cli_main
from p2p_twisted.cli.main import command_parser, main
from p2p_twisted.cli.talk_options import take_behind, talk_verbs
from p2p_twisted.console.spelling import ELSEWHERE

PACKAGE = Path(p2p_twisted.__file__).parents[1]


def run(*arguments: str) -> tuple[int | str | None, str]:
    """Run the command; gives its exit status and what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            return main(arguments), printed.getvalue()
        except SystemExit as end:
            return end.code, printed.getvalue()


def run_p2p(
    words: list[str], settings: dict[str, str], **streams: Any
) -> "subprocess.CompletedProcess[bytes]":
    """Run the command as a process of its own, where no peer runs."""
    with TemporaryDirectory() as folder:
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        return subprocess.run(
            [sys.executable, "-m", "p2p_twisted.cli", *words],
            env={**usual, "XDG_RUNTIME_DIR": folder, "PYTHONPATH": str(PACKAGE), **settings},
            stderr=subprocess.PIPE,
            check=False,
            **streams,
        )


class MainTests(SynchronousTestCase):
    """What can be said without starting anything."""

    def test_version(self) -> None:
        """It tells its version."""
        self.assertEqual(run("--version"), (0, f"p2p_twisted {__version__}\n"))

    def test_help(self) -> None:
        """It explains its verbs and their options."""
        status, printed = run("--help")
        self.assertEqual(status, 0)
        self.assertIn("start a whole network on this machine", printed)
        status, printed = run("up", "--help")
        self.assertEqual(status, 0)
        self.assertIn("--script FILE", printed)

    def test_no_verb(self) -> None:
        """Without a verb it is a usage error, which says where all verbs are."""
        status, printed = run()
        self.assertEqual(status, 2)
        self.assertIn("say what to do, such as p2p up; p2p --help lists it all", printed)

    def test_names_behind_options(self) -> None:
        """Further names may stand behind options, too; for other verbs they are too many."""
        for words in (["get", "f1", "--from", "s1", "f2", "-"], ["get", "--json", "f1", "-"]):
            options, behind = command_parser().parse_known_args(words)
            self.assertTrue(take_behind(options, behind))
            self.assertEqual(options.names[-1], "-")
        for words in (["find", "f1", "--json", "f2"], ["get", "f1", "--from", "s1", "--nosuch"]):
            status, printed = run(*words)
            self.assertEqual(status, 2)
            self.assertIn("unrecognized arguments", printed)

    def test_too_many_words(self) -> None:
        """What a verb does not take is told in one line, with what may be meant, and its help."""
        quote = " (quote what has spaces)"
        for words, verb, end in (
            (("find", "first", "snow"), "find", f"snow{quote}"),
            (("--json", "find", "first", "snow", "today"), "find", f"snow today{quote}"),
            (("ls", "s1", "s2"), "ls", f"s2{quote}"),
            (("up", "2", "3"), "up", f"3{quote}"),
            (("find", "first", "--snow"), "find", "--snow"),
            (("status", "s1"), "status", "s1"),
            (("config", "s1"), "config", "s1"),
        ):
            status, printed = run(*words)
            told = f"p2p {verb}: unrecognized arguments: {end}; see p2p {verb} --help\n"
            self.assertEqual((status, printed), (2, told))

    def test_names_like_options(self) -> None:
        """Where names are taken, it is told how to type one that begins with a dash."""
        hint = " (put -- before a name that begins with -)"
        for words in (["get", "-x.txt"], ["get", "f1", "-x"], ["find", "-x.txt"], ["share", "-a"]):
            status, printed = run(*words)
            self.assertEqual((status, hint in printed), (2, True), printed)
        for words in (["get"], ["get", "-"], ["get", "f1", "--bogus"], ["status", "-x"], ["-x"]):
            status, printed = run(*words)
            self.assertNotIn("put --", printed)

    def test_help_verb(self) -> None:
        """It may be asked for as at the console, also of a daemon's verb."""
        for verb in ((), ("get",), ("peer",)):
            self.assertEqual(run("help", *verb), run(*verb, "--help"))

    def test_what_was_meant(self) -> None:
        """A typing error is told with what could be meant."""
        self.assertEqual(
            run("peeers"),
            (2, "p2p: there is no 'peeers': did you mean peers or peer or members?\n"),
        )
        self.assertEqual(run("zzz")[1], "p2p: there is no 'zzz': see p2p --help\n")
        for words, meant in (
            (("status", "--jsno"), "p2p status: there is no --jsno: did you mean --json?\n"),
            (("get", "f1", "--form=s2"), "p2p get: there is no --form: did you mean --from?\n"),
            (("--lines=3", "log"), "p2p log: say p2p log --lines=3, in this order\n"),
            (("--per", "s1", "status"), "p2p: there is no --per: did you mean --peer?\n"),
            (("peer", "--dir", "s1"), "p2p peer: there is no --dir: did you mean --directory?\n"),
            (
                ("registry", "--port", "9012"),
                "p2p registry: there is no --port: did you mean --listen or --ports?\n",
            ),
            (("peer", "--naem", "s1"), "p2p peer: there is no --naem: did you mean --name?\n"),
        ):
            self.assertEqual(run(*words), (2, meant))
        self.assertIn("unrecognized arguments: --zzz", run("status", "--zzz")[1])
        self.assertEqual(run("limit", "all"), (2, "p2p limit: there is no 'all': say up or down\n"))

    def test_words_of_others(self) -> None:
        """What other programs call a verb is told by its name here."""
        verbs = {*talk_verbs(), "peer", "registry", "up"}
        for word, meant in ELSEWHERE.items():
            self.assertLessEqual({*meant}, verbs)
            told = f"p2p: there is no '{word}': did you mean {' or '.join(meant)}?\n"
            self.assertEqual(run(word, "x"), (2, told))

    def test_numbers(self) -> None:
        """Downloads are numbered as at the console; to cancel all is said, and not meant."""
        options = command_parser().parse_args(["cancel", "1", "3-5"])
        self.assertEqual([*map(list, options.numbers)], [[1], [3, 4, 5]])
        self.assertEqual(command_parser().parse_args(["pause", "all"]).numbers, [range(0)])
        for words in (["cancel"], ["cancel", "3-1"], ["pause", "-1"], ["pause", "1-99999999"]):
            self.assertEqual(run(*words)[0], 2, words)

    def test_bad_number(self) -> None:
        """A number of peers that makes no sense is a usage error."""
        for number in ("0", "201", "-1", "five", "²", "9" * 5_000):
            status, printed = run("up", number)
            self.assertEqual(status, 2, number)
            self.assertIn("is not a number from 1 to 200", printed)
            self.assertTrue(printed.endswith("; see p2p up --help\n"), printed)

    def test_no_text(self) -> None:
        """Nothing, and far too much, cannot be looked for."""
        for words in (("find", ""), ("get", "a", ""), ("find", "a" * 1_025)):
            status, printed = run(*words)
            self.assertEqual(status, 2)
            self.assertIn("say what: a text of 1 to 1,024 characters", printed)

    def test_not_utf8(self) -> None:
        """Bytes that are no text are a usage error."""
        for words in (("find", "a\udcff"), ("get", "a", "\udcff")):
            status, printed = run(*words)
            self.assertEqual(status, 2)
            self.assertIn("it is not UTF-8: type it as p2p ls shows it", printed)

    def test_out_of_bounds(self) -> None:
        """What the log and the events can be asked for is said before a peer is asked."""
        for lines in ("-1", "1001", "x", "9" * 30):
            status, printed = run("log", f"--lines={lines}")
            self.assertEqual(status, 2)
            self.assertIn("is not a number from 0 to 1,000", printed)
        self.assertEqual(run("events", "--after=-1")[0], 2)

    def test_numbers_without_a_peer(self) -> None:
        """Numbers mean nothing to a peer that is started for the command."""
        status, printed = run("get", "1", "3-5", "--registry", "127.0.0.1:1")
        self.assertEqual(status, 2)
        self.assertIn("with --registry, say names or ids", printed)

    def test_missing_script(self) -> None:
        """A script that cannot be read is a usage error, told before anything starts."""
        status, printed = run("up", "--script", "/nowhere/tour.p2p")
        self.assertEqual(status, 2)
        self.assertIn("cannot read /nowhere/tour.p2p: there is no such file", printed)

    def test_closed_pipe(self) -> None:
        """Where nobody reads its output any more, it ends, and says nothing of it."""
        for verb, status in (("config", (1,)), ("--help", (0, 1))):
            program = f"from p2p_twisted.cli.main import main; raise SystemExit(main([{verb!r}]))"
            reader, writer = os.pipe()
            os.close(reader)
            ended = subprocess.run(
                [sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, check=False
            )
            os.close(writer)
            self.assertEqual(ended.stderr, b"")
            self.assertIn(ended.returncode, status)

    def test_unwritable(self) -> None:
        """Where its output cannot be written, it says why in one sentence; once."""
        verbs = "config", "completion bash", "up 2", "--help", "get --help", "relay --help"
        for settings in ({}, {"PYTHONUNBUFFERED": "1"}):
            for verb in verbs:
                with open("/dev/full", "wb") as full:
                    ended = run_p2p(verb.split(), settings, stdout=full)
                self.assertEqual(ended.returncode, 8)
                self.assertEqual(ended.stderr, b"cannot write the output: the disk is full\n")

    def test_fails_in_words(self) -> None:
        """Whatever the system refuses, and Ctrl-C before there is anything to end, is no fault."""
        for raised, ended in (
            (
                PermissionError(errno.EACCES, "", "/root/x"),
                (8, "p2p: /root/x: permission denied\n"),
            ),
            (KeyboardInterrupt(), (130, "")),
        ):
            self.patch(cli_main, "_run", partial(_raise, raised))
            self.assertEqual(run("status"), ended)

    def test_no_way_home(self) -> None:
        """A home that cannot be looked into, as another user's, has no configuration."""
        ended = run_p2p(["config"], {"HOME": f"/{'x' * 5_000}"}, stdout=subprocess.PIPE)
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_tilde(self) -> None:
        """A tilde that a shell leaves alone behind = is somebody's home; in a name it is one."""
        self.patch(os, "environ", {**os.environ, "HOME": "/home/anna"})
        parse = command_parser().parse_args
        options = parse(["get", "~/a", "--to=~/b"])
        self.assertEqual((options.names, options.to), (["~/a"], "/home/anna/b"))
        self.assertEqual(parse(["events", "--save=~/c"]).save, "/home/anna/c")
        self.assertEqual(parse(["sim", "--svg=~/d"]).svg, Path("/home/anna/d"))

    @pytest.mark.slow
    def test_closed_streams(self) -> None:
        """Without standard output or error it does the same, and nobody is told."""
        for verb, status in (("config", 0), ("completion bash", 0), ("status", 3), ("zzz", 2)):
            for closed in ((1,), (2,), (1, 2), (0, 1, 2)):

                def close(closed: tuple[int, ...] = closed) -> None:
                    for number in closed:
                        os.close(number)

                ended = run_p2p(verb.split(), {}, stdout=subprocess.PIPE, preexec_fn=close)
                self.assertEqual(ended.returncode, status, (verb, closed))
                self.assertNotIn(b"Traceback", ended.stderr)
                self.assertEqual(bool(ended.stderr), status != 0 and 2 not in closed)

    def test_starts_fast(self) -> None:
        """It does not import Twisted to explain itself."""
        program = (
            "import sys; from p2p_twisted.cli.main import main\n"
            "try: main(['--help'])\n"
            "finally: assert not any(name.startswith('twisted') for name in sys.modules)\n"
        )
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        self.assertEqual((ended.returncode, ended.stderr), (0, b""))

    def test_imports_little(self) -> None:
        """Nor does a verb import what takes long, or what another verb needs."""
        slow = {"asyncio", "attr", "inspect", "shutil", "signal", "subprocess", "typing_extensions"}
        slow |= {"p2p_twisted.cli.get_verb", "p2p_twisted.cli.sim_options", "tempfile"}
        program = (
            "import sys; from p2p_twisted.cli.main import main; main(['status'])\n"
            f"print(*(set(sys.modules) & {slow}))\n"
        )
        with TemporaryDirectory() as folder:
            ended = subprocess.run(
                [sys.executable, "-S", "-c", program],
                capture_output=True,
                check=False,
                env={**os.environ, "XDG_RUNTIME_DIR": folder, "PYTHONPATH": str(PACKAGE)},
            )
        self.assertEqual(ended.stdout, b"\n")
        self.assertIn(b"no peer of yours runs here", ended.stderr)

    def test_one_verb(self) -> None:
        """Only the verb that comes first is made; without one, all are."""
        alone, every = command_parser(["status"]), command_parser(["--json", "status"])
        self.assertEqual(alone.parse_args(["status", "--json"]).verb_name, "status")
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            alone.parse_args(["topo"])
        self.assertEqual(every.parse_args(["--json", "topo"]).verb_name, "topo")


def _raise(error: BaseException, _words: object) -> None:
    raise error
