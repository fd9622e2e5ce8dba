"""Choose which of a network's registries to ask."""

from collections.abc import Callable, Sequence
from math import inf
from random import Random
from typing import Final, Self

from twisted.internet.defer import Deferred

from p2p_twisted.runtime.addresses import is_ip

_CHOSEN_SECONDS: Final = 600.0
"""Then peers choose again, so that a registry that was away gets its part of them."""

_FAILED_SECONDS: Final = 30.0
_LOOKED_UP_SECONDS: Final = 60.0

Location = tuple[str, int]

LookUp = Callable[[str], "Deferred[list[str]]"]
"""Finds all addresses of a name; none where that fails."""


class RegistryPlaces:
    """
    Where the registries of a network are.

    Peers choose one at random, so that they spread over all, and ask it as long as it answers.

    :ivar named: the host and the port of each, as somebody has named it; and the one that was found
        elsewhere, as the first.
    :ivar silent_since: when the first one of those failed that did since one answered last, in
        seconds on the monotonic clock; ``None`` where one has answered since.
    :param look_up: without it, a name stands for one address.
    """

    @classmethod
    def at(cls, host: str, port: int) -> Self:
        """Return those of a network that has only one."""
        return cls([(host, port)], Random(0))

    def __init__(
        self, named: Sequence[Location], rng: Random, look_up: LookUp | None = None
    ) -> None:
        self.named = self._given = tuple(named)
        self.silent_since: float | None = None
        self._tried: tuple[Location, ...] = ()
        self._rng = rng
        self._look_up = look_up
        self._addresses: dict[str, Sequence[str]] = {}
        self._looked_up_at = -inf
        self._ranks: dict[Location, float] = {}
        self._drawn_at = 0.0
        # When it was, and whether it has answered that it cannot help.
        self._failed: dict[Location, tuple[float, bool]] = {}

    async def in_turn(self, now: float) -> list[Location]:
        """
        List all of them, whom to ask first, and whom else where that one does not answer.

        :param now: seconds on the monotonic clock.
        """
        if now - self._looked_up_at >= _LOOKED_UP_SECONDS:
            self._looked_up_at = now
            await self._look_all_up()
        if now - self._drawn_at >= _CHOSEN_SECONDS:
            self._drawn_at = now
            self._ranks.clear()
        found = [
            (address, port)
            for host, port in self.named
            for address in self._addresses.get(host) or (host,)
        ]
        if len(found) == 1:
            return [*found, *self._tried]
        for place in found:
            self._ranks.setdefault(place, self._rng.random())
        failed = {
            place: not has_answered
            for place, (at, has_answered) in self._failed.items()
            if now - at < _FAILED_SECONDS
        }

        def rank(place: Location) -> tuple[bool, bool, float]:
            return place in failed, failed.get(place, False), self._ranks[place]

        return [*sorted(set(found), key=rank), *self._tried]

    def try_also(self, places: Sequence[Location]) -> None:
        """Ask these, too, after all others: the first one that answers is one of the named then."""
        self._tried = tuple(place for place in places if place not in self.named)

    def failed(self, place: Location, now: float, has_answered: bool = False) -> None:
        """
        Ask another one first for a while.

        :param has_answered: that it cannot help now: then it may soon, sooner than one is back that
            is lost.
        """
        self._failed[place] = now, has_answered
        if self.silent_since is None:
            self.silent_since = now

    def answered(self, place: Location) -> None:
        """Go on to ask it."""
        self._failed.pop(place, None)
        if place in self._tried:
            self.named = (place, *self._given)
        self.silent_since, self._tried = None, ()

    async def _look_all_up(self) -> None:
        if self._look_up is None:
            return
        for host, _port in self.named:
            if not is_ip(host):
                found = await self._look_up(host)
                # Of one address, what is wrong with the name is told by whoever dials it; but the
                # reactor knows only the IPv4 ones of a name.
                if len(found) > 1 or any(":" in each for each in found):
                    self._addresses[host] = found
