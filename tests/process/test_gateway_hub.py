"""An unchanged ``huggingface_hub`` gets a model from the network, through the gateway."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep
from typing import ClassVar

import pytest
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire.limits import MIB
from tests.process.daemons import free_port, wait_until
from tests.process.networks import Network, use_own_runtime_folder

_SCRIPT = """
import sys
from huggingface_hub import snapshot_download
print(snapshot_download("lab/tiny"))
"""
_LOOK = """
import json
from huggingface_hub import HfApi, HfFileSystem
api, files = HfApi(), HfFileSystem()
info = api.model_info("lab/tiny", files_metadata=True)
with files.open("lab/tiny/part-2/2.json", "rb") as part:
    part.seek(1_000)
    tail = part.read()
print(json.dumps({
    "paths": [each.path for each in api.get_paths_info("lab/tiny", ["part-1", "0.json", "no"])],
    "names": api.list_repo_files("lab/tiny"),
    "sizes": {each.rfilename: each.size for each in info.siblings},
    "there": [api.file_exists("lab/tiny", name) for name in ("0.json", "part-1")],
    "repositories": [api.repo_exists(name) for name in ("lab/tiny", "lab/other")],
    "found": files.find("lab/tiny"),
    "folders": [name for name in files.ls("lab/tiny", detail=False) if files.isdir(name)],
    "matching": files.glob("lab/tiny/*/2.*"),
    "written": files.modified("lab/tiny/0.json").timestamp(),
    "tail": len(tail),
}))
"""
_COMMIT = "0123456789abcdef" * 2 + "01234567"
_SMALL_FILES = 49
_LARGE_BYTES = 200 * MIB
_SECONDS = 120.0
_PIECE_BYTES = MIB // 16
_SLOW_SECONDS = 0.3
"""Behind each piece: a file takes 15 s, and its first mebibyte 5."""


class HubTestCase(SynchronousTestCase):
    """Gets models by way of the gateway of a peer."""

    def setUp(self) -> None:
        pytest.importorskip("huggingface_hub", reason="pip install huggingface_hub to get models")
        use_own_runtime_folder(self)
        self.network = Network(self)
        self.network.start_registry()
        self.port = free_port()

    def snapshot(self, cache: str, **more: str) -> dict[str, str]:
        """Get the model with an empty cache; return its digests by its paths."""
        folder = Path(self.run_script(_SCRIPT, cache, **more))
        files = [each for each in folder.rglob("*") if each.is_file()]
        return {
            str(each.relative_to(folder)): sha256(each.read_bytes()).hexdigest() for each in files
        }

    def run_script(self, script: str, cache: str, **more: str) -> str:
        """Have a program ask the gateway; return what it says."""
        variables = {
            **os.environ,
            "HF_ENDPOINT": f"http://127.0.0.1:{self.port}/hf",
            "HF_HOME": str(self.network.directory / cache),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "*",
            **more,
        }
        got = subprocess.run(
            [sys.executable, "-c", script],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        self.assertEqual(got.returncode, 0, got.stderr)
        return got.stdout.strip()

    def start_gateway(self, name: str, *options: str) -> None:
        """Start a peer with the gateway."""
        peer = self.network.start_peer(name, "--gateway", str(self.port), *options)
        peer.wait_ready()
        peer.wait_for_log("the gateway is at")
        self.gateway = peer


@pytest.mark.slow
class HubTests(HubTestCase):
    """Two peers share a model of 50 files, one of them large; a third one has a gateway."""

    def write_model(self) -> dict[str, str]:
        """Have two peers share it; return its digests by its paths."""
        large = os.urandom(_LARGE_BYTES)
        small = {
            f"part-{each % 7}/{each}.json": os.urandom(1_000 + each) for each in range(_SMALL_FILES)
        }
        model = {"model.safetensors": large, **small}
        for name, content in model.items():
            for peer in ("s1", "s2"):
                self.network.write(f"{peer}/lab/tiny/{name}", content)
        return {name: sha256(content).hexdigest() for name, content in model.items()}

    def test_snapshot(self) -> None:
        """All of it comes from both peers; and, at another machine, when one of them is dead."""
        model = self.write_model()
        # However fast the machine is, one alone does not deliver all before the other is asked.
        s1, s2 = (self.network.start_peer(name, "--max-up=40M") for name in ("s1", "s2"))
        for peer in (s1, s2):
            peer.wait_until_shared(1 + _SMALL_FILES, _SECONDS)
        self.start_gateway("s3")
        self.assertEqual(self.snapshot("first"), model)
        said = self.gateway.answer("transfers", r"model\.safetensors .*")
        self.assertIn("s1", said)
        self.assertIn("s2", said)
        landed = self.network.directory / "s3/Downloads/lab"
        wait_until(
            lambda: list(landed.glob("tiny@*/model.safetensors")), "the large file where it lands"
        )
        self.gateway.send_signal(signal.SIGTERM)
        self.gateway.wait()
        s1.process.kill()
        self.start_gateway("s4")
        self.assertEqual(self.snapshot("second"), model)

    def test_look(self) -> None:
        """What there is, is told as the Hub tells it: in lists, as a file system, by names."""
        names = ["0.json", *(f"part-{each}/{each}.json" for each in (1, 2))]
        for name in names:
            self.network.write(f"s1/lab/tiny/{name}", bytes(1_024))
        self.network.start_peer("s1").wait_until_shared(len(names))
        self.start_gateway("s2")
        look = json.loads(self.run_script(_LOOK, "look"))
        written = (self.network.directory / "s1/lab/tiny/0.json").stat().st_mtime
        self.assertLess(abs(look.pop("written") - written), 1)
        full = [f"lab/tiny/{name}" for name in names]
        self.assertEqual(
            look,
            {
                "paths": ["part-1", "0.json"],
                "names": names,
                "sizes": dict.fromkeys(names, 1_024),
                "there": [True, False],
                "repositories": [True, False],
                "found": full,
                "folders": ["lab/tiny/part-1", "lab/tiny/part-2"],
                "matching": [full[2]],
                "tail": 24,
            },
        )


class _Hub(BaseHTTPRequestHandler):
    """As much of the Hugging Face Hub as a download takes; large files are at another address."""

    files: ClassVar[dict[str, bytes]] = {}
    fetched: ClassVar[list[str]] = []
    pause: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/api/models/lab/tiny/revision/main":
            self.answer(json.dumps({"sha": _COMMIT, "siblings": self.siblings()}).encode())
        elif path.startswith(f"/lab/tiny/resolve/{_COMMIT}/"):
            self.send_response(302)
            self.send_header("Location", f"/cdn/{path.rpartition('/')[2]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            name = path.removeprefix("/cdn/")
            self.fetched.append(name)
            self.answer(self.files[name])

    def siblings(self) -> list[dict[str, object]]:
        """List the files, all of them large to git."""
        return [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": "0" * 40,
                "lfs": {"sha256": sha256(content).hexdigest(), "size": len(content)},
            }
            for name, content in self.files.items()
        ]

    def answer(self, content: bytes) -> None:
        """Answer with content."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for at in range(0, len(content), _PIECE_BYTES):
            self.wfile.write(content[at : at + _PIECE_BYTES])
            sleep(self.pause)

    def log_message(self, *_message: object) -> None:
        """Log nothing."""


