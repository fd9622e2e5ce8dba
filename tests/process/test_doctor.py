"""``p2p doctor`` names what is wrong, and nothing else."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.process.daemons import PATIENCE, script, wait_until
from tests.process.machines import Lan
from tests.process.test_abuse_clock import faketime


@pytest.mark.slow
class DoctorTests(SynchronousTestCase):
    """On a machine without a running peer, and with the registry on another one."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.directory, self.here = Path(scratch.name), Path(scratch.name, "here")
        self.here.mkdir()
        lan = Lan(self, self.directory)
        self.registry = lan.machine("registry", "10.77.0.10")
        self.anna = lan.machine("anna", "10.77.0.23")

    def said_of(self, name: str) -> str:
        """Run it as anna; gives what it says about one thing."""
        where = f"--registry={self.registry.host}:9011"
        ran = self.anna.run(
            *(script("p2p"), "doctor", where, "--insecure-lan", "--json"),
            cwd=self.here,
            env={**os.environ, "XDG_RUNTIME_DIR": str(self.directory)},
            timeout=3 * PATIENCE,
        )
        return str({each["name"]: each for each in json.loads(ran.stdout)["checks"]}[name])

    def findings(self, *before: str, port: int = 9011, **variables: str) -> tuple[int, Any]:
        """Run it as anna; gives its exit code, and what is wrong, with what it says."""
        where = f"--registry={self.registry.host}:{port}"
        variables["XDG_RUNTIME_DIR"] = str(self.directory)
        ran = self.anna.run(
            *(*before, script("p2p"), "doctor", where, "--insecure-lan", "--json"),
            cwd=self.here,
            env={**os.environ, **variables},
            timeout=3 * PATIENCE,
        )
        self.assertEqual(ran.stderr, "")
        checks = json.loads(ran.stdout)["checks"]
        wrong = {each["name"]: each["text"] for each in checks if each["ok"] is False}
        return ran.returncode, wrong

    def assert_only(self, found: tuple[int, Any], code: int, name: str, says: str) -> None:
        self.assertEqual((found[0], list(found[1])), (code, [name]), found)
        self.assertIn(says, found[1][name])

    def test_no_registry(self) -> None:
        """It is not there, or what is there is something else."""
        self.assert_only(self.findings(), 3, "registry", "no registry listens at 10.77.0.10:9011")
        self.registry.start_registry()
        self.registry.start_peer("ben", self.registry)
        self.assertEqual(self.findings(), (0, {}))
        found = self.findings(port=9000)
        self.assert_only(found, 3, "registry", "is the peer ben, no registry")

    def test_firewalls(self) -> None:
        """One keeps this machine from the registry, or others from this machine."""
        self.registry.start_registry()
        self.anna.close_ports()
        self.assert_only(self.findings(), 7, "own port", "others cannot reach 10.77.0.23:9000")
        self.anna.open_ports()
        self.registry.close_ports("9011")
        self.assert_only(self.findings(), 3, "registry", "Does a firewall there")

    def test_multicast(self) -> None:
        """Newcomers hear the registry, or have to say where it is; neither is a fault."""
        self.registry.start_registry()
        wait_until(lambda: "the registry is heard" in self.said_of("multicast"), "it is heard")
        self.anna.drop_multicast()
        told = "is not heard from here: newcomers say --registry 10.77.0.10:9011"
        self.assertIn(told, self.said_of("multicast"))
        self.assertEqual(self.findings(), (0, {}))

    def test_machine(self) -> None:
        """The clock is wrong, no folder can be watched, or the disk is full."""
        library = str(faketime())
        self.registry.start_registry()
        found = self.findings(LD_PRELOAD=library, FAKETIME="-1d", FAKETIME_DONT_FAKE_MONOTONIC="1")
        self.assert_only(found, 1, "clock", "behind the registry's")
        none = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"'
        found = self.findings("unshare", "--user", "--map-root-user", "sh", "-c", none, "sh")
        self.assert_only(found, 1, "watches", "fs.inotify.max_user_watches")
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "p2p", str(self.here)]
        if subprocess.run(mount, check=False).returncode:
            raise SkipTest("there is no small file system here")
        self.addCleanup(subprocess.run, ["umount", str(self.here)], check=True)
        with (self.here / "full").open("wb") as file, self.assertRaises(OSError):
            file.write(os.urandom(2_000_000))
            file.flush()
        self.assert_only(self.findings(), 8, "disk", "make room")
