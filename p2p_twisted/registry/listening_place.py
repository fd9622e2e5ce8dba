"""Read where a registry is to listen: as ``HOST:PORT``, or as an endpoint string of Twisted's."""

import re
from typing import Final

from twisted.internet.endpoints import quoteStringArgument, serverFromString

from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.runtime.addresses import is_any, own_addresses

_ENDPOINTS: Final = ("tcp:", "tcp6:", "systemd:")
_PLACE: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:/=\[\]\\]+)):(\d+)", re.IGNORECASE)
_COLON: Final = re.compile(r"(?<!\\):")
_INTERFACE: Final = "interface="


class BadEndpoint(Exception):
    """A text does not say where to listen."""


def read_endpoint(text: str) -> str:
    """
    Read ``HOST:PORT``, or an endpoint string on TCP.

    :returns: the endpoint string.
    :raises BadEndpoint: for anything else.
    """
    if not text.startswith(_ENDPOINTS):
        place = _PLACE.fullmatch(text)
        if place is None:
            raise BadEndpoint
        kind = "tcp" if place[1] is None else "tcp6"
        text = f"{kind}:{place[3]}:{_INTERFACE}{quoteStringArgument(place[1] or place[2])}"
    try:
        # Only to see that it can be read: nothing is opened, so no reactor is needed.
        serverFromString(None, text)
    except Exception:
        raise BadEndpoint from None
    return text


def places_of(endpoint: str) -> tuple[list[str], int]:
    """Return the hosts and the port by which others reach what listens on an endpoint."""
    fields = [field.replace("\\:", ":") for field in _COLON.split(endpoint)]
    port = next((field for field in fields[1:] if field.isdecimal()), str(REGISTRY_PORT))
    named = [field.removeprefix(_INTERFACE) for field in fields if field.startswith(_INTERFACE)]
    hosts = [host for host in named if host and not is_any(host)]
    return hosts or [host for host in own_addresses() if ":" not in host], int(port)
