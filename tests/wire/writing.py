"""Lines as anybody may write them: honest ones, with some of their fields replaced."""

import json
from typing import Any

ID = "0123456789abcdef" * 2
FILE = ID * 2


def line(verb: str, **fields: Any) -> bytes:
    """Write a line that our own encoder might refuse to."""
    return f"{verb} {json.dumps(fields)}".encode()


def want(**fields: Any) -> bytes:
    """Write a WANT with some of its fields replaced."""
    honest = {"ticket": ID, "file": FILE, "name": "s1", "host": "127.0.0.1", "port": 9000}
    return line("WANT", **(honest | fields))


def gossip(**fields: Any) -> bytes:
    """Write a GOSSIP with some of its fields replaced."""
    return line(
        "GOSSIP", **({"id": ID, "kind": "stop", "origin": "s1", "age": 0, "life": 1} | fields)
    )


def hit(**fields: Any) -> bytes:
    """Write a TOLD with one hit, some of whose fields are replaced."""
    return line("TOLD", id=ID, hits=[{"peer": "s1", "name": "f1", "size": 1} | fields])
