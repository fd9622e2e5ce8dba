"""The manual pages are those of the parsers."""

import shutil
import subprocess

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from docs.manual import FOLDER, pages


class ManualTests(SynchronousTestCase):
    """In ``docs/man``."""

    def test_up_to_date(self) -> None:
        """What was written last is what would be written now."""
        written = {path.name: path.read_text() for path in FOLDER.iterdir()}
        self.assertEqual(written, pages(), "run: python -m docs.manual")

    def test_complete(self) -> None:
        """Each verb has its section, and each option is there."""
        page = pages()["p2p.1"]
        for each in ('.SS "p2p doctor"', r"\fB\-\-registry\fR \fIHOST:PORT\fR", ".SH EXIT STATUS"):
            self.assertIn(each, page)

    def test_clean(self) -> None:
        """They are written as a manual page should be."""
        if shutil.which("mandoc") is None:
            raise SkipTest("there is no mandoc: apt install mandoc")
        for path in sorted(FOLDER.iterdir()):
            ran = subprocess.run(["mandoc", "-T", "lint", path], capture_output=True, check=False)
            self.assertEqual(ran.stdout.decode(), "")
