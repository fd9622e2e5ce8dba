"""Look whether a registry answers right now, as a running peer asks it only now and then."""

import json
import socket
from contextlib import suppress
from typing import Final

from p2p_twisted.registry.location import read_location
from p2p_twisted.runtime.os_errors import in_words

_SECONDS: Final = 3.0
_LINE_BYTES: Final = 16_384


def registry_fault(place: str, network: str) -> str | None:
    """
    Return why no registry of a network answers at a place; ``None`` where one does.

    :param place: its host and port.
    """
    try:
        with socket.create_connection(read_location(place), _SECONDS) as connection:
            connection.settimeout(_SECONDS)
            with connection.makefile("rb") as lines:
                greeting = lines.readline(_LINE_BYTES)
    except OSError as error:
        return f"no registry answers at {place}: {in_words(error)}"
    verb, _, fields = greeting.partition(b" ")
    hello = None
    if verb.upper() == b"HELLO":
        with suppress(ValueError):
            hello = json.loads(fields)
    if not isinstance(hello, dict) or hello.get("role") != "registry":
        return f"what answers at {place} is no registry"
    if hello.get("network") != network:
        return f"the registry at {place} is of another network than {network}"
    return None
