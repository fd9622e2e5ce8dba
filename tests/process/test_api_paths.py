"""A peer that is asked by real programs: by curl, by another user, and by very many at once."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from p2p_twisted.api.socket_index import running_peers, running_registries
from tests.process.daemons import PATIENCE
from tests.process.networks import Network, use_own_runtime_folder

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
NOBODY = 65_534
READERS = 200
MIB = 1_048_576


@pytest.mark.slow
class ApiPathTests(SynchronousTestCase):
    def setUp(self) -> None:
        use_own_runtime_folder(self)
        self.network = Network(self)
        self.network.start_registry()
        self.network.write("s1/page.html", b"<script>stop()</script>")
        self.s1 = self.network.start_peer("s1", "--web")
        self.s1.wait_ready()
        [place] = running_peers()
        self.path = place.path

    def test_curl(self) -> None:
        """Every path of both documents, and every answer is as they say."""
        if shutil.which("curl") is None:
            raise SkipTest("there is no curl")
        self.network.write("upload", b"content")
        [registry] = running_registries()
        last = ("/v1/leave", "/v1/stop")
        for path in (self.path, registry.path):
            document = self.curl(path, "GET", "/v1/openapi.json")
            paths = sorted(document["paths"].items(), key=lambda each: each[0] in last)
            for template, operations in paths:
                for method, operation in sorted(operations.items(), reverse=True):
                    if (path, template) == (self.path, "/v1/leave"):
                        continue
                    self.check(path, method.upper(), template, operation, document)
        self.assertEqual(self.s1.wait(), 0)

    def check(self, path: Path, method: str, template: str, operation: Any, document: Any) -> None:
        """Ask for one thing; compare the answer with what the document says."""
        if template == "/metrics":
            # That is no JSON.
            return
        asked = template.replace("{name}", "a/b%20c").replace("{number}", "1")
        bodies = {"/v1/downloads": {"names": ["page.html"]}, "/v1/limits": {"up": 10_000_000}}
        query = {"/v1/find": "?text=page"}.get(template, "")
        answer = self.curl(path, method, asked + query, bodies.get(template, {}))
        contents = [each["content"] for each in operation["responses"].values()]
        schemas = [kind["schema"] for content in contents for kind in content.values()]
        for line in answer if isinstance(answer, list) else [answer]:
            schema = {"anyOf": schemas, "components": document["components"]}
            Draft202012Validator(schema).validate(line)

    def curl(self, path: Path, method: str, asked: str, body: Any = None) -> Any:
        """Ask by curl; return the value, or the values of an answer in pieces."""
        more = ["--json", json.dumps(body or {})] if method in ("POST", "PATCH") else []
        if method == "PUT":
            more = ["--upload-file", str(self.network.directory / "upload")]
        ran = subprocess.run(
            ["curl", "-sN", "-m", "2", "--unix-socket", path, "-X", method, *more, f"p2p{asked}"],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        if asked == "/v1/events":
            return [json.loads(x[6:]) for x in ran.stdout.splitlines() if x.startswith(b"data: ")]
        self.assertEqual(ran.returncode, 0, (method, asked, ran))
        lines = [json.loads(line) for line in ran.stdout.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    def test_examples(self) -> None:
        """What the page on the API says to type works as it is."""
        if shutil.which("curl") is None:
            raise SkipTest("there is no curl")
        web = json.loads(self.path.with_suffix(".web").read_text())
        self.network.write("report.pdf", b"content")
        page = PAGE.read_text("utf-8").replace("TOKEN", web["token"])
        page = page.replace("http://127.0.0.1:9100/", f"{web['url']}/")
        examples = re.findall(r"^\$ (curl .*)$", page, re.MULTILINE)
        self.assertGreaterEqual(len(examples), 3)
        for example in examples:
            ran = subprocess.run(
                example,
                shell=True,
                cwd=self.network.directory,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
            self.assertEqual(ran.returncode, 0, (example, ran))
            self.assertNotIn("error", json.loads(ran.stdout), example)
        self.assertEqual(self.network.read("s1/papers/report.pdf"), b"content")

    def test_web(self) -> None:
        """Over TCP the token decides, which another user cannot read, and no page has it."""
        file = self.path.with_suffix(".web")
        web = json.loads(file.read_text())
        token = {"Authorization": f"Bearer {web['token']}"}
        self.assertEqual(_status(f"{web['url']}/v1/status", token), 200)
        self.assertEqual(_status(f"{web['url']}/v1/status", {}), 403)
        for more in (
            {"Host": "evil.example"},
            {"Origin": "http://evil.example"},
            {"Content-Type": "application/x-www-form-urlencoded"},
        ):
            self.assertIn(_status(f"{web['url']}/v1/stop", {**token, **more}, b"a=b"), (400, 403))
        self.assertEqual(_status(f"{web['url']}/page.html", token), 404)
        self.assertEqual(_status(f"{web['url']}/v1/status", token), 200)
        if os.getuid() == 0:
            reading = subprocess.run(
                ["cat", file], user=NOBODY, group=NOBODY, capture_output=True, check=False
            )
            self.assertNotEqual(reading.returncode, 0)
        self.s1.send_signal(signal.SIGTERM)
        self.s1.wait()
        self.assertFalse(file.exists())

    def test_many_readers(self) -> None:
        """Half of very many readers never read: the others are told all, in bounded memory."""
        before = self.memory()
        readers = [self.reader() for _ in range(READERS)]
        asked = 300
        for _ in range(asked):
            self.ask(b"GET /v1/topology HTTP/1.1\r\nHost: p2p\r\nConnection: close\r\n\r\n")
        for reader in readers[::2]:
            got = b""
            while got.count(b"event: answer") < asked:
                some = reader.recv(MIB)
                self.assertTrue(some)
                got += some
        # 1,000 may cost 60 MB.
        self.assertLess(self.memory() - before, 60 * READERS // 1_000 + 20)

    def reader(self) -> socket.socket:
        """Begin to read the events."""
        reader = socket.socket(socket.AF_UNIX)
        self.addCleanup(reader.close)
        reader.settimeout(PATIENCE)
        reader.connect(str(self.path))
        reader.sendall(b"GET /v1/events HTTP/1.1\r\nHost: p2p\r\n\r\n")
        self.assertIn(b"200 OK", reader.recv(4_096))
        return reader

    def ask(self, request: bytes) -> None:
        """Ask for something, and read all of the answer."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(PATIENCE)
            asking.connect(str(self.path))
            asking.sendall(request)
            while asking.recv(MIB):
                pass

    def memory(self) -> float:
        """Return how much the peer has, in MB."""
        status = Path(f"/proc/{self.s1.pid}/status").read_text()
        [line] = [each for each in status.splitlines() if each.startswith("VmRSS:")]
        return int(line.split()[1]) / 1_024


def _status(url: str, headers: dict[str, str], body: bytes | None = None) -> int:
    try:
        with urlopen(Request(url, body, headers), timeout=PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code
