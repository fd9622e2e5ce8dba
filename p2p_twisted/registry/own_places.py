"""Read where a registry listens, and which places it gives to peers: its options."""

from typing import Final

from twisted.python.usage import UsageError

from p2p_twisted.registry.listening_place import BadEndpoint, read_endpoint

_PORTS: Final = range(1_024, 65_536)


def read_listen(text: str) -> str:
    """
    Read where a registry listens, as an endpoint string.

    :raises UsageError: when it is no place.
    """
    try:
        return read_endpoint(text)
    except BadEndpoint:
        raise UsageError(
            "--listen takes HOST:PORT such as 127.0.0.1:9011, or an endpoint such as"
            f" tcp:9011:interface=127.0.0.1, not {text!r}"
        ) from None


def read_ports(text: str) -> range:
    """
    Read which ports a registry gives to peers.

    :raises UsageError: when it is no range of them.
    """
    first, dash, last = text.partition("-")
    try:
        ports = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        ports = range(0)
    if not ports or ports[0] not in _PORTS or ports[-1] not in _PORTS:
        raise UsageError(
            f"--ports takes a range such as 9000-9009, between {_PORTS[0]} and {_PORTS[-1]},"
            f" not {text!r}"
        )
    return ports
