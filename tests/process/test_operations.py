"""What docs/operations.md tells to type is what one can type."""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import scratch_folder, script
from tests.process.etcd_members import NEEDS_ETCD
from tests.process.networks import Network

_PATIENCE = 300.0
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.slow
class OperationsTests(SynchronousTestCase):
    """The examples that need neither systemd nor Docker."""

    def setUp(self) -> None:
        path = f"{Path(script('p2p')).parent}:{os.environ['PATH']}"
        here = {"PATH": path, "XDG_RUNTIME_DIR": str(scratch_folder(self))}
        self.patch(os, "environ", {**os.environ, **here})
        self.network = Network(self)
        self.network.start_registry()

    def type(self, beginning: str) -> None:
        """Type the one example that begins so, where the peers run."""
        examples = re.findall(r"^\$ (.*)$", PAGE.read_text("utf-8"), re.MULTILINE)
        [line] = [each for each in examples if each.startswith(beginning)]
        subprocess.run(
            ["sh", "-c", line],
            cwd=self.network.directory,
            env=os.environ,
            check=True,
        )

    def test_backup(self) -> None:
        """What is saved of a peer that runs is there again once it has been put back."""
        self.network.write("anna/f1.txt", b"Hello")
        [anna] = self.network.start_peers("anna")
        self.type("until p2p ready")
        self.type("tar --create")
        anna.stop()
        shutil.rmtree(self.network.directory / "anna")
        self.type("tar --extract")
        self.assertFalse((self.network.directory / "anna" / ".p2p").exists())
        _anna, ben = self.network.start_peers("anna", "ben")
        ben.wait_for_topology("anna", "ben")
        ben.type("get f1.txt")
        ben.wait_for_log("saved f1.txt to")


@pytest.mark.slow
class WalkthroughTests(SynchronousTestCase):
    """Each as it is written, in namespaces of its own: its ports are those of the page."""

    def walk(self, heading: str) -> Path:
        """Type what is below a heading; return where. All that it has started ends then."""
        own = ["unshare", "--net", "--pid", "--fork", "--kill-child"]
        if os.getuid() or shutil.which("unshare") is None or subprocess.call([*own, "true"]):
            raise unittest.SkipTest("namespaces take root, and unshare")
        directory = scratch_folder(self)
        [section] = re.findall(rf"^### {heading}$(.*?)^##", PAGE.read_text("utf-8"), re.M | re.S)
        blocks = re.findall(r"^```sh$(.*?)^```$", section, re.M | re.S)
        path = f"{Path(script('p2p')).parent}:{os.environ['PATH']}"
        typed = subprocess.run(
            [*own, "sh", "-ec", "ip link set lo up\n" + "".join(blocks)],
            cwd=directory,
            env={**os.environ, "PATH": path, "XDG_RUNTIME_DIR": str(scratch_folder(self))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        self.assertEqual(typed.returncode, 0, typed.stdout)
        return directory

    def test_one_registry(self) -> None:
        """What ben and carl have fetched is there."""
        directory = self.walk("One registry")
        for fetched in ("ben/Downloads/hello.txt", "hello.txt"):
            self.assertEqual((directory / fetched).read_text(), "Hello\n")

    @NEEDS_ETCD
    def test_three_registries(self) -> None:
        """What ben, carl and dave have fetched is there, and each was in."""
        directory = self.walk("Three registries on three members of etcd")
        for fetched in ("ben/Downloads/hello.txt", "hello.txt", "here/hello.txt"):
            self.assertEqual((directory / fetched).read_text(), "Hello\n")
