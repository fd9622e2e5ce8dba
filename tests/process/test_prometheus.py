"""A real Prometheus that scrapes real daemons."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from twisted.trial.unittest import SynchronousTestCase

from tests.process.daemons import PATIENCE, Daemon, free_port, wait_until
from tests.process.networks import Network
from tests.test_dashboard import expressions

_CONFIGURATION = """
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: p2p
    authorization: {{credentials_file: {token}}}
    static_configs:
      - targets: {targets}
"""
_SCRAPED = 3 * PATIENCE
"""How long a scrape of each, and what is made of it, may take on a busy machine, in seconds."""

CONTENT = b"x" * 3_000_000


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="install prometheus to scrape with it"
)
class PrometheusTests(SynchronousTestCase):
    """A registry and two peers, of which one has fetched what the other has."""

    def setUp(self) -> None:
        self.network = Network(self)
        self.token = self.network.directory / "token"
        self.ports = {name: free_port() for name in ("registry", "s1", "s2")}
        self.network.start_registry(*self.web("registry"))
        self.network.write("s1/f1.bin", CONTENT)
        self.peers = [self.network.start_peer(name, *self.web(name)) for name in ("s1", "s2")]
        self.peers[1].wait_for_topology("s1", "s2")
        self.peers[1].type("get f1.bin")
        self.peers[1].wait_for_log("saved f1.bin to")

    def web(self, name: str) -> tuple[str, ...]:
        """Have a daemon listen for Prometheus."""
        return f"--web={self.ports[name]}", f"--web-token={self.token}"

    def scraped(self, name: str) -> str:
        """Scrape a daemon oneself."""
        asked = Request(f"http://127.0.0.1:{self.ports[name]}/metrics")
        asked.add_header("Authorization", f"Bearer {self.token.read_text()}")
        with urlopen(asked, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def test_promtool(self) -> None:
        """Names, units and texts are as its tool wants them."""
        for name in self.ports:
            done = subprocess.run(
                ["promtool", "check", "metrics"],
                input=self.scraped(name),
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""), name)

    def test_queries(self) -> None:
        """The queries of the page on operations give what status gives."""
        directory = self.network.directory / "prometheus"
        directory.mkdir()
        configuration = directory / "prometheus.yml"
        targets = json.dumps([f"127.0.0.1:{port}" for port in self.ports.values()])
        configuration.write_text(_CONFIGURATION.format(token=self.token, targets=targets))
        port = free_port()
        prometheus = Daemon(
            f"--config.file={configuration}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            cwd=directory,
            command=str(shutil.which("prometheus")),
        )
        self.addCleanup(prometheus.end)

        def value(query: str) -> float | None:
            path = f"/api/v1/query?{urlencode({'query': query})}"
            try:
                with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
                    found: list[Any] = json.load(answer)["data"]["result"]
            except OSError:
                return None
            return float(found[0]["value"][1]) if found else None

        wait_until(lambda: value("sum(up)") == len(self.ports), "a scrape of each", _SCRAPED)
        page = Path(__file__).parents[2] / "docs" / "operations.md"
        queries = page.read_text().split("```promql\n")[1].split("```")[0].splitlines()
        peers, lonely, unknown, received, stuck = queries
        # With the digests that prove it.
        expected = {peers: 2, lonely: 0, unknown: 0, received: len(CONTENT) + 96, stuck: 0}
        for query, figure in expected.items():
            wait_until(lambda q=query, f=figure: value(q) == f, f"{figure} of {query}", _SCRAPED)
        # A rate takes two scrapes.
        for expression in expressions():
            query = expression.replace("$__rate_interval", "10s")
            wait_until(lambda q=query: value(q) is not None, f"a value of {query}", _SCRAPED)
