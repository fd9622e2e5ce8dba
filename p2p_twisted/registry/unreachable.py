"""Say why no registry answers, and what a person can check."""

import errno
import os
from typing import Final

from twisted.internet import error

from p2p_twisted.registry.limits import REGISTRY_PORT
from p2p_twisted.registry.location import show_location
from p2p_twisted.registry.one_shot import NoAnswer, NoGreeting, NotExpected, NotReached
from p2p_twisted.runtime.addresses import has_address, own_addresses
from p2p_twisted.wire.messages import PROTOCOL, Hello
from p2p_twisted.wire.names import BadName, NetworkName, check_host, is_loopback

# The reactor knows no number where a router or a firewall has answered in the host's place.
_NO_WAY: Final = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EINVAL, None)


def explain(
    fault: NoAnswer, host: str, port: int, network: NetworkName, is_private: bool = False
) -> str:
    """
    Say what is wrong, without a full stop.

    :param host: where the registry should be: a name or an IP address.
    :param network: the network whose registry is wanted.
    :param is_private: whether only one that shows a certificate of it will do.
    """
    match fault:
        case NotReached(cause=cause):
            return _not_reached(cause, host, port)
        case NoGreeting() if is_private:
            return (
                f"what listens at {show_location(host, port)} is no registry of this peer's private"
                " network (is that the registry's port? Was it replaced by another one?"
                " Is its clock right?)"
            )
        case NoGreeting():
            return (
                f"what listens at {show_location(host, port)} does not greet as a registry does"
                " (is that the registry's port? A private network's lets in only who has come in by"
                " an invite, with --join; one that is stopped, or has too many connections, is"
                " silent, too)"
            )
        case NotExpected(hello=hello):
            return _not_expected(hello, show_location(host, port), network)
        case _:
            return f"the registry at {show_location(host, port)} {fault}"


def _not_reached(cause: BaseException | None, host: str, port: int) -> str:
    match cause:
        case error.DNSLookupError() | UnicodeError():
            return f"there is no host {host} (is the name right? An IP address will do, too)"
        case error.ConnectionRefusedError():
            return _refused(host, port)
        case error.ConnectBindError(osError=errno.EADDRNOTAVAIL):
            has = " and ".join(own_addresses()) or "none at the moment"
            return f"this machine has lost the address that this peer listens on; it has {has}"
        case error.TimeoutError() | error.TCPTimedOutError():
            return (
                f"{host} does not answer at port {port}"
                f" (is it on? Does a firewall there keep port {port} closed?)"
            )
        case error.ConnectError(osError=number) if number in _NO_WAY:
            return (
                f"there is no way from this machine to {host}"
                f" (is that its address? Does a firewall refuse port {port}?)"
            )
        case error.ConnectError(osError=int(number)):
            return f"{show_location(host, port)} cannot be reached: {os.strerror(number)}"
        case _:
            return f"{show_location(host, port)} cannot be reached: {cause}"


def _refused(host: str, port: int) -> str:
    nothing = f"no registry listens at {show_location(host, port)}"
    if _is_own(host, loopback=True):
        return (
            f"{nothing} (does p2p registry run? One of another machine is joined by --insecure-lan,"
            " or by --join and an invite)"
        )
    where = "" if port == REGISTRY_PORT else f" --listen tcp:{port}"
    start = f"p2p registry{where} --private, or --insecure-lan"
    if _is_own(host, loopback=False):
        return f"{nothing}: if one runs here, it listens on loopback only (start it as {start})"
    return f"{nothing} (does it run there, as {start}? Does a firewall refuse port {port}?)"


def _not_expected(hello: Hello, at: str, network: NetworkName) -> str:
    if hello.role != "registry":
        return f"{at} is the peer {hello.name}, no registry (does the registry have another port?)"
    if hello.protocol != PROTOCOL:
        return (
            f"the registry at {at} speaks protocol {hello.protocol}, this peer {PROTOCOL}"
            " (update the older of the two)"
        )
    return (
        f"the registry at {at} is that of network {hello.network}, not {network}"
        f" (say --network {hello.network}, or another --registry)"
    )


def _is_own(host: str, loopback: bool) -> bool:
    if host == "localhost":
        return loopback
    try:
        check_host(host)
    except BadName:
        return False
    return is_loopback(host) if loopback else has_address(host)
