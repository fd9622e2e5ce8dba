"""A network of real daemons that are abused, and what must be true of them afterwards."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, free_port, free_ports, script, wait_until
from tests.process.lag import LAG_SECONDS, LagProbe
from tests.process.stranger import Listener, call

# Python 3.13 takes more for the same connections.
MEMORY_BYTES = (32 if sys.version_info >= (3, 13) else 16) << 20
"""How much more memory a daemon may have after it was abused."""

_OWN = ("Downloads", ".p2p")
_HONEST_FILES = 40


class Network:
    """
    A registry and peers in a scratch directory; the first two share honest files.

    :param names: of the peers.
    :param files: what else they share, by peer and name.
    :param options: for the peers, by name.
    :param environments: variables for the peers, by name.
    :param open_files: how many each daemon may have.
    :ivar folder: where all of them run.
    :ivar daemons: the registry and the peers, by name.
    """

    def __init__(
        self,
        *names: str,
        files: Mapping[str, Mapping[str, bytes]] | None = None,
        options: Mapping[str, tuple[str, ...]] | None = None,
        environments: Mapping[str, Mapping[str, str]] | None = None,
        open_files: int | None = None,
    ) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="p2p-test-")
        self.folder = Path(self._scratch.name)
        self.registry_port = free_port()
        self._options = options or {}
        self._environments = environments or {}
        self._open_files = open_files
        self._ports: dict[str, int] = {}
        self._numbers = count()
        self.downloaded: set[str] = set()
        for name in names:
            honest = {f"{name}-{n}.txt": f"{n} of {name}\n".encode() * 999 for n in _HONEST}
            for file, content in (honest | dict((files or {}).get(name, {}))).items():
                path = self.folder / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        ports = free_ports(2 * len(names))
        registry = self._daemon(
            "p2pmeta",
            f"--listen=tcp:{self.registry_port}:interface=127.0.0.1",
            f"--ports={ports[0]}-{ports[-1]}",
            "--store=memory:",
        )
        self.daemons = {"registry": registry}
        registry.wait_ready()
        for name in names:
            self.start(name)
        for name in names:
            self.daemons[name].wait_ready()
        for name in names if len(names) > 1 else ():
            # Who asks before it has a link may be told that nobody is there.
            self.daemons[name].wait_for_log("linked with ")

    def start(self, name: str) -> Daemon:
        """Start a peer, or start it again."""
        if name in self.daemons:
            self.daemons[name].end()
            self._ports.pop(name, None)
        self.daemons[name] = self._daemon(
            "p2ppeer",
            f"--name={name}",
            f"--registry=127.0.0.1:{self.registry_port}",
            *self._options.get(name, ()),
            stdin=subprocess.PIPE,
            environment=self._environments.get(name),
        )
        return self.daemons[name]

    def _daemon(self, *arguments: str, **how: Any) -> Daemon:
        command = ["twistd", "-n", *arguments]
        if self._open_files is not None:
            limited = f'ulimit -n {self._open_files}; exec "$0" "$@"'
            command = ["/bin/sh", "-c", limited, script("twistd"), *command[1:]]
        return Daemon(*command[1:], command=command[0], cwd=self.folder, **how)

    def end(self) -> None:
        """End all, and remove their files."""
        for daemon in self.daemons.values():
            daemon.end()
        self._scratch.cleanup()

    def port(self, name: str) -> int:
        """Tell where a peer listens, or the registry."""
        if name == "registry":
            return self.registry_port
        if name not in self._ports:
            joined = f"joined as {name} on port "
            _, _, said = self.daemons[name].wait_for_log(joined).partition(joined)
            self._ports[name] = int(said.split()[0])
        return self._ports[name]

    def type(self, name: str, line: str, answer: str, seconds: float = PATIENCE) -> str:
        """Type a line at a peer's console; returns all that it has printed since."""
        daemon = self.daemons[name]
        before = len(daemon.log)
        daemon.type(line)
        try:
            wait_until(lambda: answer in daemon.log[before:], f"{answer!r} after {line!r}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; the log:\n{daemon.log[before:]}") from None
        return daemon.log[before:]

    def get(
        self, name: str, file: str, line: str | None = None, seconds: float = PATIENCE
    ) -> bytes:
        """Have a peer download a file; returns what it saved."""
        self.downloaded.add(file)
        # A very long name is shortened on the screen.
        self.type(name, line or f"get {file}", f"saved {file[:100]}", seconds)
        return (self.folder / name / "Downloads" / file).read_bytes()

    def exchange(self, one: str, other: str) -> None:
        """Have two peers download an honest file from each other."""
        for name, holder in ((one, other), (other, one)):
            file = f"{holder}-{next(self._numbers)}.txt"
            assert self.get(name, file) == (self.folder / holder / file).read_bytes()

    def probe(self, name: str) -> LagProbe:
        """Begin to measure how long a daemon keeps newcomers waiting."""
        return LagProbe(self.port(name), self.daemons[name].pid)

    def memory(self) -> dict[str, int]:
        """Tell how much memory each daemon has, in bytes."""
        return {name: memory_of(daemon.pid) for name, daemon in self.daemons.items()}

    def processor_seconds(self, name: str) -> float:
        """Tell how much processor time a daemon has had."""
        with open(f"/proc/{self.daemons[name].pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def others_files(self) -> dict[str, tuple[int, ...]]:
        """Tell the state of every file that no peer may touch, and which folders there are."""
        found = {path: path.lstat() for path in _walk(self.folder)}
        return {
            str(path.relative_to(self.folder)): (status.st_mode,)
            if stat.S_ISDIR(status.st_mode)
            else (status.st_mode, status.st_size, status.st_mtime_ns)
            for path, status in found.items()
        }

    def downloads(self) -> set[str]:
        """Name all that stands in the folders for downloads."""
        return {
            str(path.relative_to(folder))
            for folder in self.folder.glob("*/Downloads")
            for path in folder.rglob("*")
            if not path.is_dir()
        }

    def complaints(self) -> list[str]:
        """Quote what logs must not have: tracebacks."""
        return [
            f"{name}: {daemon.log}"
            for name, daemon in self.daemons.items()
            if "Traceback" in daemon.log or "Unhandled" in daemon.log
        ]


class AbusedCase(SynchronousTestCase):
    """
    Tests that share a network; after each of them it must be as well as before.

    :cvar files: what s1 and s2 share beside their honest files.
    :cvar probed: the daemons that must not keep anybody waiting meanwhile.
    """

    probed: ClassVar[tuple[str, ...]] = ("s1",)
    files: ClassVar[Mapping[str, Mapping[str, bytes]]] = {}
    network: ClassVar[Network]
    _memory: ClassVar[dict[str, int]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.network = Network("s1", "s2", files=cls.files)
        cls.addClassCleanup(cls.network.end)
        cls.network.exchange("s1", "s2")
        cls.remember_memory()

    @classmethod
    def remember_memory(cls) -> None:
        """Take what the daemons have now for what they need."""
        cls._memory = cls.network.memory()

    def setUp(self) -> None:
        self.untouched = self.network.others_files()
        self.probes = {name: self.network.probe(name) for name in self.probed}

    def tearDown(self) -> None:
        self.assert_unharmed()

    def assert_unharmed(self) -> None:
        """Nobody waited, nothing foreign was touched, memory is flat, logs are clean."""
        lags = {name: probe.stop() for name, probe in self.probes.items()}
        self.assertLess(max(lags.values()), LAG_SECONDS, lags)
        self.network.exchange("s1", "s2")
        with call(self.network.port("registry")) as line:
            line.hear("HELLO")
            line.say("P2P", name="somebody")
            _, welcome = line.hear("WELCOME")
        with call(self.network.port("registry")) as line:
            line.say("LEAVE", name="somebody", token=welcome["token"])
            self.assertEqual(line.hear_all()[-1], ("BYE", {"why": "noted"}))
        self.assertEqual(self.network.complaints(), [])
        for daemon in self.network.daemons.values():
            shown = daemon.log.replace("\n", "").replace("\t", "")
            self.assertTrue(shown.isprintable())
        self.assertEqual(self.network.others_files(), self.untouched)
        self.assertEqual(self.network.downloads() - self.network.downloaded, set())
        grown = {
            name: memory - self._memory[name] for name, memory in self.network.memory().items()
        }
        self.assertLess(max(grown.values()), MEMORY_BYTES, grown)


class AimedCase(AbusedCase):
    """Tests that have s1 dial others, at the port of s1 that strangers dial."""

    def setUp(self) -> None:
        super().setUp()
        self.port = self.network.port("s1")

    def listen(self, *arguments: Any) -> Listener:
        """Listen somewhere."""
        listener = Listener(*arguments)
        self.addCleanup(listener.close)
        return listener


_HONEST = range(_HONEST_FILES)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _OWN:
            continue
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)


def memory_of(pid: int) -> int:
    """Tell how much memory a process has, in bytes."""
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
