"""What the doctor sees on a machine."""

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted import __version__
from p2p_twisted.cli import machine_checks


class MachineChecksTests(SynchronousTestCase):
    """In a folder of the test's own."""

    def test_disk(self) -> None:
        """There is room, also where a folder is still to be made; a full device has none."""
        self.assertTrue(machine_checks.disk([Path(), Path("to", "be", "made")]).is_ok)
        found = machine_checks.disk([Path("/proc")])
        self.assertEqual((found.is_ok, found.exit), (False, 8))

    def test_stale(self) -> None:
        """Pid files of the dead and old parts are named; those of the living are not."""
        self.assertTrue(machine_checks.stale(Path()).is_ok)
        ended = subprocess.Popen([sys.executable, "-c", "pass"])
        ended.wait()
        Path("p2ppeer-dead.pid").write_text(str(ended.pid))
        Path("p2ppeer-alive.pid").write_text(str(os.getpid()))
        for name in (".p2p-0123456789abcdef.part", ".p2p-fedcba9876543210.part"):
            Path(name).touch()
        os.utime(".p2p-0123456789abcdef.part", (0, 0))
        found = machine_checks.stale(Path())
        self.assertFalse(found.is_ok)
        self.assertIn("p2ppeer-dead.pid", found.text)
        self.assertNotIn("alive", found.text)

    def test_versions(self) -> None:
        """A peer that was started before an update is to be started again."""
        self.assertTrue(machine_checks.versions(__version__).is_ok)
        self.assertTrue(machine_checks.versions(None).is_ok)
        self.assertIn("start the peer again", machine_checks.versions("0.0.1").text)

    def test_descriptors(self) -> None:
        """So few that a peer could not work are said."""
        program = (
            "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500))\n"
            "from p2p_twisted.cli.machine_checks import descriptors\n"
            "found = descriptors(None); assert not found.is_ok, found; print(found.text)"
        )
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        self.assertIn(b"only 500 files", said.stdout)
        self.assertTrue(machine_checks.descriptors(os.getpid()).is_ok)
