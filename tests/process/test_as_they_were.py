"""Files arrive as they were: their names, their times, what can be run, and their holes."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.console.text import visible
from tests.process.daemons import wait_until
from tests.process.networks import Network
from tests.process.stranger import CHUNK

NAMES = (
    "a" * 251 + ".txt",
    "\u65e5" * 83 + ".txt",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt",
    "\u65e5\u672c\u8a9e\u306e\u30d5\u30a1\u30a4\u30eb.txt",
    "sn\u00edmek v\u00a0Praze.txt",
    "Screenshot 2024-01-01 at 1.23.45\u202fPM.png",
    "\u5831\u544a\u3000\u6700\u7d42.txt",
    "\u845b\U000e0100.txt",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467.txt",
)
_FILES = 1_000
_SPARSE_CHUNKS = 1_024
_PATIENCE_SECONDS = 120.0


def fill(folder: Path, files: int) -> None:
    """Make files of 1970 to 2040, of which ten can be run, the odd names, and a sparse image."""
    rng = Random(1)
    first, last = (int(datetime(year, 1, 2, tzinfo=UTC).timestamp()) for year in (1970, 2040))
    folder.mkdir(parents=True)
    for number in range(files):
        path = folder / f"d{number % 7}" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        # Some have the same content: none at all.
        path.write_bytes(rng.randbytes(number % 10 * 50))
        path.chmod(0o755 if number % (files // 10) == 0 else 0o644)
        os.utime(path, ns=(0, rng.randrange(first, last) * 10**9 + rng.randrange(10**9)))
    for number, name in enumerate(NAMES):
        (folder / name).write_text(name)
        os.utime(folder / name, ns=(0, (number - 3) * 10**17))
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(_SPARSE_CHUNKS * CHUNK)
        for place in (0, 333_333_504, _SPARSE_CHUNKS * CHUNK - CHUNK - 4_096):
            os.pwrite(file.fileno(), rng.randbytes(CHUNK), place)
    os.utime(image, ns=(0, 1_234_567_890_987_654_321))


def run(folder: Path, command: str) -> str:
    """Run a line of shell in a folder, and return what it says."""
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


class AsTheyWereTests(SynchronousTestCase):
    """What one peer shares, and what is on another's disk then."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.network.start_registry()

    def assert_alike(self, one: Path, other: Path) -> None:
        """Compare as a person would: content, times, modes and names, and space on the disk."""
        self.assertEqual(run(one, f"diff -r . '{other}'"), "")
        for what in ("%Y %y %A %n", "%s %n"):
            stat = f"find . -type f -print0 | sort -z | xargs -0 stat -c '{what}'"
            self.assertEqual(run(one, stat), run(other, stat))
        sizes = [int(run(each, "sync -f .; du -s -k .").split()[0]) for each in (one, other)]
        self.assertLessEqual(abs(sizes[0] - sizes[1]), 1_024, sizes)

    @pytest.mark.slow
    def test_folder(self) -> None:
        """A folder with all of it, from its holder, and from whom has it from there."""
        folder = self.network.directory / "s1" / "all sorts"
        fill(folder, _FILES)
        holder, second = self.network.start_peers("s1", "s2", seconds=_PATIENCE_SECONDS)
        holder.wait_until_shared(_FILES + len(NAMES) + 1, _PATIENCE_SECONDS)
        second.answer("get all sorts", "saved all sorts", _PATIENCE_SECONDS)
        self.assert_alike(folder, self.network.directory / "s2" / "Downloads" / "all sorts")
        second.stop()
        second = self.network.start_peer("s2", "--reshare").wait_ready()
        third = self.network.start_peer("s3").wait_ready()
        offered = f"{_FILES + len(NAMES) + 1:,} file"
        wait_until(lambda: offered in second.answer("status", "up for"), offered, _PATIENCE_SECONDS)
        holder.stop()
        third.answer("get all sorts", "saved all sorts", _PATIENCE_SECONDS)
        self.assert_alike(folder, self.network.directory / "s3" / "Downloads" / "all sorts")

    def test_single_files(self) -> None:
        """Each by its name, as it is shown and as it looks."""
        folder = self.network.directory / "s1"
        folder.mkdir()
        for number, name in enumerate(NAMES):
            (folder / name).write_text(name)
            (folder / name).chmod(0o755 if number % 2 else 0o644)
            os.utime(folder / name, ns=(0, (number - 3) * 10**17))
        holder, second = self.network.start_peers("s1", "s2")
        second.wait_for_topology("s1", "s2")
        holder.wait_until_shared(len(NAMES))
        said = second.answer("ls s1", r"\d+ files")
        for name in NAMES[2:]:
            self.assertIn(visible(name), said)
        for number, name in enumerate(NAMES):
            typed = visible(name) if number % 2 else name
            if number == len(NAMES) - 2:
                typed = name.replace("\u202f", " ")
            # The log says so, too, in other words, at any time.
            second.answer(f'get "{typed}"', "saved .+ to ")
        downloads = self.network.directory / "s2" / "Downloads"
        stat = "find . -path ./Downloads -prune -o -path ./.p2p -prune -o -type f -print0 | sort -z"
        stat += " | xargs -0 stat -c '%Y %A %n'"
        self.assertEqual(run(folder, stat), run(downloads, stat))

    def test_locale(self) -> None:
        """A locale without the characters of a name is none of its business."""
        name = "\u65e5 caf\u00e9.txt"
        self.network.write(f"s1/{name}", b"x")
        plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        holder = self.network.start_peer("s1", environment=plain).wait_ready()
        second = self.network.start_peer("s2", environment=plain).wait_ready()
        holder.wait_until_shared(1)
        second.answer("find caf", "found|1  ")
        second.answer("get 1", "saved ")
        self.assertEqual(self.network.read(f"s2/Downloads/{name}"), b"x")

    def test_no_times(self) -> None:
        """Without times, what arrives is new."""
        self.network.write("s1/f1", b"x")
        os.utime(self.network.directory / "s1" / "f1", (1, 1))
        holder = self.network.start_peer("s1").wait_ready()
        second = self.network.start_peer("s2", "--no-times").wait_ready()
        holder.wait_until_shared(1)
        second.answer("f1", "saved f1")
        saved = self.network.directory / "s2" / "Downloads" / "f1"
        self.assertGreater(saved.stat().st_mtime, 1_000_000_000)
