"""
Carry out what the Dockerfile says without Docker, in a bare Debian; then run a registry and a peer.

``python -m tests.process.bare_root`` takes root, mmdebstrap, some minutes, and 1 GB in a temporary
directory. Nothing in it listens outside of a network namespace of its own.
"""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.process.daemons import wait_until

ROOT = Path(__file__).parents[2]
_CERTIFICATES = Path("etc", "ssl", "certs", "ca-certificates.crt")
_SECONDS = 60.0
_HOST = "10.0.0.1"
# Of what a container has, but for its network: this process sets that up.
_CONTAINER = """
mount --bind {root} {root}
mount --bind {data} {root}/data
mount -t proc proc {root}/proc
mount --bind /dev {root}/dev
mount -o remount,bind,ro {root}
exec chroot {root} /usr/bin/env --ignore-environment --chdir=/data {environment} \
    setpriv --reuid={user} --clear-groups --no-new-privs --bounding-set=-all {command}
"""


class Image:
    """What is built: stage for stage, each a directory."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._root = scratch
        self._stages: dict[str, Path] = {}
        self.settings: dict[str, str] = {}
        text = re.sub("^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
        for line in text.replace("\\\n", " ").splitlines():
            word, _, rest = line.partition(" ")
            if step := getattr(self, f"_{word.lower()}", None):
                sys.stdout.write(f"{line}\n")
                step(rest)
            elif word:
                self.settings[word] = rest.strip()

    @property
    def root(self) -> Path:
        """The last stage's."""
        return self._root

    def _from(self, rest: str) -> None:
        base, _, name = rest.partition(" AS ")
        self._root = self._scratch / f"stage{len(list(self._scratch.iterdir()))}"
        if base in self._stages:
            _run("cp", "-a", str(self._stages[base]), str(self._root))
        else:
            release = base.removeprefix("debian:").removesuffix("-slim")
            _run("mmdebstrap", "--variant=minbase", release, str(self._root), _mirror(release))
            shutil.copyfile("/etc/resolv.conf", self._root / "etc" / "resolv.conf")
        self._stages[name] = self._root

    def _run(self, rest: str) -> None:
        mounts = f"mount --bind /dev {self._root}/dev; mount -t proc proc {self._root}/proc"
        # What packages come through, this machine may know by a certificate of its own.
        (self._root / _CERTIFICATES.parent).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path("/", _CERTIFICATES), self._root / _CERTIFICATES)
        step = f"{mounts}; exec chroot {self._root} /bin/sh -c {shlex.quote(rest)}"
        _run("unshare", "--mount", "--pid", "--fork", "sh", "-ec", step)

    def _copy(self, rest: str) -> None:
        words = rest.split()
        if words[0].startswith("--from="):
            stage = self._stages[words[0].removeprefix("--from=")]
            source, target = stage / words[1][1:], self._root / words[2][1:]
            _run("cp", "-a", str(source), str(target))
            return
        target = self._root / words[1][1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines():
            if line.startswith("!"):
                copied = target / line[1:]
                copied.parent.mkdir(parents=True, exist_ok=True)
                _run("cp", "-r", str(ROOT / line[1:]), str(copied))


class Container:
    """
    A command that runs as in a container: process 1, as the image's user, with a read-only root.

    :param net: the namespace of the network that it is in.
    :param data: its volume.
    """

    def __init__(self, image: Image, net: str, data: Path, *command: str) -> None:
        settings = image.settings
        self._user = settings["USER"]
        self._environment = settings["ENV"].replace("$PATH", "/usr/bin:/bin").split()
        self._health = json.loads(settings["HEALTHCHECK"].partition(" CMD ")[2])
        data.mkdir()
        os.chown(data, int(self._user), 0)
        script = _CONTAINER.format(
            root=image.root,
            data=data,
            environment=shlex.join(self._environment),
            user=self._user,
            command=shlex.join((*json.loads(settings["ENTRYPOINT"]), *command)),
        )
        isolated = ("unshare", "--mount", "--pid", "--fork", "sh", "-ec", script)
        self._process = subprocess.Popen(["ip", "netns", "exec", net, *isolated])

    def _first(self) -> int:
        """Tell the number, here, of its process 1."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        assert self._process.poll() is None, "it has ended"
        return int(wait_until(lambda: path.read_text().split(), "process 1", _SECONDS)[0])

    def ask(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in it, as Docker does for its health."""
        entered = ("nsenter", f"--target={self._first()}", "--mount", "--pid", "--root", "--wd")
        as_user = ("setpriv", f"--reuid={self._user}", "--clear-groups")
        asked = (*entered, *as_user, "env", "-i", *self._environment, *command)
        return subprocess.run(asked, capture_output=True, text=True, check=False)

    def wait_until_healthy(self) -> None:
        """Wait until its health is good."""
        wait_until(lambda: self.ask(*self._health).returncode == 0, "healthy", _SECONDS)

    def stop(self) -> int:
        """Ask process 1 to end; return the exit status."""
        if self._process.poll() is None:
            os.kill(self._first(), signal.SIGTERM)
        return self._process.wait(_SECONDS)


def main() -> int:
    """Build, run, look and stop; return the exit status."""
    net = f"p2p-{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="p2p-image-") as scratch, contextlib.ExitStack() as end:
        (stages := Path(scratch, "stages")).mkdir()
        image = Image(stages)
        _run("ip", "netns", "add", net)
        end.callback(_run, "ip", "netns", "del", net)
        _run("ip", "-n", net, "link", "set", "lo", "up")
        _run("ip", "-n", net, "addr", "add", f"{_HOST}/32", "dev", "lo")
        containers = []
        for name in ("registry", "s1", "s2"):
            peer = ("peer", f"--name={name}", f"--registry={_HOST}", "--insecure-lan")
            command = json.loads(image.settings["CMD"]) if name == "registry" else peer
            containers.append(Container(image, net, Path(scratch, name), *command))
            end.callback(containers[-1].stop)
            containers[-1].wait_until_healthy()
        Path(scratch, "s1", "s1", "f1.txt").write_text("Hello from a container")
        asked = containers[2].ask("p2p", "get", "f1")
        sys.stdout.write(f"{asked.stdout}{asked.stderr}")
        statuses = [container.stop() for container in reversed(containers)]
        sys.stdout.write(f"ended with {statuses}\n")
        return asked.returncode or max(statuses)


def _mirror(release: str) -> str:
    return f"deb http://deb.debian.org/debian {release} main"


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    sys.exit(main())
