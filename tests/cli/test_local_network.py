"""How daemons are started, whatever this program came in."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.cli.local_network import twistd

ROOT = Path(__file__).parents[2]
_PRINTS_IT = """
from pathlib import Path
from p2p_twisted.cli.local_network import twistd
print(*twistd(Path("s1.log"), ["p2ppeer"]), sep="\\n")
"""


class CommandTests(SynchronousTestCase):
    """The command line of a daemon."""

    def test_downloads_are_not_imported(self) -> None:
        """Modules in the current directory, where downloads may be, do not count."""
        directory = Path(self.mktemp())
        directory.mkdir()
        for name in ("argparse", "twisted", "p2p_twisted"):
            (directory / f"{name}.py").write_text("raise SystemExit(99)")
        ended = subprocess.run(
            twistd(Path("s1.log"), ["p2ppeer", "--version"]),
            cwd=directory,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        self.assertEqual(ended.returncode, 0)
        self.assertIn("p2p_twisted", ended.stdout)

    def test_archive(self) -> None:
        """A zipapp is started again, by its whole path, as daemons run elsewhere."""
        directory = Path(self.mktemp()).absolute()
        directory.mkdir()
        with zipfile.ZipFile(directory / "p2p.pyz", "w") as archive:
            archive.writestr("__main__.py", _PRINTS_IT)
        said = subprocess.run(
            [sys.executable, "p2p.pyz"],
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.splitlines()
        expected = [sys.executable, str(directory / "p2p.pyz"), "daemon", "-n", "--logfile=s1.log"]
        self.assertEqual(said, [*expected, "p2ppeer"])
