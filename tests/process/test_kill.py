"""Downloads of all sizes, and daemons that are killed and stopped while they run."""

import contextlib
import hashlib
import json
import os
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.registry.limits import LEASE_SECONDS
from tests.process.daemons import Daemon, wait_until
from tests.process.networks import Network

MIB = 1 << 20
_GROWN_KIB = 60 * 1024
_LARGE_SECONDS = 240.0
_DROPPED_SECONDS = 40.0


def memory(daemon: Daemon, row: str) -> int:
    """Read a row of a daemon's memory figures, such as VmHWM, its peak, in KiB."""
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    found = re.search(rf"^{row}:\s+(\d+) kB", status, re.M)
    assert found is not None
    return int(found[1])


def write_random(path: Path, size: int) -> None:
    """Write a file of random bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            file.write(os.urandom(min(MIB, size - start)))


def digest(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FirstSight(threading.Thread):
    """
    Look for a file all the time, and hash what it is when it is there first.

    :ivar digest: of that.
    """

    digest = ""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self.start()

    def run(self) -> None:
        """Look for it."""
        deadline = time.monotonic() + _LARGE_SECONDS
        while not self._path.exists() and time.monotonic() < deadline:
            time.sleep(0.0005)
        self.digest = digest(self._path)


@pytest.mark.slow
class ContentTests(SynchronousTestCase):
    """Two peers, and files and folders of all kinds."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()
        self.holder, self.requester = self.network.start_peers("s1", "s2")
        self.shared = self.network.directory / "s1"
        self.downloads = self.network.directory / "s2" / "Downloads"
        self.before = {peer: memory(peer, "VmRSS") for peer in (self.holder, self.requester)}

    def check_download(self, name: str, seconds: float = 30.0) -> None:
        """Fetch a file; under its name nothing else was ever to be seen."""
        seen = FirstSight(self.downloads / name)
        self.requester.answer(name, f"^saved {re.escape(name)} to ", seconds)
        seen.join(seconds)
        self.assertEqual(seen.digest, digest(self.shared / name))
        self.assertEqual(digest(self.downloads / name), seen.digest)
        self.check_memory()

    def check_memory(self) -> None:
        """Neither side needs much more memory than when it started."""
        for peer, before in self.before.items():
            self.assertLess(memory(peer, "VmHWM") - before, _GROWN_KIB)

    def test_sizes_and_names(self) -> None:
        """Sizes around the chunk's, in names that people give to files."""
        files = {
            "nothing": 0,
            "one byte": 1,
            "almost a kibibyte.bin": 1_023,
            "\N{GRINNING FACE} a chunk.bin": MIB,
            "Žluťoučký kůň.txt": MIB + 1,
        }
        for name, size in files.items():
            write_random(self.shared / name, size)
        self.holder.wait_until_shared(len(files))
        for name in files:
            self.check_download(name)
        self.assertEqual(self.network.leftovers(), [])

    def test_folder(self) -> None:
        """A folder arrives with its sub-folders."""
        files = {"a.txt": 5, "sub one/b c.bin": 2 * MIB + 7, "sub one/žluté/\N{SNOWMAN}": 100}
        for name, size in files.items():
            write_random(self.shared / "my folder" / name, size)
        self.holder.wait_until_shared(len(files))
        self.requester.answer("my folder", "^saved my folder to .*3 files")
        for name in files:
            path = Path("my folder", name)
            self.assertEqual(digest(self.downloads / path), digest(self.shared / path))
        self.check_memory()
        self.assertEqual(self.network.leftovers(), [])

    def test_one_gibibyte(self) -> None:
        """A large file takes no more memory than a small one."""
        write_random(self.shared / "large.bin", 1024 * MIB)
        self.holder.wait_until_shared(1, _LARGE_SECONDS)
        self.check_download("large.bin", _LARGE_SECONDS)
        self.assertEqual(self.network.leftovers(), [])


