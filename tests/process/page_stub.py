"""A server that gives the page what a network of any size would: for its looks, and its speed."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self
from urllib.parse import urlsplit

from p2p_twisted.api.page_files import page_files
from tests.process.page_answers import HITS, LOG, found, hit, status

_LINKS = 5


class StubServer(ThreadingHTTPServer):
    """
    Answers as a peer ``s1`` of a network would.

    :param peers: how many there are.
    :ivar answers: what is answered, by path.
    :ivar hits: what every search finds.
    :ivar silent: who does not answer.
    :ivar unheard: of whom nobody tells.
    """

    daemon_threads = True

    def __init__(self, peers: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.random = Random(peers)
        self.changed = threading.Condition()
        self.events: list[tuple[str, Mapping[str, Any]]] = []
        self.hits = HITS
        self.links: set[tuple[str, str]] = set()
        self.names: list[str] = []
        self.silent: set[str] = set()
        self.unheard: set[str] = set()
        for number in range(1, peers + 1):
            self.join(f"s{number}")
        self.answers: dict[str, Any] = {
            "/v1/status": status(self.url),
            "/v1/files": found(hit("notes/plan.md", 8_123), hit("photos", 73_400_320, "folder")),
            "/v1/transfers": {"downloads": [], "uploads": []},
            "/v1/offers": {"offers": []},
            "/v1/links": {"links": []},
        }
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def join(self, name: str) -> None:
        """Have a peer come, and link with some."""
        for other in self.random.sample(self.names, min(len(self.names), _LINKS // 2)):
            self.links.add((min(name, other), max(name, other)))
        self.names.append(name)

    def kill(self, name: str) -> None:
        """Have a peer die, and others link in its place."""
        self.names.remove(name)
        self.links = {link for link in self.links if name not in link}
        one, other = self.random.sample(self.names, 2)
        self.links.add((min(one, other), max(one, other)))

    def tell(self, kind: str, **what: Any) -> None:
        """Have something happen."""
        with self.changed:
            self.events.append((kind, {"kind": kind, "at": 0.0, **what}))
            self.changed.notify_all()

    def topology(self) -> Mapping[str, Any]:
        """Tell who is there, and who is linked with whom."""
        answering = [name for name in self.names if name not in self.silent | self.unheard]
        links = sorted(link for link in self.links if {*link} <= {*answering})
        neighbors: dict[str, list[str]] = {name: [] for name in answering}
        for one, other in links:
            neighbors[one].append(other)
            neighbors[other].append(one)
        peers = [{"name": name, "neighbors": linked} for name, linked in neighbors.items()]
        return {"peers": peers, "links": links, "silent": sorted(self.silent), "seconds": 0.01}


class _Handler(BaseHTTPRequestHandler):
    server: StubServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if (file := page_files().get(path.encode())) is not None:
            self._answer(*file)
        elif path == "/v1/events":
            self._events()
        elif path == "/v1/hits":
            first = {"hits": self.server.hits[:-1], "end": None, "error": None}
            others = len(self.server.names) - 1
            end = {**found(*self.server.hits[-1:]), "asked": others, "answered": others}
            last: Mapping[str, Any] = {"hits": [], "end": end, "error": None}
            text = f"{json.dumps(first)}\n{json.dumps(last)}\n"
            self._answer("application/x-ndjson", text.encode())
        elif path == "/v1/log":
            lines = [{"at": 0.0, "level": "warn", "source": "x", "text": each} for each in LOG]
            text = "".join(f"{json.dumps(line)}\n" for line in lines)
            self._answer("application/x-ndjson", text.encode())
        else:
            view = self.server.topology() if path == "/v1/topology" else self.server.answers[path]
            self._answer("application/json", json.dumps(view).encode())

    def log_message(self, *_args: Any) -> None:
        """Be silent."""

    def _answer(self, media: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        at = len(self.server.events)
        try:
            while True:
                with self.server.changed:
                    if len(self.server.events) == at:
                        self.server.changed.wait(0.5)
                    some = self.server.events[at:]
                    at += len(some)
                for kind, view in some:
                    self.wfile.write(f"event: {kind}\ndata: {json.dumps(view)}\n\n".encode())
                self.wfile.write(b":\n\n")
                self.wfile.flush()
        except OSError:
            return
