"""The gateway of a real peer, and the programs that it is for."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.limits import MIB
from tests.process.commands import run
from tests.process.daemons import free_port, script, wait_until
from tests.process.networks import Network, use_own_runtime_folder

_NOBODY = 65_534
_FILM_BYTES = 512 * MIB
_SECONDS = 120.0
_SLOW = "3M"
"""So slow that no machine is too slow to ask before all has come."""

_needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="apt-get install curl to fetch with it"
)
_needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffprobe") is None, reason="apt-get install ffmpeg to play with it"
)


class GatewayTests(SynchronousTestCase):
    """A peer shares a film, slowly, and another one has a gateway."""

    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self)
        self.network.start_registry()
        self.port = free_port()

    def start(self, film: bytes, name: str) -> str:
        """Start both; return the address of the film."""
        self.network.write(f"s1/{name}", film)
        self.network.write("s1/f1.txt", b"hello")
        s1 = self.network.start_peer("s1", "--max-up", _SLOW)
        self.s2 = self.network.start_peer("s2", "--gateway", str(self.port))
        s1.wait_ready()
        s1.wait_until_shared(2, _SECONDS)
        self.s2.wait_ready()
        self.s2.wait_for_log(f"the gateway is at http://127.0.0.1:{self.port}/PEER/PATH")
        return self.address(f"s1/{name}")

    def address(self, path: str) -> str:
        """Return where something is."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def curl(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        """Fetch something."""
        return subprocess.run(["curl", "-sS", *words], capture_output=True, check=False, timeout=60)

    def film_received(self) -> int:
        """Tell how much of the film has come."""
        told = run([script("p2p"), "--peer", "s2", "--json", "transfers"], "/")
        downloads: list[Any] = json.loads(told.stdout)["downloads"]
        [film] = [each for each in downloads if each["name"].startswith("film")]
        return int(film["received"])

    def begin(self, address: str) -> None:
        """Have the download begin, and wait until a twentieth is there."""
        self.assertEqual(len(self.curl("-r", "0-9", address).stdout), 10)
        least = _FILM_BYTES // 20
        wait_until(lambda: self.film_received() >= least, "a twentieth of the film", _SECONDS)

    @pytest.mark.slow
    @_needs_curl
    def test_curl(self) -> None:
        """The middle and the end come while most is missing."""
        film = os.urandom(_FILM_BYTES // 8) * 8
        address = self.start(film, "film.bin")
        self.begin(address)
        for start in (_FILM_BYTES // 2, _FILM_BYTES - 70_000):
            got = self.curl("-r", f"{start}-{start + 65_535}", address)
            self.assertEqual(got.stdout, film[start : start + 65_536])
        self.assertLess(self.film_received(), _FILM_BYTES)

    @pytest.mark.slow
    @_needs_ffmpeg
    def test_player(self) -> None:
        """A player reads what is at the end, and then shows the middle, while most is missing."""
        film = self.make_film()
        address = self.start(film.read_bytes(), "film.mov")
        asking = ["ffprobe", "-v", "error", "-show_entries", "format=duration,size", address]
        told = subprocess.run(asking, capture_output=True, text=True, check=False, timeout=60)
        self.assertIn(f"size={film.stat().st_size}", told.stdout)
        self.assertIn("duration=60.0", told.stdout)
        seek = ["ffmpeg", "-v", "error", "-ss", "30", "-i", address, "-frames:v", "1"]
        shown = [*seek, "-f", "rawvideo", "-"]
        frame = subprocess.run(shown, capture_output=True, check=False, timeout=60)
        self.assertEqual(frame.stderr, b"")
        local = [str(film) if word == address else word for word in shown]
        self.assertEqual(frame.stdout, subprocess.check_output(local))
        self.assertLess(self.film_received(), film.stat().st_size)

    def make_film(self) -> Path:
        """Make a film of a minute, not compressed, whose table of contents is at its end."""
        film = self.network.directory / "made.mov"
        source = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=10:duration=60"]
        coded = ["-c:v", "rawvideo", "-pix_fmt", "uyvy422", str(film)]
        subprocess.run(["ffmpeg", "-v", "error", *source, *coded], check=True, timeout=120)
        return film

    @pytest.mark.slow
    @_needs_curl
    def test_other_user(self) -> None:
        """Another user of the machine is not answered."""
        if os.geteuid() != 0:
            self.skipTest("only root can be another user")
        self.start(b"film", "film.bin")
        told = subprocess.run(
            ["curl", "-sS", self.address("s1/f1.txt")],
            capture_output=True,
            check=False,
            timeout=60,
            user=_NOBODY,
        )
        self.assertIn(b"another user", told.stdout)
        self.assertEqual(self.curl(self.address("s1/f1.txt")).stdout, b"hello")

    @pytest.mark.slow
    @_needs_curl
    def test_never_read(self) -> None:
        """Those that take nothing keep memory and time of others as they were."""
        self.start(b"film", "film.bin")
        self.network.write("s2/own.bin", os.urandom(64 * MIB))
        wait_until(
            lambda: self.curl("-I", self.address("s2/own.bin")).stdout.startswith(b"HTTP/1.1 200"),
            "its own file",
        )
        before = self.memory()
        for _ in range(60):
            stuck = socket.create_connection(("127.0.0.1", self.port))
            self.addCleanup(stuck.close)
            stuck.sendall(
                f"GET /s2/own.bin HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
            )
        self.assertEqual(self.curl(self.address("s1/f1.txt")).stdout, b"hello")
        self.assertLess(self.memory() - before, 60 * MIB)

    def memory(self) -> int:
        """Return how much memory the peer with the gateway takes."""
        status = Path(f"/proc/{self.s2.process.pid}/status").read_text()
        [line] = [each for each in status.splitlines() if each.startswith("VmRSS")]
        return int(line.split()[1]) * 1_024
