"""
A peer's registration as a pure machine: what to ask the registry, when, and what follows.

    Joining --> Reserved --> Held <--> Alone
       |                                 ^
       +---- the registry is away -------+

A peer that was registered before goes on alone where no registry answers, on the address
that it had, and registers as soon as one does.
"""

from typing import Final

import attrs

from p2p_twisted.peer.lease_events import (
    AddressChanged,
    Alone,
    Ended,
    Held,
    Introduce,
    JoinBegun,
    Joining,
    JoiningEnded,
    LeaseEffect,
    LeaseEvent,
    Left,
    Listen,
    Listened,
    Move,
    NeighborsChanged,
    Remember,
    Reserved,
    Say,
    SeenAs,
    StartOverlay,
    WakeLater,
    Woken,
)
from p2p_twisted.peer.lease_pause import LeasePause
from p2p_twisted.peer.name_wait import NameWait
from p2p_twisted.registry import limits, refusals
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Leave, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress, is_loopback

_RESERVED_SECONDS: Final = 2.0
_ALIVE: Final = "a peer that nobody can dial has this name, and is alive: choose another one"
_PORTS_TRIED: Final = 100


class LeaseMachine:
    """
    Decides about one peer's registration.

    :param join: what to join with; port and token of an earlier run are added.
    :param host: the address under which others are to reach the peer.
    """

    def __init__(self, join: Join, host: str) -> None:
        self._join = join
        self._host = host
        self._state: Joining | Reserved | Held | Alone | Left = Joining()
        self._has_neighbors = False
        self._pauses = LeasePause()
        self._complaint = ""
        self._name_wait = NameWait()
        self._waits_left = round(limits.RESERVATION_SECONDS / _RESERVED_SECONDS) + 1

    @property
    def is_registered(self) -> bool:
        """Whether the registry knew the peer when it was last asked."""
        return isinstance(self._state, Reserved | Held)

    def handle(self, event: LeaseEvent, now: float) -> list[LeaseEffect]:
        """
        Decide what follows from an event.

        :param now: seconds on the monotonic clock.
        """
        match event:
            case JoinBegun():
                return self._begun(event)
            case Welcome():
                return self._welcomed(event, now)
            case RegistryRefused():
                return self._refused(event, now)
            case RegistryUnreachable():
                return self._unreachable(str(event), now)
            case Listened(is_listening):
                return self._listening() if is_listening else self._port_busy(now)
            case NeighborsChanged(number):
                self._has_neighbors = number > 0
                return [] if self._has_neighbors else self._woken(now)
            case AddressChanged(host):
                return self._moved(host)
            case Woken():
                return self._woken(now)
            case Ended():
                return self._ended()

    # Events

    def _begun(self, begun: JoinBegun) -> list[LeaseEffect]:
        if isinstance(self._state, Left):
            return []
        self._join = attrs.evolve(self._join, token=begun.token)
        if begun.last is not None:
            self._join = attrs.evolve(self._join, port=begun.last.port)
            # It may have listened on another address then.
            self._state = Joining(attrs.evolve(begun.last, host=self._host))
        return [self._ask()]

    def _welcomed(self, welcome: Welcome, now: float) -> list[LeaseEffect]:
        match self._state:
            case Joining() | Alone(welcome=None) if welcome.host != self._host:
                return self._seen_elsewhere(welcome, now)
            case Joining() as joining:
                self._state = Reserved(welcome, joining)
                return [Listen(welcome.port)]
            case Alone(welcome=None) if welcome.port != self._join.port:
                return self._decline(welcome, f"port {self._join.port} is another's there", now)
            case Alone(welcome=None):
                self._state = Reserved(welcome)
                return [self._registered(welcome), self._ask()]
            case Left(is_asked):
                return [Leave(welcome.name, welcome.token)] if is_asked else []
            case _:
                self._state = Held(welcome)
                back = [Say("registered again")] if self._complaint else []
                self._complaint = ""
                wake = self._pauses.until_lease(now, welcome.lease, self._has_neighbors)
                return [*back, Introduce(welcome.referrals), wake]

    def _seen_elsewhere(self, welcome: Welcome, now: float) -> list[LeaseEffect]:
        """Go on under the address of the NAT that this machine is behind; loopback has none."""
        if is_loopback(welcome.host) is not is_loopback(self._host):
            return self._decline(welcome, refusals.other_host(welcome.host, self._host), now)
        self._host = welcome.host
        said = Say(f"this machine is behind NAT: others see it as {welcome.host}")
        seen = [] if isinstance(self._state, Joining) else [SeenAs(welcome.host)]
        return [said, *seen, *self._welcomed(welcome, now)]

    def _decline(self, welcome: Welcome, why: str, now: float) -> list[LeaseEffect]:
        leave = Leave(welcome.name, welcome.token)
        if isinstance(self._state, Joining):
            return [leave, *self._give_up(RegistryRefused("refused", why))]
        return [leave, *self._complain(f"the registry refuses us: {why}", now)]

    def _refused(self, error: RegistryRefused, now: float) -> list[LeaseEffect]:
        match self._state:
            case Left():
                return []
            case Joining() if error.code == "later":
                return self._wait(error, now)
            case Joining() as joining:
                return self._give_way(joining, error, now)
            case Reserved(welcome) | Held(welcome) | Alone(welcome) if error.code == "later":
                self._state = Alone(welcome)
                return [Say(str(error), is_for_person=False), self._pause(now)]
            case Held() | Alone(welcome=Welcome()):
                self._state = Alone()
                return [Say(f"joining again: {error}", is_for_person=False), self._ask()]
            case Reserved(welcome) | Alone(welcome):
                self._state = Alone(welcome)
                # Perhaps for a while only: one that was restored knows an earlier run of this peer.
                return self._complain(f"not registered, and trying again: {error}", now)

    def _wait(self, error: RegistryRefused, now: float) -> list[LeaseEffect]:
        """Wait for what passes by itself; for a name only as long as its holder may be dead."""
        if error.within is None:
            return self._complain(f"waiting for the registry: {error}", now)
        is_new = self._name_wait.until is None
        self._name_wait.hear(error.within, now)
        if self._name_wait.is_in_vain:
            return self._give_up(RegistryRefused("taken", _ALIVE))
        # What is left, which the sentence says, is less each time.
        return [*[Say(f"waiting for the registry: {error}")] * is_new, self._pause(now)]

    def _give_way(self, joining: Joining, error: RegistryRefused, now: float) -> list[LeaseEffect]:
        """Wait for a place that is only reserved, or ask for another port, or give up."""
        self._state = attrs.evolve(joining, last=None)
        if error.code == "reserved" and self._waits_left:
            # Perhaps for us: the answer to an earlier run's request may have been lost.
            self._waits_left -= 1
            self._pauses.soonest = now
            return [WakeLater(_RESERVED_SECONDS)]
        if error.code in ("reserved", "taken") and self._join.port is not None:
            self._join = attrs.evolve(self._join, port=None)
            return [Say(f"asking for another port: {error}", is_for_person=False), self._ask()]
        return self._give_up(error)

    def _unreachable(self, why: str, now: float) -> list[LeaseEffect]:
        match self._state:
            case Joining(last) as joining:
                self._name_wait.miss()
                self._state = attrs.evolve(joining, why=why)
                return [Listen(last.port)] if last is not None else self._port_busy(now)
            case Reserved(welcome) | Held(welcome) | Alone(welcome):
                self._state = Alone(welcome)
                return [Say(why, is_for_person=False), self._pause(now)]
            case Left():
                return []

    def _listening(self) -> list[LeaseEffect]:
        match self._state:
            case Reserved(welcome):
                self._complaint = ""
                self._state = Held(welcome)
                started: list[LeaseEffect] = [self._registered(welcome)]
                address, referrals = welcome.address, welcome.referrals
            case Joining(last=PeerAddress() as address, why=why):
                self._state = Alone()
                # A port that was asked for meanwhile would be the wrong one to register.
                self._join = attrs.evolve(self._join, port=address.port)
                self._complaint = why
                started = [Say(f"{why}: going on with the peers known from before")]
                referrals = ()
            case _:
                return []
        self._pauses.reset()
        started += [StartOverlay(address), Introduce(referrals)]
        return [*started, self._ask(), JoiningEnded(address)]

    def _port_busy(self, now: float) -> list[LeaseEffect]:
        match self._state:
            case Reserved(welcome, Joining() as joining):
                unusable = (*joining.unusable, welcome.port)
                self._state = attrs.evolve(joining, unusable=unusable)
                self._join = attrs.evolve(self._join, port=None, token=welcome.token)
                if len(unusable) > _PORTS_TRIED:
                    why = "none of the registry's ports can be listened on"
                    return self._give_up(RegistryRefused("full", why))
                return [self._ask()]
            case Joining(why=why):
                return self._complain(f"{why}: trying again until there is one", now)
            case _:
                return []

    def _woken(self, now: float) -> list[LeaseEffect]:
        """Go on, unless nothing is waited for; but ask the registry once a second at most."""
        soonest = self._pauses.soonest
        if soonest is None:
            return []
        if now < soonest:
            return [WakeLater(soonest - now)]
        self._pauses.soonest = None
        return [self._ask()]

    def _moved(self, host: str) -> list[LeaseEffect]:
        """Register at the new address, under the name and port that the peer has."""
        # What is advertised leads to the new address, if to any.
        self._host = self._join.advertise or host
        match self._state:
            case Joining(last=PeerAddress() as last) as joining:
                self._state = attrs.evolve(joining, last=attrs.evolve(last, host=self._host))
            case Reserved() | Held() | Alone():
                self._state, self._pauses.soonest = Alone(), None
                return [Move(host), self._ask()]
        return [Move(host)]

    def _ended(self) -> list[LeaseEffect]:
        state, self._pauses.soonest = self._state, None
        match state:
            case Reserved(welcome) | Held(welcome) | Alone(Welcome() as welcome):
                self._state = Left(is_asked=False)
                return [Leave(welcome.name, welcome.token)]
            case _:
                self._state = Left(is_asked=True)
                return []

    # What follows

    def _ask(self) -> Join | Renew:
        """Ask for a place, or for more time where there is one."""
        match self._state:
            case Joining(unusable=unusable):
                return attrs.evolve(self._join, unusable=unusable)
            case Reserved(welcome) | Held(welcome) | Alone(Welcome() as welcome):
                return Renew(welcome.name, welcome.token)
            case _:
                return self._join

    def _registered(self, welcome: Welcome) -> Remember:
        self._join = attrs.evolve(self._join, port=welcome.port, token=welcome.token)
        return Remember(welcome.address, welcome.token)

    def _pause(self, now: float) -> WakeLater:
        return self._pauses.until_retry(now, isinstance(self._state, Joining))

    def _complain(self, reason: str, now: float) -> list[LeaseEffect]:
        """Announce what is wrong, once as long as it stays the same, and try again later."""
        is_new, self._complaint = reason != self._complaint, reason
        return [*[Say(reason)] * is_new, self._pause(now)]

    def _give_up(self, error: RegistryRefused) -> list[LeaseEffect]:
        self._state = Left(is_asked=False)
        return [JoiningEnded(error)]
