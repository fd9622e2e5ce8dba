"""Look for ``p2p doctor`` whether newcomers find the registry of a network by themselves."""

from collections.abc import Iterator
from typing import Final

from p2p_twisted.cli.machine_checks import Finding
from p2p_twisted.peer.auto_registry import SeveralHeard, choose, is_open
from p2p_twisted.registry.lan_search import HeardRegistry, Search
from p2p_twisted.registry.location import read_locations
from p2p_twisted.runtime.addresses import addresses_of, is_ip
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.wire.names import NetworkName, is_loopback

NAME: Final = "multicast"


def multicast(
    registries: str, own: str, search: Search, open_network: NetworkName | None
) -> Finding:
    """
    Ask by multicast, and see whether a registry that is known answers, and newcomers choose it.

    :param registries: where they are, with commas in between.
    :param own: the address of this machine in the network.
    :param open_network: its name; ``None`` of a private one, whose registry has to prove itself.
    """
    if is_loopback(own):
        return Finding(NAME, True, "not needed, as all of this network is on this machine")
    places = set(_addresses(registries, own))

    def is_wanted(heard: HeardRegistry) -> bool:
        if open_network is None:
            return heard.place in places
        return is_open(heard, open_network)

    try:
        heard, why = search(is_wanted), "is not heard"
    except OSError as error:
        heard, why = (), f"cannot be heard ({in_words(error)})"
    if any(each.place in places for each in heard):
        try:
            if open_network is not None:
                choose(heard, open_network)
        except SeveralHeard as several:
            return Finding(NAME, None, f"newcomers have to choose: {several}")
        return Finding(NAME, True, "the registry is heard: newcomers need no --registry here")
    # No fault where the registry is on another network, or a Wi-Fi lets no multicast pass.
    text = f"the registry {why} from here: newcomers say --registry {registries}"
    return Finding(NAME, None, text)


def _addresses(registries: str, own: str) -> Iterator[tuple[str, int]]:
    for host, port in read_locations(registries):
        yield from ((each, port) for each in ([host] if is_ip(host) else addresses_of(own, host)))
