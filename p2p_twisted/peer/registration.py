"""Keep a peer registered: perform what its lease machine decides."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.lease_events import (
    AddressChanged,
    Ended,
    Introduce,
    JoinBegun,
    JoiningEnded,
    LeaseEffect,
    LeaseEvent,
    Listen,
    Listened,
    Move,
    NeighborsChanged,
    Remember,
    Say,
    SeenAs,
    StartOverlay,
    WakeLater,
    Woken,
)
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.sights import RegistrationSeen
from p2p_twisted.peer.standing import Standing
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.location import show_locations
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.effect_queue import EffectQueue
from p2p_twisted.runtime.service_manager import notify
from p2p_twisted.storage.state import StateDirectory, address_from_json, address_to_json
from p2p_twisted.wire.messages import Join, Leave, Renew, Welcome
from p2p_twisted.wire.names import PeerAddress, PeerName, Token

REGISTRATION_FILE: Final = "registration"
"""Of a peer's own files: what it had with which registries."""
_TOKEN_BITS: Final = 128


def unheard(_welcome: Welcome) -> None:
    """Ignore a welcome."""


@define(eq=False, kw_only=True)
class RegistrationKeeper:
    """
    Keeps a peer's name, port and lease with the registry.

    :param rng: spreads out what peers that began at one moment would do at one moment.
    :param announce: is told what a person should know.
    :param wall: reads wall time in seconds.
    :param welcomed: hears, too, what the registry says where it has a place for the peer.
    :ivar fault: what kept the registry from answering when it was last asked, or why it refused.
    """

    log = Logger()

    fault: str | None = field(default=None, init=False)
    _name: PeerName
    _machine: LeaseMachine
    _clock: IReactorTime
    _rng: Random
    _client: RegistryClient
    _state: StateDirectory
    _network: NetworkSession
    _announce: Callable[[str], None]
    _watch: AddressWatch
    _wall: Callable[[], float]
    _welcomed: Callable[[Welcome], None] = unheard
    _alarm: Alarm = field(init=False)
    _joined: Deferred[PeerAddress | Exception] = field(factory=Deferred, init=False)
    _left: Deferred[None] = field(factory=partial(succeed, None), init=False)
    _effects: EffectQueue[LeaseEffect] = field(init=False)
    _standing: Standing = field(factory=Standing, init=False)
    # How far the registry's wall clock was ahead of this machine's monotonic one.
    _registry_wall: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._alarm = Alarm(self._clock, partial(self._handle, Woken()))
        self._effects = EffectQueue(self._perform)

    @property
    def is_registered(self) -> bool:
        """Whether the registry knew the peer when it was last asked."""
        return self._machine.is_registered

    @property
    def ahead(self) -> float | None:
        """How many seconds this machine's clock is ahead of the registry's, as far as known."""
        if self._registry_wall is None:
            return None
        return self._wall() - self._clock.seconds() - self._registry_wall

    @property
    def is_reachable(self) -> bool | None:
        """Whether the registry could dial the peer; ``None`` where it has not tried."""
        return self._standing.is_reachable

    def doubt_reach(self) -> None:
        """Have the registry see at the next renewal whether others can reach the peer."""
        self._standing.doubt()

    async def begin(self) -> PeerAddress:
        """
        Get a name and a port, listen there, and stay registered until :meth:`end`.

        Without a registry, a peer that was registered before takes its last address; any
        other keeps asking. An address that another peer has got meanwhile is given up.

        :raises RegistryRefused: when the registry refuses the peer for good.
        :raises CancelledError: when it was ended meanwhile.
        """
        self._watch.start(self._moved, self._lost)
        self._handle(self._recall())
        outcome = await self._joined
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def neighbors_changed(self, number: int) -> None:
        """Be told how many neighbors there are; without any, the registry is asked for some."""
        self._handle(NeighborsChanged(number))

    async def report(self, address: PeerAddress) -> None:
        """Tell the registry of a neighbor that died."""
        try:
            await self._client.report(address)
        except (RegistryRefused, RegistryUnreachable) as error:
            self.log.debug("{error}", error=error)

    async def end(self) -> None:
        """Give up name and port."""
        if not self._joined.called:
            self._joined.callback(CancelledError())
        self._alarm.stop()
        self._watch.stop()
        self._handle(Ended())
        await self._left

    def _handle(self, event: LeaseEvent) -> None:
        """Let the machine decide, and perform all that follows, unless that is being done."""
        now, was_registered = self._clock.seconds(), self.is_registered
        self._effects.add(self._machine.handle(event, now))
        if self.is_registered is not was_registered:
            self._network.sights.tell(RegistrationSeen(self.is_registered))
        self._effects.add(map(Say, self._standing.handle(event, now)))
        self._network.reach_found(self._standing.is_reachable is False)
        self._effects.perform()

    def _perform(self, effect: LeaseEffect) -> None:
        self._standing.performed(effect)
        match effect:
            case Join() | Renew():
                background(self.log, "keeping the registration", self._ask(effect))
            case Leave():
                self._left = Deferred.fromCoroutine(self._leave(effect))
            case Listen(port):
                self._listen(port)
            case Move(host):
                self._move(host)
            case SeenAs(host):
                self._network.seen_as(host)
            case WakeLater(seconds):
                self._alarm.set(seconds * self._rng.uniform(0.8, 1.2))
            case Remember(address, token):
                self._remember(address, token)
            case StartOverlay(address):
                self._network.start_overlay(address)
            case Introduce(referrals):
                self._network.introduce(referrals)
            case JoiningEnded(outcome):
                self._joined.callback(outcome)
            case Say(text, is_for_person=True):
                self._say(text)
            case Say(text):
                self.log.info("{text}", text=text)

    async def _ask(self, question: Join | Renew) -> None:
        try:
            if isinstance(question, Join):
                answer = await self._client.join(question)
            else:
                answer = await self._renew(question)
        except (RegistryRefused, RegistryUnreachable) as error:
            is_new, self.fault = str(error) != self.fault, str(error)
            if isinstance(error, RegistryRefused) and error.code == "refused":
                self._network.refusal = str(error)
            self._handle(error)
            if is_new and not self._joined.called:
                # Who waits until the peer is ready learns why that takes long.
                notify(f"STATUS={error}")
        else:
            self.fault = self._network.refusal = None
            self._handle(answer)
            self._welcomed(answer)

    async def _renew(self, renew: Renew) -> Welcome:
        dial = self._standing.is_to_be_checked
        welcome = await self._client.renew(renew.name, renew.token, dial)
        if welcome.date is not None:
            self._registry_wall = welcome.date - self._clock.seconds()
            self._network.registry_told(self._registry_wall)
        if self.ahead is not None:
            self._effects.add(map(Say, self._standing.clock_found(self.ahead)))
        return welcome

    async def _leave(self, leave: Leave) -> None:
        try:
            await self._client.leave(leave.name, leave.token)
        except (RegistryRefused, RegistryUnreachable) as error:
            self.log.debug("{error}", error=error)

    def _listen(self, port: int) -> None:
        try:
            self._network.listen(port)
        except CannotListenError:
            self._handle(Listened(is_listening=False))
        else:
            self._handle(Listened(is_listening=True))

    def _move(self, host: str) -> None:
        try:
            self._network.move(host)
        except CannotListenError as error:
            self._lost(f"cannot listen on {host}: {error}: start this peer again")

    def _moved(self, host: str) -> None:
        """Go on at another address of this machine."""
        self._say(f"this machine has another address now: going on as {host}")
        self._handle(AddressChanged(host))

    def _lost(self, fault: str | None) -> None:
        """Say that there is no address to listen on, or that it is back."""
        self._network.lost_address(fault)
        self._say(fault or f"this machine has the address {self._watch.host} again")

    def _say(self, text: str) -> None:
        self.log.info("{text}", text=text)
        self._announce(text)

    def _remember(self, address: PeerAddress, token: Token) -> None:
        registries = show_locations(self._client.places.named)
        saved = {"address": address_to_json(address), "token": token, "registries": registries}
        try:
            self._state.write(REGISTRATION_FILE, saved)
        except OSError as error:
            # A peer joins although the disk is full; only a crash may cost it the name.
            self.log.warn("the registration is not written down: {error}", error=error)

    def _recall(self) -> JoinBegun:
        """
        Read address and token of an earlier run under this name.

        Without one, the token is made here: so the peer is known again where an answer was lost.
        """
        saved = self._state.read(REGISTRATION_FILE)
        if isinstance(saved, dict):
            address, token = address_from_json(saved.get("address")), saved.get("token")
            if address is not None and address.name == self._name and isinstance(token, str):
                return JoinBegun(address, token)
        return JoinBegun(token=f"{self._rng.getrandbits(_TOKEN_BITS):032x}")
