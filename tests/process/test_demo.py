"""The tour of ``make demo``, with real daemons."""

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import scratch_folder

ROOT = Path(__file__).parents[2]


class DemoTests(SynchronousTestCase):
    """The scripted session."""

    def test_demo(self) -> None:
        """Every line succeeds, what was downloaded is identical, and no daemon complains."""
        scratch = scratch_folder(self)
        program = "import sys; from p2p_twisted.cli.main import main; sys.exit(main())"
        ended = subprocess.run(
            [sys.executable, "-c", program, "up", "--keep", "--script", "docs/demo.p2p"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout)
        self.assertIn("5 peers, ", ended.stdout)
        self.assertIn("saved big.bin to ", ended.stdout)
        self.assertIn("already", ended.stdout)
        [directory] = scratch.iterdir()
        downloads = directory / "s1" / "Downloads"
        shared = {"f2.txt", "big.bin", "crème brûlée.txt", "album"}
        self.assertEqual({path.name for path in downloads.iterdir()}, shared)
        for downloaded in filter(Path.is_file, downloads.rglob("*")):
            [original] = directory.glob(f"s[2-5]/{downloaded.relative_to(downloads)}")
            self.assertEqual(downloaded.read_bytes(), original.read_bytes())
        for log in directory.glob("logs/*.log"):
            told = log.read_text()
            self.assertNotIn("Traceback", told, f"{log.name}:\n{told}")
