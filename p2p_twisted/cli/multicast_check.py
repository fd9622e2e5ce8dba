"""Look for ``p2p doctor`` whether newcomers find the registry of a network by themselves."""

from collections.abc import Iterator
from typing import Final

from p2p_twisted.cli.machine_checks import Finding
from p2p_twisted.registry.lan_search import Search
from p2p_twisted.registry.location import read_locations
from p2p_twisted.runtime.addresses import addresses_of, is_ip
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.wire.names import is_loopback

NAME: Final = "multicast"


def multicast(registries: str, own: str, search: Search) -> Finding:
    """
    Ask by multicast, and see whether a registry that is known answers.

    :param registries: where they are, with commas in between.
    :param own: the address of this machine in the network.
    """
    if is_loopback(own):
        return Finding(NAME, True, "not needed, as all of this network is on this machine")
    places = set(_addresses(registries, own))
    try:
        is_heard = any(each.place in places for each in search(lambda each: each.place in places))
        why = "is not heard"
    except OSError as error:
        is_heard, why = False, f"cannot be heard ({in_words(error)})"
    if is_heard:
        return Finding(NAME, True, "the registry is heard: newcomers need no --registry here")
    # No fault where the registry is on another network, or a Wi-Fi lets no multicast pass.
    text = f"the registry {why} from here: newcomers say --registry {registries}"
    return Finding(NAME, None, text)


def _addresses(registries: str, own: str) -> Iterator[tuple[str, int]]:
    for host, port in read_locations(registries):
        yield from ((each, port) for each in ([host] if is_ip(host) else addresses_of(own, host)))
