"""``p2p sim``, from its arguments to what it prints and writes."""

import contextlib
import hashlib
import io
import json
import os
import shlex
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.main import main
from p2p_twisted.cli.sim_progress import ProgressLine
from p2p_twisted.runtime.exit_status import Exit
from p2p_twisted.simulation.scenario import Scenario
from p2p_twisted.simulation.simulation import SimulationProgress

SHORT = ("sim", "--peers", "12", "--duration", "60", "--seed", "7")


def run(*arguments: str) -> tuple[int | str | None, str, str]:
    """Run the command; gives its exit status, and what it printed on stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            return main(arguments), out.getvalue(), err.getvalue()
        except SystemExit as end:
            return end.code, out.getvalue(), err.getvalue()


class OptionTests(SynchronousTestCase):
    def test_bad_values(self) -> None:
        """What is out of its bounds is a usage error that tells the bounds."""
        for option, value, right in (
            ("--peers", "1", "'1' is not a number from 2 to 100,000"),
            ("--peers", "x", "'x' is not a number from 2 to 100,000"),
            ("--peers", "100001", "from 2 to 100,000"),
            ("--kill", "100%", "a share like 50%, from 0% to 99%"),
            ("--kill", "-1", "a share like 50%"),
            ("--nat", "100%", "a share like 50%, from 0% to 99%"),
            ("--churn", "10/h", "a rate like 10/min, from 0/min to 600/min"),
            ("--duration", "59", "from 60 to 3,600"),
            ("--partition", "1e3", "a number of seconds"),
            ("--seed", "9" * 5_000, "from 0 to"),
            ("--partition", "31", "at most half of the duration"),
        ):
            status, _, told = run(*SHORT, option, value)
            self.assertEqual(status, 2, option)
            self.assertIn(right, told)

    def test_silent_alone(self) -> None:
        """To vanish says how peers die, so that some have to."""
        status, _, told = run(*SHORT, "--silent")
        self.assertEqual(status, 2)
        self.assertIn("give --kill too", told)

    def test_help(self) -> None:
        """All options are explained."""
        status, told, _ = run("sim", "--help")
        self.assertEqual(status, 0)
        for option in ("--kill N%", "--silent", "--partition SECONDS", "--churn N/min", "--nat N%"):
            self.assertIn(option, told)


class SimTests(SynchronousTestCase):
    def test_nat(self) -> None:
        """Where few peers can be dialed, all are in one network; and that can be run again."""
        status, table, _ = run("sim", "--peers", "30", "--nat", "90%", "--duration", "60")
        self.assertEqual(status, 0)
        self.assertIn("30 peers, 90 % behind NAT", table)
        rows = {line[:29].strip(): line[29:].split() for line in table.splitlines()}
        self.assertEqual(rows["components"], ["1", "1", "1"])
        self.assertIn("--nat 90%", table.splitlines()[-1])

    def test_table(self) -> None:
        """The table has a column for each moment, and the command that gives it again."""
        status, table, told = run(*SHORT, "--kill", "25%", "--churn", "6/min")
        self.assertEqual((status, told), (0, ""))
        title, _, headings, *lines = table.splitlines()
        self.assertIn("25 % crash at once, 6 join and leave each minute", title)
        self.assertEqual(headings.split(), ["before", "fault", "end"])
        rows = {line[:29].strip(): line[29:].split() for line in lines}
        self.assertEqual(rows["at"], ["20", "s", "20", "s", "60", "s"])
        self.assertEqual(rows["a broadcast reaches in   1 s"][:2], ["100", "%"])
        [replay] = [line for line in lines if line.startswith("replay")]
        again = shlex.split(replay)[2:]
        self.assertEqual(run(*again), (0, table, ""))

    def test_no_fault(self) -> None:
        """Where nothing happens, there is no column of a fault."""
        _, table, _ = run(*SHORT)
        self.assertIn("middle", table)
        self.assertNotIn(" fault ", table.splitlines()[2])

    def test_json(self) -> None:
        """One object on stdout, with the same keys whatever happens; the table on stderr."""
        status, printed, told = run(*SHORT, "--kill", "25%", "--silent", "--json")
        self.assertEqual(status, 0)
        self.assertIn("links per peer", told)
        content = json.loads(printed)
        self.assertEqual(
            set(content), {"version", "scenario", "moments", "lines", "trace", "replay"}
        )
        self.assertEqual(
            content["scenario"],
            {
                "peers": 12,
                "kill": 25,
                "is_silent": True,
                "partition": 0,
                "churn": 0,
                "duration": 60,
                "seed": 7,
                "nat": 0,
            },
        )
        self.assertEqual(list(content["moments"]), ["before", "fault", "end"])
        end = content["moments"]["end"]
        self.assertEqual(set(end), {"at", "shape", "spread", "reply", "messages", "bytes"})
        self.assertEqual(end["spread"]["reach"], {"1": 1.0, "5": 1.0})

    def test_files(self) -> None:
        """The picture and the trace are written; the table has the trace's hash."""
        directory = Path(tempfile.mkdtemp(dir="."))
        svg, trace = directory / "a.svg", directory / "a.ndjson"
        status, table, _ = run(*SHORT, "--svg", str(svg), "--trace", str(trace))
        self.assertEqual(status, 0)
        self.assertTrue(svg.read_text(encoding="utf-8").startswith("<svg"))
        lines = trace.read_bytes()
        self.assertIn(hashlib.sha256(lines).hexdigest(), table)
        self.assertEqual(json.loads(lines.splitlines()[-1])["event"], "end")

    def test_bad_path(self) -> None:
        """A file that cannot be written is told of before the run."""
        status, table, told = run(*SHORT, "--svg", "/nowhere/a.svg")
        self.assertEqual((status, table), (Exit.DISK, ""))
        self.assertIn("/nowhere/a.svg", told)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ProgressTests(SynchronousTestCase):
    def shown(self, stream: io.StringIO, pause: float) -> str:
        """Show progress twice, after a pause and at once."""
        times = iter([0.0, pause, pause, pause])
        with ProgressLine(Scenario(), stream, lambda: next(times)) as line:
            line.show(SimulationProgress(12.0, 1_000, 5_000))
            line.show(SimulationProgress(13.0, 1_000, 5_100))
        return stream.getvalue()

    def test_terminal(self) -> None:
        """On a terminal there is one line, and none at the end."""
        self.patch(os, "environ", {"TERM": "xterm"})
        text = "12 of 300 s simulated, 1,000 peers, 5,000 lines sent"
        self.assertEqual(self.shown(_Terminal(), 0.2), f"\r\x1b[K{text}\r\x1b[K")

    def test_pipe(self) -> None:
        """Elsewhere, also on a dumb terminal, there is a line every few seconds."""
        self.patch(os, "environ", {"TERM": "dumb"})
        for stream in (io.StringIO, _Terminal):
            self.assertEqual(self.shown(stream(), 0.2), "")
            self.assertEqual(len(self.shown(stream(), 6.0).splitlines()), 1)
