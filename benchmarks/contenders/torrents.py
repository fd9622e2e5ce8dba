"""Make a torrent file and a tracker on loopback, for both BitTorrent rivals."""

import hashlib
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from benchmarks.lab.hosts import LOOPBACK
from benchmarks.lab.machine import MIB

_INTERVAL_SECONDS: Final = 60

Bencodable = int | bytes | str | dict[str, Any]


def bencode(value: Bencodable) -> bytes:
    """Write a value as BEP 3 has it."""
    match value:
        case int():
            return b"i%de" % value
        case bytes():
            return b"%d:%b" % (len(value), value)
        case str():
            return bencode(value.encode())
        case dict():
            pairs = (bencode(key) + bencode(value[key]) for key in sorted(value))
            return b"d" + b"".join(pairs) + b"e"


def write_torrent(source: Path, torrent: Path, announce: str) -> None:
    """
    Write a torrent file (BEP 3) for one file, with pieces of 1 MiB.

    :param announce: the tracker's URL.
    """
    with source.open("rb") as file:
        pieces = b"".join(
            hashlib.sha1(piece).digest() for piece in iter(lambda: file.read(MIB), b"")
        )
    described: dict[str, Any] = {
        "length": source.stat().st_size,
        "name": source.name,
        "piece length": MIB,
        "pieces": pieces,
    }
    torrent.write_bytes(bencode({"announce": announce, "info": described}))


class Tracker:
    """
    A tracker that tells each peer of all others (BEP 3, compact as in BEP 23), while we run.

    :ivar url: for torrent files.
    """

    def __init__(self) -> None:
        peers: dict[bytes, bytes] = {}

        class Announcements(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query, encoding="latin-1")
                id_ = unquote_to_bytes(asked["peer_id"][0].encode("latin-1"))
                if asked.get("event") == ["stopped"]:
                    peers.pop(id_, None)
                else:
                    port = struct.pack("!H", int(asked["port"][0]))
                    peers[id_] = socket.inet_aton(self.client_address[0]) + port
                others = b"".join(where for who, where in list(peers.items()) if who != id_)
                body = bencode({"interval": _INTERVAL_SECONDS, "peers": others})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_message: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Announcements)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}/announce"
        Thread(target=self._server.serve_forever, daemon=True).start()
