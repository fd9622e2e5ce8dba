"""Have a member that runs find its registry at another address: on its LAN, by the root's key."""

from collections.abc import Callable
from random import Random
from typing import Final

from twisted.application.internet import TimerService
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.peer.private_member import PrivateMember
from p2p_twisted.registry.lan_search import Search, places_of_root
from p2p_twisted.registry.location import show_location, show_locations
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.trust.credentials import key_hash
from p2p_twisted.wire.names import is_loopback

_LOOK_SECONDS: Final = 15.0
_SILENT_SECONDS: Final = 60.0
_AGAIN_SECONDS: Final = 240.0


class MovedRegistry(TimerService):
    """
    Asks the LAN where the registry is, when none has answered for a minute.

    Whoever is there is asked beside those that are known, and has to prove that it is one: only
    who does is gone on with. Only for a private network, as nobody can prove anything in others.

    :param places: of the registries, as the peer asks them.
    :param search: looks on the network; it blocks, so it is offloaded.
    :param announce: is told what a person should know.
    :param rng: spreads out the questions of peers that lost their registry at one moment.
    """

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        member: PrivateMember,
        places: RegistryPlaces,
        *,
        search: Search,
        offload: Offload,
        announce: Callable[[str], None],
        rng: Random,
    ) -> None:
        super().__init__(_LOOK_SECONDS, self.look)
        self.clock = self._clock = clock
        self._member = member
        self._places = places
        self._known = places.named
        self._search = search
        self._offload = offload
        self._announce = announce
        self._rng = rng
        self._again_at = 0.0

    def look(self) -> None:
        """Say where the registry is now, if it has moved; search if it is time."""
        now, since, named = self._clock.seconds(), self._places.silent_since, self._places.named
        if named != self._known:
            self._announce(
                f"found the registry of the private network {self._member.network} at"
                f" {show_location(*named[0])}, no more at {show_locations(self._known)}"
            )
            self._known = named
        is_silent = since is not None and now - since >= _SILENT_SECONDS
        if is_silent and now >= self._again_at and not all(is_loopback(host) for host, _ in named):
            self._again_at = now + _AGAIN_SECONDS * self._rng.uniform(0.75, 1.25)
            background(self.log, "looking for the registry", self._look_around())

    async def _look_around(self) -> None:
        root_hash = key_hash(self._member.credentials.root.public_key())
        self._places.try_also(await self._offload(places_of_root, root_hash, self._search))
