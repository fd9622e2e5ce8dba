"""A peer's place in the registry, where ports and registry come and go."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer import registration
from p2p_twisted.peer.address_watch import AddressWatch
from p2p_twisted.peer.lease import LeaseMachine
from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.settings import Settings
from p2p_twisted.peer.sights import Sights
from p2p_twisted.peer.standing import Standing
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.registry.registry_places import RegistryPlaces
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.state import StateDirectory
from p2p_twisted.wire.messages import Join, Welcome
from p2p_twisted.wire.names import PeerAddress, PeerName, Token

HOST = "127.0.0.1"


@frozen
class Registry(RegistryClient):
    """Gives everybody the port that it asks for, while it is there."""

    is_there: Callable[[], bool]
    before_renewal: Callable[[], Awaitable[None]]
    asked: list[str] = field(factory=list)
    # What it has found last.
    reachable: list[bool] = field(factory=list)

    async def join(self, join: Join) -> Welcome:
        self._check()
        self.asked.append("join")
        assert join.name is not None
        port = next(p for p in (join.port, *range(9_200, 9_300)) if p and p not in join.unusable)
        return Welcome(join.name, HOST, port, 60.0, "a token", ())

    async def renew(self, name: PeerName, token: Token, dial: bool = False) -> Welcome:
        self._check()
        self.asked.append("renew")
        await self.before_renewal()
        found = self.reachable[-1] if self.reachable else None
        date = self.reactor.seconds() + 1e9 if dial else None
        return Welcome(name, HOST, 9_100, 60.0, token, (), reachable=found, date=date)

    async def leave(self, name: PeerName, token: Token) -> None:
        self._check()
        self.asked.append("leave")

    def _check(self) -> None:
        if not self.is_there():
            raise RegistryUnreachable("there is none")


@define
class Peer:
    """Listens wherever it is to, or raises what is to be raised before."""

    before_listening: Callable[[], None] = lambda: None
    tried: list[int] = field(factory=list)
    introduced: list[tuple[PeerAddress, ...]] = field(factory=list)
    moves: list[str] = field(factory=list)
    faults: list[str | None] = field(factory=list)
    sights: Sights = field(factory=Sights)
    refusal: str | None = None
    is_closed: bool = False
    registry_wall: float | None = None

    def listen(self, port: int) -> None:
        self.tried.append(port)
        self.before_listening()

    def start_overlay(self, me: PeerAddress) -> None:
        assert me.port == self.tried[-1]

    def reach_found(self, is_closed: bool) -> None:
        self.is_closed = is_closed

    def registry_told(self, ahead: float) -> None:
        self.registry_wall = ahead

    def move(self, host: str) -> None:
        self.before_listening()
        self.moves.append(host)

    def lost_address(self, fault: str | None) -> None:
        self.faults.append(fault)

    def introduce(self, referrals: tuple[PeerAddress, ...]) -> None:
        self.introduced.append(referrals)


class RegistrationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.has_registry = True
        self.forgotten: Deferred[None] | None = None
        asking = self.clock, RegistryPlaces.at(HOST, 9_011), "default"
        self.registry = Registry(*asking, lambda: self.has_registry, self.before_renewal)
        state = StateDirectory(Path(self.mktemp()))
        state.open()
        self.addCleanup(state.close)
        state.write("registration", {"address": ["s1", HOST, 9_100], "token": "a token"})
        self.peer = Peer()
        self.said: list[str] = []
        self.set_ahead = 0.0
        settings = Settings("s1", Path("s1"), Path("s1/Downloads"))
        self.watch = AddressWatch(settings, self.clock, inline)
        network: Any = self.peer
        self.registration = RegistrationKeeper(
            name="s1",
            machine=LeaseMachine(Join("s1"), HOST),
            clock=self.clock,
            rng=Random(1),
            client=self.registry,
            state=state,
            network=network,
            announce=self.said.append,
            watch=self.watch,
            wall=self.clock.seconds,
        )
        self.registration.neighbors_changed(1)

    async def before_renewal(self) -> None:
        """Refuse the renewal once ``forgotten`` has fired, if it is set."""
        if self.forgotten is not None:
            await self.forgotten
            raise RegistryRefused("unknown", "nobody of that name is here")

    def begin(self) -> PeerAddress:
        """Join, at once, and keep registered from then on."""
        return self.successResultOf(Deferred.fromCoroutine(self.registration.begin()))

    def end(self) -> None:
        """Leave, at once; no timer may be left."""
        self.successResultOf(Deferred.fromCoroutine(self.registration.end()))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_tells_why_it_waits(self) -> None:
        """Whoever waits for a new peer to be ready hears once that there is no registry."""
        told: list[str] = []
        self.patch(registration, "notify", told.append)
        self.registration._state.write("registration", {})
        self.has_registry = False
        joining = Deferred.fromCoroutine(self.registration.begin())
        self.clock.pump([1.0] * 60)
        self.assertEqual(told, ["STATUS=there is none"])
        self.has_registry = True
        self.clock.pump([1.0] * 60)
        self.successResultOf(joining)
        self.end()

    def test_ends_while_renewing(self) -> None:
        """A peer that has left does not join again, though a renewal was under way."""
        self.forgotten = Deferred()
        self.begin()
        self.end()
        self.forgotten.callback(None)
        self.clock.pump([1.0] * 20)
        self.assertEqual(self.registry.asked, ["join", "renew", "leave"])

    def test_hurries_once_a_second(self) -> None:
        """However often the last neighbor is lost, the registry is asked once a second."""
        self.begin()
        for _ in range(100):
            self.registration.neighbors_changed(0)
            self.registration.neighbors_changed(1)
            self.clock.advance(0.1)
        self.assertIn(self.registry.asked.count("renew"), range(8, 13))
        self.end()

    def test_port_busy_for_a_moment(self) -> None:
        """A peer that gets its old port after all, when the registry is gone, is registered."""

        def fail_once() -> None:
            if len(self.peer.tried) == 1:
                self.has_registry = False
                raise CannotListenError(HOST, 9_100, OSError("busy"))

        self.peer.before_listening = fail_once
        self.assertEqual(self.begin(), PeerAddress("s1", HOST, 9_100))
        self.assertEqual(self.peer.tried, [9_100, 9_100])
        self.assertEqual(self.peer.introduced, [()])
        self.assertFalse(self.registration.is_registered)
        self.has_registry = True
        self.clock.pump([1.0] * 5)
        self.assertTrue(self.registration.is_registered)
        self.end()

    def test_another_address(self) -> None:
        """A peer goes on at another address of its machine, and says so."""
        self.begin()
        self.watch._moved("10.9.0.77")
        self.assertEqual(self.peer.moves, ["10.9.0.77"])
        self.assertIn("going on as 10.9.0.77", self.said[0])
        self.assertIn("join", self.registry.asked[-2:])
        self.end()

    def test_closed(self) -> None:
        """It is known whether others can dial this peer, as the registry has found last."""
        self.begin()
        self.assertFalse(self.peer.is_closed)
        for reachable in (False, True):
            self.registry.reachable.append(reachable)
            self.clock.pump([1.0] * 60)
            self.assertIs(self.peer.is_closed, not reachable)
        self.end()

    def test_clock_set(self) -> None:
        """A clock that somebody sets wrong is known to be at once, and told of soon, and once."""
        self.patch(Standing, "is_to_be_checked", True)
        self.registration._wall = lambda: self.clock.seconds() + 1e9 + self.set_ahead
        self.begin()
        self.clock.pump([1.0] * 60)
        self.assertEqual((self.registration.ahead, self.said), (0.0, []))
        self.assertEqual(self.peer.registry_wall, 1e9)
        for self.set_ahead, said in ((86_400.0, "24:00:00 ahead"), (0.0, "agree again")):
            self.assertEqual(self.registration.ahead, self.set_ahead)
            self.clock.pump([1.0] * 120)
            self.assertIn(said, self.said.pop())
            self.assertEqual(self.said, [])
        self.end()

    def test_busy_there(self) -> None:
        """A port that is in use at the new address is a sentence."""
        self.begin()

        def fail() -> None:
            raise CannotListenError("10.9.0.77", 9_100, OSError(98, "Address already in use"))

        self.peer.before_listening = fail
        self.watch._moved("10.9.0.77")
        self.assertIn("start this peer again", self.said[1])
        self.assertEqual(self.peer.faults, [self.said[1]])
        self.end()

    def test_no_address(self) -> None:
        """Without an address, all that needs the others is refused; until it is back."""
        self.begin()
        self.watch._lost("there is none")
        self.watch._lost(None)
        self.assertEqual(self.peer.faults, ["there is none", None])
        self.assertEqual(
            self.said[-2:], ["there is none", f"this machine has the address {HOST} again"]
        )
        self.end()
