"""Look whether a registry answers right now, without a reactor: it blocks."""

import socket
from typing import Final

from twisted.internet import error

from p2p_twisted.registry.blocking_tls import greeting
from p2p_twisted.registry.location import read_locations, show_location
from p2p_twisted.registry.one_shot import NoAnswer, NoGreeting, NotExpected, NotReached
from p2p_twisted.registry.unreachable import explain
from p2p_twisted.wire.codec import decode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.limits import LINE_BYTES
from p2p_twisted.wire.messages import PROTOCOL, Hello
from p2p_twisted.wire.names import NetworkName

_SECONDS: Final = 3.0


def registry_faults(
    places: str, network: NetworkName, is_private: bool = False
) -> dict[str, str | None]:
    """
    Return why registries of a network do not answer, by their places; ``None`` where one does.

    :param places: host and port of each, with commas in between.
    :param is_private: whether to talk to them over TLS.
    """
    found = read_locations(places)
    return {show_location(*place): _fault(*place, network, is_private) for place in found}


def answers(place: tuple[str, int], network: NetworkName, is_private: bool = False) -> bool:
    """
    Return whether there is a listener that says it is a network's registry.

    Of a private network anybody's will do: to ask who it is takes a handshake, which costs a busy
    registry more than all that it is asked for, and is made anyway when it is.
    """
    if not is_private:
        return _fault(*place, network, is_private) is None
    try:
        with socket.create_connection(place, _SECONDS):
            return True
    except (OSError, UnicodeError):
        return False


def _fault(host: str, port: int, network: NetworkName, is_private: bool) -> str | None:
    try:
        _greet(host, port, Hello(PROTOCOL, "registry", "registry", network), is_private)
    except NoAnswer as fault:
        return explain(fault, host, port, network, is_private)
    return None


def _greet(host: str, port: int, expected: Hello, is_private: bool) -> None:
    try:
        connection = socket.create_connection((host, port), _SECONDS)
    except OSError as fault:
        raise NotReached(_as_the_reactor_says(fault)) from fault
    try:
        with connection, connection.makefile("rb") as lines:
            hello = greeting(connection) if is_private else decode(lines.readline(LINE_BYTES))
    except (OSError, ProtocolError):
        raise NoGreeting from None
    if not isinstance(hello, Hello):
        raise NoGreeting
    if hello != expected:
        raise NotExpected(hello)


def _as_the_reactor_says(fault: OSError) -> Exception:
    match fault:
        case socket.gaierror():
            return error.DNSLookupError()
        case TimeoutError(errno=None):
            return error.TimeoutError()
        case _:
            reason: Exception = error.getConnectError(fault)
            return reason
