"""
Be many peers to a registry, as far as it knows: each registers, and renews its lease.

    python -m benchmarks.loads.crowd PORT COUNT

It prints ``ready`` once all are registered, and goes on until it is killed.
"""

import json
import socket
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

_RENEWED: Final = 0.5
"""When a lease is renewed: at so much of it."""


def tell(port: int, verb: str, **what: Any) -> Mapping[str, Any]:
    """
    Say one thing to a registry; return what it answers.

    :raises ValueError: when it refuses.
    """
    with socket.create_connection(("127.0.0.1", port)) as connection:
        lines = connection.makefile("rwb")
        lines.readline()
        lines.write(f"{verb} {json.dumps(what)}\n".encode())
        lines.flush()
        answer, _, rest = lines.readline().decode().partition(" ")
    if answer == "ERROR":
        raise ValueError(rest)
    said: Mapping[str, Any] = json.loads(rest)
    return said


def register(port: int, name: str) -> Mapping[str, Any]:
    """Register a peer; return its name and token."""
    known = {"name": name, "token": tell(port, "P2P", name=name)["token"]}
    tell(port, "RENEW", **known)
    return known


def main() -> None:
    """Register all, and keep their leases."""
    port, count = map(int, sys.argv[1:])
    known = [register(port, f"n{number}") for number in range(count)]
    print("ready", flush=True)
    while True:
        for each in known:
            began = time.monotonic()
            lease = tell(port, "RENEW", **each)["lease"]
            time.sleep(max(0.0, lease * _RENEWED / count - (time.monotonic() - began)))


if __name__ == "__main__":
    main()
