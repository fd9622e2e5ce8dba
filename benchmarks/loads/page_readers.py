"""
Ask a daemon what its page asks, as often as that does, for some pages.

    python -m benchmarks.loads.page_readers peer PORT TOKEN_FILE COUNT PEERS

It prints ``ready`` once all have been answered, and goes on until it is killed.
"""

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

_STATUS_SECONDS: Final = 3.0
_LEAST_SECONDS: Final = 0.9
_PER_PEER_SECONDS: Final = 0.004
_STREAMS: Final[Mapping[str, Sequence[str]]] = {
    "peer": ("/v1/events", "/v1/log?lines=100&follow=true"),
    "registry": ("/v1/events", "/v1/log?lines=100&follow=true"),
    "events": ("/v1/events",),
}
_ONCE: Final[Mapping[str, Sequence[str]]] = {"registry": ("/v1/members",)}


class Asker:
    """One page's way to its daemon."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"}

    def poll(self, path: str, seconds: float, answered: threading.Semaphore) -> None:
        """Ask for something again and again."""
        connection = self._connection()
        while True:
            self._request(connection, path)
            connection.getresponse().read()
            answered.release()
            time.sleep(seconds)

    def read(self, path: str, answered: threading.Semaphore) -> None:
        """Ask for something once."""
        connection = self._connection()
        self._request(connection, path)
        connection.getresponse().read()
        answered.release()

    def follow(self, path: str, answered: threading.Semaphore) -> None:
        """Read what never ends."""
        connection = self._connection()
        self._request(connection, path)
        response = connection.getresponse()
        answered.release()
        while response.read1(65_536):
            pass

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._port)

    def _request(self, connection: HTTPConnection, path: str) -> None:
        connection.request("GET", path, headers=self._headers)


def main() -> None:
    """Read on behalf of all pages."""
    kind, port, token, count, peers = sys.argv[1:]
    asker = Asker(int(port), Path(token).read_text(encoding="ascii").strip())
    answered = threading.Semaphore(0)
    pause = max(_LEAST_SECONDS, int(peers) * _PER_PEER_SECONDS)
    status = {"/v1/status": _STATUS_SECONDS}
    polls = {"peer": {**status, "/v1/topology": pause}, "registry": status}.get(kind, {})
    reads = [
        *(partial(asker.read, path, answered) for path in _ONCE.get(kind, ())),
        *(partial(asker.follow, path, answered) for path in _STREAMS[kind]),
        *(partial(asker.poll, path, seconds, answered) for path, seconds in polls.items()),
    ]
    threads = [
        threading.Thread(target=read, daemon=True) for _page in range(int(count)) for read in reads
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        answered.acquire()
    print("ready", flush=True)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
