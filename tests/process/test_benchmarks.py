"""Every table can be made, from real daemons and whatever rivals are here."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import ROOT
from benchmarks.tables.options import MEMORY

_SECONDS = 300.0


@pytest.mark.slow
class BenchmarkTests(SynchronousTestCase):
    def table(self, name: str, *options: str) -> str:
        """Make a table of one small run; returns what was printed."""
        with tempfile.TemporaryDirectory(dir=MEMORY) as directory:
            common = ["--rounds=1", f"--directory={directory}"]
            command = [sys.executable, "-m", f"benchmarks.{name}", *common, *options]
            ended = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS
            )
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual(list(Path(directory).iterdir()), [])
        return ended.stdout

    def test_push(self) -> None:
        """One file, by every way that is here."""
        printed = self.table("push", "--sizes=1")
        self.assertIn("| p2p_twisted | 1.00 |", printed)
        self.assertIn("| Twisted's defaults, BLAKE3 |", printed)
        self.assertIn("| downloader |", printed)
        self.assertRegex(printed, r"ours took \d+\.\d{3} s; the limit took \d+\.\d\d times that")

    def test_private(self) -> None:
        """The same, encrypted."""
        printed = self.table("private", "--sizes=1")
        self.assertIn("| p2p_twisted, private network | 1.00 |", printed)
        self.assertIn("| downloader |", printed)

    def test_page(self) -> None:
        """What open pages cost a registry, and a push."""
        printed = self.table("page", "--peers=3", "--pages=2", "--size=1", "--idle=0.2")
        self.assertIn("with 2 pages open, and", printed)
        self.assertIn("| 2 pages |", printed)
        self.assertIn("| 1 page |", printed)

    def test_readers(self) -> None:
        """What readers of events cost an idle peer, and a push."""
        printed = self.table("readers", "--readers=2", "--size=1", "--idle=0.2")
        self.assertRegex(printed, r"\| 2 readers \| \d+\.\d{3} \|")
        self.assertIn("time / no reader |", printed)

    def test_swarm(self) -> None:
        """One file to two who want it."""
        self.assertIn("| p2p_twisted | 1.00 |", self.table("swarm", "--downloaders=2", "--size=1"))

    def test_uplinks(self) -> None:
        """The same with slow uplinks, where there can be namespaces."""
        printed = self.table("uplinks", "--receivers=2", "--sizes=1")
        self.assertTrue("| p2p_twisted |" in printed or "not measured" in printed, printed)

    def test_to_all(self) -> None:
        """One file pushed to two, likewise."""
        printed = self.table("to_all", "--receivers=2", "--size=1", "--only", "OurPush")
        self.assertTrue("p2p push --to @all" in printed or "not measured" in printed, printed)

    def test_wan(self) -> None:
        """The same far apart, beside a web server, where there can be namespaces."""
        few = ("--ways=20x900", "--losses=0.5", "--seconds=0.1", "--holders=2")
        printed = self.table("wan", *few)
        self.assertTrue("| 2 holders |" in printed or "not measured" in printed, printed)

    def test_holders(self) -> None:
        """One file from up to four."""
        self.assertIn("| 4 holders, one killed midway |", self.table("holders", "--size=24"))

    def test_folder(self) -> None:
        """Many small files."""
        self.assertIn("| p2p_twisted | 1.00 |", self.table("folder", "--files=20"))

    def test_library(self) -> None:
        """Files that are new to a peer, beside the least that hashing them takes."""
        printed = self.table("library", "--shapes=2x1024,20x8")
        self.assertEqual(printed.count("| p2p_twisted | 1.00 |"), 2)
        self.assertIn("| BLAKE3 alone, mapped, all cores |", printed)

    def test_folder_of_folders(self) -> None:
        """The same in several folders."""
        printed = self.table("folder", "--files=20", "--folders=4")
        self.assertIn("20 files of 1,024 bytes in 4 folders, on ", printed)

    def test_typed(self) -> None:
        """Small files, from their typed names."""
        self.assertRegex(self.table("typed", "--files=5"), r"\| p2p_twisted \| \d+\.\d \|")

    def test_relay(self) -> None:
        """What a relay costs, beside Twisted's port forwarder."""
        self.assertRegex(
            self.table("relay", "--mib=16"), r"\| p2p_twisted \| \d+\.\d\d \| [\d,]+ \|"
        )

    def test_registry(self) -> None:
        """Registries, and the least that a server does."""
        printed = self.table("registry", "--peers=20", "--silent=20")
        self.assertRegex(printed, r"\| the least: join \| [\d,]+ \| 1\.00 \|")
        self.assertIn("| memory: renew |", printed)

    def test_registered(self) -> None:
        """Registries that are started on full stores."""
        self.assertRegex(self.table("registered", "--peers=90"), r"\| SQLite \| \d+\.\d\d \|")

    def test_interruptions(self) -> None:
        """A download that is interrupted, where there can be namespaces."""
        printed = self.table("interruptions", "--size=16", "--kills=2")
        self.assertTrue("MiB more a kill" in printed or "not measured" in printed, printed)
