"""The packages, made and installed as a stranger would."""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import Daemon, free_port, script

ROOT = Path(__file__).parents[2]
_NOT_SOURCES = shutil.ignore_patterns(".git", ".venv*", "build", "dist", "*.egg-info", ".*_cache")
_ONLY_FOR_CI = {".ci/run"}
_TOOLS = ("pyproject-build", "twine", "check-wheel-contents", "shiv", "pipx", "uvx")
_SECONDS = 300


@pytest.mark.slow
@unittest.skipUnless(
    all(Path(script(tool)).exists() for tool in _TOOLS), "install p2p_twisted[package]"
)
class PackageTests(SynchronousTestCase):
    """The sdist, the wheel and the zipapp: each runs a network, and leaves nothing of it."""

    scratch: ClassVar[Path]
    environment: ClassVar[dict[str, str]]
    said: ClassVar[str]

    @classmethod
    def setUpClass(cls) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        folders = {
            variable: cls.scratch / folder
            for variable, folder in (
                ("HOME", "home"),
                ("TMPDIR", "tmp"),
                ("XDG_RUNTIME_DIR", "run"),
                ("PIPX_HOME", "pipx"),
                ("PIPX_BIN_DIR", "bin"),
                ("SHIV_ROOT", "unpacked"),
                ("UV_CACHE_DIR", "uv"),
            )
        }
        for folder in folders.values():
            folder.mkdir()
        cls.environment = {**os.environ, **{name: str(path) for name, path in folders.items()}}
        cls.environment["PATH"] = f"{Path(script('p2p')).parent}:{os.environ['PATH']}"
        # Without it setuptools would warn.
        cls.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # Building leaves files in the sources.
        shutil.copytree(ROOT, cls.scratch / "sources", ignore=_NOT_SOURCES)
        cls.said = cls.run_command(str(cls.scratch / "sources" / "packaging" / "make"))

    @classmethod
    def run_command(cls, *command: str, **how: Any) -> str:
        """Run a command that must succeed; gives what it printed."""
        ended = subprocess.run(
            command,
            cwd=cls.scratch / "home",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=cls.environment,
            text=True,
            timeout=_SECONDS,
            check=False,
            **how,
        )
        assert ended.returncode == 0, f"{command} ended with {ended.returncode}:\n{ended.stdout}"
        return str(ended.stdout)

    def built(self, pattern: str) -> str:
        """Give the path of what was made."""
        [path] = (self.scratch / "sources" / "dist").glob(pattern)
        return str(path)

    def assert_runs(self, *p2p: str) -> None:
        """Have three peers up, of which one moves a file, and look for what that has left."""
        before = self.traces()
        lines = self.scratch / "lines.p2p"
        lines.write_text("f2\nTOPO\n")
        said = self.run_command(*p2p, "up", "3", "--script", str(lines))
        self.assertIn("saved f2.txt to", said)
        self.assertIn("3 peers, 3 links", said)
        self.assertEqual(self.traces(), before)

    def traces(self) -> set[str]:
        """List files, but for the folder that sockets are in, and processes that work with one."""
        folders = ("home", "tmp", "run")
        files = {str(path) for name in folders for path in (self.scratch / name).rglob("*")}
        files.discard(str(self.scratch / "run" / "p2p-twisted"))
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_text(errors="replace")
            except OSError:
                continue
            if str(self.scratch / "tmp") in command:
                files.add(command)
        return files

    def test_clean(self) -> None:
        """Nothing was warned of while they were made, and the sdist has what is needed."""
        warnings = [
            line
            for line in self.said.splitlines()
            if "warning" in line.lower() or "deprecat" in line.lower()
            # Of pip, about places where packages could also be.
            if not line.startswith("WARNING: Location")
        ]
        self.assertEqual(warnings, [])
        with tarfile.open(self.built("*.tar.gz")) as sdist:
            inside = {name.partition("/")[2] for name in sdist.getnames()}
        tracked = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
        self.assertEqual(set(tracked.stdout.split()) - inside - _ONLY_FOR_CI, set())

    def test_sdist(self) -> None:
        """Installed, twistd has its commands anywhere; uninstalled, Twisted is whole."""
        binaries = self.scratch / "venv" / "bin"

        def run(command: str, *arguments: str) -> str:
            return self.run_command(str(binaries / command), *arguments)

        self.run_command(sys.executable, "-m", "venv", str(binaries.parent))
        run("pip", "install", "-qq", self.built("*.tar.gz"))
        self.assertIn("p2p_twisted", run("p2p", "--version"))
        self.assert_runs(str(binaries / "p2p"))
        listen = f"--listen=tcp:{free_port()}:interface=127.0.0.1"
        twistd = str(binaries / "twistd")
        with Daemon("-n", "p2pmeta", listen, cwd=self.scratch, command=twistd) as registry:
            registry.wait_ready()
            self.assertEqual(registry.stop(), -signal.SIGTERM)
        run("pip", "uninstall", "-qq", "--yes", "p2p_twisted")
        run("pip", "check")
        run("python", "-c", "import twisted.internet.reactor, twisted.web.server")
        self.assertNotIn("p2p", run("twistd", "--help"))

    def test_wheel(self) -> None:
        """Both pipx and uvx run it."""
        wheel = self.built("*.whl")
        self.run_command("pipx", "install", "--python", sys.executable, wheel)
        self.assert_runs(str(self.scratch / "bin" / "p2p"))
        uvx = ("uvx", "--python", sys.executable, "--from", wheel, "p2p")
        self.assertIn("p2p_twisted", self.run_command(*uvx, "--version"))
        self.assert_runs(*uvx)

    def test_zipapp(self) -> None:
        """One file has all: daemons of its own, and those in the background."""
        p2p = self.built("p2p.pyz")
        self.assert_runs(sys.executable, p2p)
        registry = f"127.0.0.1:{free_port()}"
        listen = f"--listen=tcp:{registry.removeprefix('127.0.0.1:')}:interface=127.0.0.1"
        (self.scratch / "home" / "s1").mkdir()
        (self.scratch / "home" / "s1" / "f1.txt").write_text("Hello")
        self.run_command(p2p, "registry", "--background", listen, f"--rundir={self.scratch}")
        self.addCleanup(self.run_command, "sh", "-c", f"kill $(cat {self.scratch}/p2pmeta.pid)")
        self.run_command(p2p, "peer", "--name=s1", "--background", f"--registry={registry}")
        try:
            said = self.run_command(p2p, "get", "f1", "--to=.", f"--registry={registry}")
            self.assertIn("f1.txt saved to", said)
            self.assertIn("s1 at 127.0.0.1:", self.run_command(p2p, "status"))
        finally:
            self.run_command(p2p, "stop")
