"""Find the registry for a peer that was not told where it is: ``--registry auto``; blocks."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import define
from twisted.python.usage import UsageError

from p2p_twisted.peer.own_options import read_registries
from p2p_twisted.peer.private_member import PrivateMember
from p2p_twisted.peer.reach import BadReach, NoWay, check_interface
from p2p_twisted.peer.registration import REGISTRATION_FILE
from p2p_twisted.registry.lan_group import LAN_GROUP
from p2p_twisted.registry.lan_search import HeardRegistry, Search, places_of_root, search_lan
from p2p_twisted.registry.limits import REGISTRY_PORT, SEARCH_SECONDS
from p2p_twisted.registry.location import BadLocation, read_locations, show_location, show_locations
from p2p_twisted.registry.registry_dial import answers
from p2p_twisted.runtime.addresses import NO_ADDRESS, address_towards, own_addresses
from p2p_twisted.runtime.amounts import and_more
from p2p_twisted.runtime.os_errors import in_words
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.wire.names import NetworkName, is_loopback

AUTO: Final = "auto"
_LOOPBACK: Final = ("127.0.0.1", REGISTRY_PORT)
_NAMED: Final = 3

Place = tuple[str, int]


def registries_of(options: Mapping[str, Any]) -> tuple[Place, ...]:
    """
    Return where the registry is, or several are: as a peer's options say, or found.

    :raises UsageError: when what they say is no place.
    :raises BadReach: when none is found.
    """
    if options["registry"] != AUTO:
        if AUTO in map(str.strip, options["registry"].split(",")):
            raise UsageError(f"--registry takes {AUTO}, or where it listens, not both")
        return read_registries(options["registry"])
    own = options["interface"]
    if own is not None:
        check_interface(own)
    search = partial(search_lan, interface=own)
    finder = RegistryFinder(options["state"], lambda text: sys.stderr.write(f"{text}\n"), search)
    if options["member"]:
        return finder.of_member(options["member"])
    if options["insecure-lan"] and is_loopback(own or ""):
        return finder.on_loopback(options["network"], own)
    return finder.open(options["network"], bool(options["insecure-lan"]))


class SeveralHeard(BadReach):
    """A person has to choose."""


@define
class RegistryFinder:
    """
    Looks where a registry may be: where it was, on this machine, and on its network.

    :ivar state: the folder of the peer's own files.
    :ivar say: tells a person what was found, before it is used.
    :ivar search: looks on the network.
    :ivar answers: returns whether a place has what may be the network's registry.
    """

    state: Path
    say: Callable[[str], object]
    search: Search = search_lan
    answers: Callable[[Place, NetworkName, bool], bool] = answers

    def of_member(self, member: PrivateMember) -> tuple[Place, ...]:
        """
        Find the registry of a private network; whoever is there has to prove that it is.

        It has another address where it answers at none that this peer knows.
        """
        known = tuple(dict.fromkeys((*known_registries(self.state), member.registry)))
        if all(is_loopback(host) for host, _port in known):
            return known
        if there := [place for place in known if self.answers(place, member.network, True)]:
            return tuple(there)
        found = places_of_root(key_hash(member.credentials.root.public_key()), self.search)
        if found:
            self.say(
                f"found the registry of the private network {member.network} at"
                f" {show_locations(found)}, no more at {show_locations(known)}"
            )
        return tuple(dict.fromkeys((*found, *known)))

    def open(self, network: NetworkName, allows_lan: bool) -> tuple[Place, ...]:
        """
        Find the registry of an open network: on other machines only if these may be talked to.

        :raises NoWay: when none is heard, or only of other networks.
        :raises SeveralHeard: when it is not clear which one is meant.
        """
        if not allows_lan:
            return (_LOOPBACK,)
        known = tuple(place for place in known_registries(self.state) if not is_loopback(place[0]))
        if any(self.answers(place, network, False) for place in known):
            return known
        if not known and (own := self._own(network)) is not None:
            return (self._found(own, network),)
        try:
            heard = self.search(lambda each: is_open(each, network))
        except OSError as error:
            if known:
                return known
            why = in_words(error)
            # Without an address, it is of no use to know where a registry is.
            heard_none = _not_heard(f"no registry can be heard ({why})")
            raise NoWay(why if why == NO_ADDRESS else heard_none) from None
        if known:
            self._say_of_others(known, heard)
            return known
        return (self._found(choose(heard, network).place, network),)

    def on_loopback(self, network: NetworkName, interface: str) -> tuple[Place, ...]:
        """
        Find the registry of an open network for a peer that others are not to reach.

        :raises NoWay: when there is none on this machine, where nobody else can be asked.
        """
        was_here = any(is_loopback(host) for host, _port in known_registries(self.state))
        if not (was_here or self.answers(_LOOPBACK, network, False)):
            raise NoWay(
                f"no registry of network {network} answers at {show_location(*_LOOPBACK)}, and no"
                f" other machine is asked from {interface}: leave --interface away, or start one"
                " here with p2p registry"
            )
        return (_LOOPBACK,)

    def _found(self, place: Place, network: NetworkName) -> Place:
        self.say(f"found the registry of network {network} at {show_location(*place)}: joining")
        return place

    def _own(self, network: NetworkName) -> Place | None:
        """Return where a registry on this machine is reached, by other machines if possible."""
        if not self.answers(_LOOPBACK, network, False):
            return None
        # Without a way to the whole of the Internet, there may be none to the group.
        usual = address_towards(LAN_GROUP.ipv4)
        own = [(host, REGISTRY_PORT) for host in (usual, *own_addresses()) if host is not None]
        return next((place for place in own if self.answers(place, network, False)), _LOOPBACK)

    def _say_of_others(self, known: Sequence[Place], heard: Sequence[HeardRegistry]) -> None:
        """Tell of registries in place of the one that this peer knows, which anybody may claim."""
        others = [each for each in heard if each.place not in known and each.beacon.root is None]
        if others:
            self.say(
                f"the registry at {show_locations(known)} does not answer, but there is"
                f" {_names(others)}: say --registry to go there"
            )


def choose(heard: Sequence[HeardRegistry], network: NetworkName) -> HeardRegistry:
    """
    Choose among the registries that were heard the one of an open network.

    :raises NoWay: when there is none.
    :raises SeveralHeard: when there are several.
    """
    right = _once_each(_one_on_this_machine([each for each in heard if is_open(each, network)]))
    match right:
        case [one]:
            return one
        case []:
            raise NoWay(_none_of(heard, network))
    raise SeveralHeard(
        f"{len(right)} registries of network {network} were heard, at {_listed(map(str, right))}:"
        " say --registry with the right one, or with all that share a store, separated by commas"
    )


def _one_on_this_machine(heard: Sequence[HeardRegistry]) -> list[HeardRegistry]:
    """Count a registry of this machine once: it is heard at each of its addresses."""
    own, usual = set(own_addresses()), address_towards(LAN_GROUP.ipv4)
    mine = sorted((each for each in heard if each.host in own), key=lambda each: each.host != usual)
    first = {each.port: each for each in reversed(mine)}
    return [each for each in heard if each.host not in own or first[each.port] == each]


def _once_each(heard: Sequence[HeardRegistry]) -> list[HeardRegistry]:
    """Count a registry once that is heard at several addresses."""
    once: list[HeardRegistry] = []
    for each in heard:
        if not any(_are_one(each, other) for other in once):
            once.append(each)
    return once


def _are_one(one: HeardRegistry, other: HeardRegistry) -> bool:
    # Anybody may name the address of another one, but that one does not name his.
    names = other.host in one.beacon.at and one.host in other.beacon.at
    return names and one.port == other.port


def _none_of(heard: Sequence[HeardRegistry], network: NetworkName) -> str:
    if not heard:
        why = "many a Wi-Fi lets no multicast pass"
        return f"{_not_heard(f'no registry was heard within {SEARCH_SECONDS:g} s')} ({why})"
    nothing = f"no registry of an open network {network} was heard"
    if others := [each for each in heard if each.beacon.root is None]:
        return f"{nothing}, but of {_names(others)}: say --network {others[0].beacon.network}"
    return (
        f"{nothing}, but of the private network {_names(heard)}: come in with --join and an invite"
    )


def _not_heard(what: str) -> str:
    start = "start one with p2p registry --insecure-lan"
    return f"{what}: say --registry HOST:PORT where one runs, or {start}"


def is_open(heard: HeardRegistry, network: NetworkName) -> bool:
    """Return whether a registry says that it is that of an open network."""
    return heard.beacon.root is None and heard.beacon.network == network


def _names(heard: Sequence[HeardRegistry]) -> str:
    return _listed(f"{each.beacon.network} at {each}" for each in heard)


def _listed(words: Iterable[str]) -> str:
    listed = list(words)
    return and_more(listed[:_NAMED], len(listed), " and ")


def known_registries(state: Path) -> tuple[Place, ...]:
    """Read at which registries a peer has registered in its last run."""
    try:
        kept = json.loads(OwnFolder(state).read(REGISTRATION_FILE))
        return read_locations(kept["registries"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, BadLocation):
        return ()
