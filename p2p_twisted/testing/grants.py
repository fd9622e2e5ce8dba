"""Write down what registries have promised to peers, and see whether they keep it."""

from collections.abc import Callable, Mapping

from attrs import define, field

from p2p_twisted.registry.roster import Registration
from p2p_twisted.wire.messages import Welcome
from p2p_twisted.wire.names import PeerName, Token


@define(eq=False)
class Grant:
    """
    A place that a peer was given.

    :ivar until: when it ends if it is not renewed, in seconds of virtual time.
    """

    name: PeerName
    port: int
    token: Token
    until: float


@define(eq=False)
class Grants:
    """
    All places that peers have at the moment, as they know it.

    :ivar kept: returns what the registries' store has for each name.
    :ivar given: how many places were given altogether.
    :ivar wrong: what should not have happened, in sentences.
    """

    kept: Callable[[], Mapping[PeerName, Registration]]
    given: int = 0
    wrong: list[str] = field(factory=list)
    _held: list[Grant] = field(factory=list)

    def give(self, welcome: Welcome, asked: float, now: float) -> Grant:
        """Write down a new place; no other peer may have its name or its port now."""
        self.given += 1
        grant = Grant(welcome.name, welcome.port, welcome.token, asked + welcome.lease)
        for other in self._current(now):
            if grant.name == other.name or grant.port == other.port:
                self.wrong.append(f"{now:.3f}: {grant} is given while there is {other}")
        self._held.append(grant)
        return grant

    def end(self, grant: Grant) -> None:
        """Write down that a place is left, or has ended."""
        if grant in self._held:
            self._held.remove(grant)

    def forgotten(self, grant: Grant, now: float) -> None:
        """Write down that a registry does not know a place any more."""
        if now < grant.until:
            self.wrong.append(f"{now:.3f}: {grant} is not known any more")
        self.end(grant)

    def check(self, now: float) -> None:
        """See whether the store has all places that peers rely on."""
        kept = self.kept()
        for grant in self._current(now):
            there = kept.get(grant.name)
            place = None if there is None else (there.address.port, there.token)
            if place != (grant.port, grant.token):
                self.wrong.append(f"{now:.3f}: {grant} is lost; there is {there}")
                self.end(grant)

    def _current(self, now: float) -> list[Grant]:
        return [grant for grant in self._held if now < grant.until]
