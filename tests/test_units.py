"""The units for systemd."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted import p2pmeta, p2ppeer
from p2p_twisted.runtime.twistd import DaemonOptions
from tests.process.daemons import script

UNITS = Path(__file__).parents[1] / "packaging" / "systemd"
_EXPOSURE = re.compile(r"Overall exposure level for \S+: ([0-9.]+)")
_EXPOSURE_MOST = 3.0


class UnitTests(SynchronousTestCase):
    """What they start."""

    def test_options(self) -> None:
        """Every option is one of the daemon's."""
        daemons: dict[str, type[DaemonOptions]] = {
            "p2pmeta": p2pmeta.Options,
            "p2ppeer": p2ppeer.Options,
        }
        for unit in UNITS.rglob("*.service"):
            [command] = re.findall("^ExecStart=(.*)", unit.read_text(), re.MULTILINE)
            _twistd, daemon, words = re.split(r" (p2p\w+) ", command)
            known = {name.rstrip("=") for name in daemons[daemon]().longOpt}
            self.assertLessEqual(set(re.findall("--([a-z-]+)", words)), known, unit)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="install systemd to check its units"
)
class SystemdTests(SynchronousTestCase):
    """What systemd itself says of them."""

    def analyze(self, verb: str, unit: Path, *options: str) -> str:
        """Let systemd look at a unit, with the twistd that there is; return what it says."""
        with tempfile.TemporaryDirectory(prefix="p2p-test-") as directory:
            copy = Path(directory, unit.name)
            copy.write_text(
                unit.read_text().replace("/opt/p2p_twisted/bin/twistd", script("twistd"))
            )
            done = subprocess.run(
                ["systemd-analyze", verb, *options, str(copy)],
                capture_output=True,
                text=True,
                check=False,
            )
        self.assertEqual((done.returncode, done.stderr), (0, ""), unit)
        return done.stdout

    def test_verify(self) -> None:
        """They have no mistake."""
        for unit in UNITS.rglob("*.service"):
            self.analyze("verify", unit, *(["--user"] if unit.parent.name == "user" else []))

    def test_security(self) -> None:
        """What a daemon that was taken over could do on the machine is little."""
        for unit in UNITS.glob("*.service"):
            said = self.analyze("security", unit, "--offline=true", "--no-pager")
            exposure = _EXPOSURE.search(said)
            assert exposure is not None, said
            self.assertLessEqual(float(exposure[1]), _EXPOSURE_MOST)
