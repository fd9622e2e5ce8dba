"""What runs where there is none of what Linux alone has: a step towards other systems."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import free_ports, scratch_folder, script

# Python runs this first of all, in each process.
_WITHOUT = """
import ctypes, os, resource, select, socket

_ONLY_LINUX = {
    os: "O_PATH O_TMPFILE copy_file_range eventfd fdatasync getrandom memfd_create pidfd_open pipe2"
    " posix_fadvise posix_fallocate sched_getaffinity splice",
    resource: "prlimit",
    select: "epoll",
    socket: "AF_NETLINK MSG_MORE MSG_NOSIGNAL SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE"
    " SO_PRIORITY TCP_CORK TCP_INFO TCP_USER_TIMEOUT",
}
for module, names in _ONLY_LINUX.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)


class CDLL(ctypes.CDLL):
    def __getattr__(self, name):
        if name.startswith("inotify"):
            raise AttributeError(name)
        return super().__getattr__(name)


ctypes.CDLL = CDLL
"""
_IMPORTS_ALL = """
import importlib, pkgutil, os
import p2p_twisted

assert not hasattr(os, "O_TMPFILE")
for each in pkgutil.walk_packages(p2p_twisted.__path__, "p2p_twisted."):
    if not each.name.endswith("__main__"):
        importlib.import_module(each.name)
"""


def without_linux(case: SynchronousTestCase) -> dict[str, str]:
    """Make the environment of a process without what Linux alone has."""
    (folder := scratch_folder(case) / "hidden").mkdir()
    (folder / "sitecustomize.py").write_text(_WITHOUT)
    return {**os.environ, "PYTHONPATH": str(folder)}


class ImportTests(SynchronousTestCase):
    """Modules."""

    def test_all(self) -> None:
        """Each can be imported."""
        ended = subprocess.run(
            [script("python"), "-c", _IMPORTS_ALL],
            env=without_linux(self),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))


@pytest.mark.slow
class NetworkTests(SynchronousTestCase):
    """A network, also without /proc where this may be hidden."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.addCleanup(scratch.cleanup)
        self.directory = Path(scratch.name)
        self.environment = {**without_linux(self), "XDG_RUNTIME_DIR": scratch.name}
        self.environment["TMPDIR"] = scratch.name

    def run_script(self, lines: str) -> str:
        """Run lines of a shell, each of which must succeed; return what they print."""
        command = ["sh", "-ec", lines]
        if os.getuid() == 0 and shutil.which("unshare"):
            hidden = f"mount -t tmpfs none /proc\n{lines}"
            command = ["unshare", "--mount", "sh", "-ec", hidden]
        ended = subprocess.run(
            command,
            cwd=self.directory,
            env={**self.environment, "PATH": f"{Path(script('p2p')).parent}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stdout)
        return ended.stdout

    def test_up(self) -> None:
        """Files and folders are moved, and the network is seen."""
        (self.directory / "lines.p2p").write_text("f2\nalbum\nTOPO\n")
        said = self.run_script("p2p up 3 --script lines.p2p")
        self.assertIn("3 peers, 3 links", said)

    def test_background(self) -> None:
        """Daemons in the background share, find and fetch, and the doctor finds nothing stale."""
        first, *_, last = free_ports(4)
        registry = f"127.0.0.1:{first}"
        said = self.run_script(
            f"""
            p2p registry --background --listen=tcp:{first}:interface=127.0.0.1 \
                --ports={first + 1}-{last}
            trap 'kill $(cat p2pmeta.pid)' EXIT
            p2p peer --background --name=s1 --registry={registry}
            p2p peer --background --name=s2 --registry={registry}
            echo Hello > f1.txt
            p2p --peer=s1 share f1.txt
            until p2p --peer=s2 get f1; do sleep 0.2; done
            p2p --peer=s1 unshare f1.txt
            mkdir -p p2p-running/logs
            touch p2p-running/logs/peer.ready
            p2p --peer=s1 doctor || true
            p2p --peer=s1 stop
            """
        )
        self.assertIn("f1.txt saved to", said)
        self.assertRegex(said, r"ok +stale files +none")