@pytest.mark.slow
class KillTests(SynchronousTestCase):
    """Daemons that are killed, or held, at any moment."""

    def test_random_kills(self) -> None:
        """Whatever is killed and started again, each download that was begun is completed."""
        seed = random.randrange(1 << 32)
        sys.stderr.write(f"seed {seed}\n")
        chaos = Chaos(self, random.Random(seed), files=80)
        for _ in range(20):
            chaos.ask_and_kill(4)
        chaos.finish()

    def test_held_neighbor(self) -> None:
        """A peer that does nothing for 20 s is dropped, and comes back when it goes on."""
        network = Network(self)
        network.start_registry()
        s1, s2, _s3 = network.start_peers("s1", "s2", "s3")
        s1.wait_for_topology("s1", "s2", "s3")
        s2.send_signal(signal.SIGSTOP)
        s1.wait_for_topology("s1", "s3", seconds=_DROPPED_SECONDS)
        s2.send_signal(signal.SIGCONT)
        s1.wait_for_topology("s1", "s2", "s3", seconds=_DROPPED_SECONDS)

    def test_forgetful_registry(self) -> None:
        """A registry that has lost its store knows all peers again within one lease."""
        network = Network(self)
        registry = network.start_registry()
        network.start_peers("s1", "s2", "s3")
        registry.kill()
        for path in network.directory.glob("p2pmeta.db*"):
            path.unlink()
        registry = network.start_registry()
        for name in ("s1", "s2", "s3"):
            registry.wait_for_log(f"{name}@127.0.0.1", LEASE_SECONDS)


class Chaos:
    """
    A requester that wants files of two holders, where any daemon may be killed.

    :param rng: decides which, and when.
    """

    def __init__(self, case: SynchronousTestCase, rng: random.Random, files: int) -> None:
        self._case = case
        self._rng = rng
        self._network = network = Network(case)
        self._contents: dict[str, str] = {}
        for number in range(files):
            name, content = f"f{number:02}.bin", rng.randbytes(4 * MIB)
            self._contents[name] = hashlib.sha256(content).hexdigest()
            network.write(f"s2/{name}", content)
            network.write(f"s3/{name}", content)
        self._registry = network.start_registry()
        names = ("s1", "s2", "s3")
        self._peers = dict(zip(names, network.start_peers(*names), strict=True))
        self._unasked = list(self._contents)
        self._asked: set[str] = set()
        self._begun: set[str] = set()

    def ask_and_kill(self, count: int) -> None:
        """Ask for some more files, kill a daemon while they come, and start it again."""
        for name in self._unasked[:count]:
            self._asked.add(name)
            self._peers["s1"].type(name)
        del self._unasked[:count]
        # One takes 50 ms or so: most of the time nothing would be coming.
        with contextlib.suppress(AssertionError):
            wait_until(self._wanted, "a download", 1.0)
        time.sleep(self._rng.uniform(0.0, 0.05))
        victim = self._rng.choice(["registry", *self._peers])
        self._look()
        if victim == "registry":
            self._registry.kill()
            self._registry = self._network.start_registry()
        else:
            self._peers[victim].kill()
            time.sleep(self._rng.uniform(0.0, 0.5))
            self._peers[victim] = self._network.start_peer(victim)
        if victim == "s1":
            self._ask_again()
        time.sleep(self._rng.uniform(0.0, 1.0))

    def finish(self) -> None:
        """See that all that was begun is completed without help, and the rest when asked for."""
        self._wait_for(self._look())
        # Who was killed last may not be back yet, and then nobody has anything.
        self._peers["s1"].wait_for_topology(*self._peers)
        for holder in ("s2", "s3"):
            self._peers[holder].wait_until_shared(len(self._contents))
        self._ask_again()
        self._wait_for(set(self._contents))
        for name, content in self._contents.items():
            self._case.assertEqual(digest(self._downloads / name), content)
        self._case.assertEqual(self._network.leftovers(), [])

    @property
    def _downloads(self) -> Path:
        return self._network.directory / "s1" / "Downloads"

    def _ask_again(self) -> None:
        """Ask for what was never begun: the console that took it is dead, or nobody was there."""
        for name in sorted(self._asked - self._look()):
            self._peers["s1"].type(name)

    def _look(self) -> set[str]:
        """Tell which downloads have been begun; none that was may be lost."""
        # In this order: what is struck out of the journal has been saved before.
        now = self._wanted() | self._saved()
        self._case.assertEqual(self._begun - now, set())
        self._begun = now
        return now

    def _wanted(self) -> set[str]:
        names = set()
        for path in self._network.directory.glob("s1/.p2p/wants/*.json"):
            with contextlib.suppress(FileNotFoundError):
                names.add(json.loads(path.read_bytes())["name"])
        return names

    def _saved(self) -> set[str]:
        return {path.name for path in self._downloads.glob("[!.]*")}

    def _wait_for(self, names: set[str]) -> None:
        wait_until(lambda: names <= self._saved() and not self._wanted(), "all files", 180.0)