@pytest.mark.slow
class OriginTests(HubTestCase):
    """One peer has an origin, another one has none."""

    @contextmanager
    def origin(self, pause: float = 0.0) -> Iterator[dict[str, str]]:
        """Have one, and a peer that asks it; give the digests of its model by its paths."""
        _Hub.files = {f"part-{each}.bin": os.urandom(3 * MIB + each) for each in range(5)}
        _Hub.fetched, _Hub.pause = [], pause
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
        self.addCleanup(server.server_close)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            self.start_gateway("s1", "--origin", f"http://127.0.0.1:{server.server_port}")
            yield {name: sha256(content).hexdigest() for name, content in _Hub.files.items()}
        finally:
            server.shutdown()
            thread.join()

    def test_slow(self) -> None:
        """Nobody who waits for a second at a time gives up while files come for much longer."""
        with self.origin(pause=_SLOW_SECONDS) as model:
            self.assertEqual(self.snapshot("first", HF_HUB_DOWNLOAD_TIMEOUT="1"), model)
        self.assertEqual(sorted(_Hub.fetched), sorted(model))

    def test_once_for_all(self) -> None:
        """What the first gets from there, once, the second gets from it when the origin is gone."""
        with self.origin() as model:
            self.assertEqual(self.snapshot("first"), model)
        # A program has all of it a little earlier than other peers: they find the list of it.
        self.gateway.wait_until_shared(len(model) + 1)
        self.assertEqual(sorted(_Hub.fetched), sorted(model))
        self.port = free_port()
        self.start_gateway("s2")
        self.assertEqual(self.snapshot("second"), model)
