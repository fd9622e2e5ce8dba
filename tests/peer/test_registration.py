"""A peer's place in the registry, where ports and registry come and go."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

from attrs import field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.registration import RegistrationKeeper
from p2p_twisted.peer.state import StateDirectory
from p2p_twisted.registry.client import RegistryClient, RegistryRefused, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Welcome
from p2p_twisted.wire.names import PeerAddress, PeerName, Token

HOST = "127.0.0.1"


@frozen
class Registry(RegistryClient):
    """Gives everybody the port that it asks for, while it is there."""

    is_there: Callable[[], bool]
    before_renewal: Callable[[], Awaitable[None]]
    asked: list[str] = field(factory=list)

    async def join(self, join: Join) -> Welcome:
        self._check()
        self.asked.append("join")
        assert join.name is not None
        port = next(p for p in (join.port, *range(9_200, 9_300)) if p and p not in join.unusable)
        return Welcome(join.name, HOST, port, 60.0, "a token", ())

    async def renew(self, name: PeerName, token: Token) -> Welcome:
        self._check()
        self.asked.append("renew")
        await self.before_renewal()
        return Welcome(name, HOST, 9_100, 60.0, token, ())

    async def leave(self, name: PeerName, token: Token) -> None:
        self._check()
        self.asked.append("leave")

    def _check(self) -> None:
        if not self.is_there():
            raise RegistryUnreachable("there is none")


class RegistrationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = MemoryReactorClock()
        self.has_registry = True
        self.forgotten: Deferred[None] | None = None
        self.registry = Registry(
            self.clock, HOST, 9_011, "default", lambda: self.has_registry, self.before_renewal
        )
        state = StateDirectory(Path(self.mktemp()))
        state.open()
        self.addCleanup(state.close)
        state.write("registration", {"address": ["s1", HOST, 9_100], "token": "a token"})
        self.registration = RegistrationKeeper(
            self.clock,
            Random(1),
            self.registry,
            state,
            Join("s1"),
            lambda _referrals: None,
            lambda: False,
            lambda _said: None,
        )

    async def before_renewal(self) -> None:
        """Refuse the renewal once ``forgotten`` has fired, if it is set."""
        if self.forgotten is not None:
            await self.forgotten
            raise RegistryRefused("unknown", "nobody of that name is here")

    def test_ends_while_renewing(self) -> None:
        """Whoever has left does not join again, though a renewal was under way."""
        begun = Deferred.fromCoroutine(self.registration.begin(lambda _port: None))
        self.successResultOf(begun)
        self.forgotten = Deferred()
        kept = Deferred.fromCoroutine(self.registration.keep())
        self.successResultOf(Deferred.fromCoroutine(self.registration.end()))
        self.forgotten.callback(None)
        self.clock.pump([1.0] * 20)
        self.successResultOf(kept)
        self.assertEqual(self.registry.asked, ["join", "renew", "leave"])

    def test_hurries_once_a_second(self) -> None:
        """However often the last neighbor is lost, the registry is asked once a second."""
        self.successResultOf(Deferred.fromCoroutine(self.registration.begin(lambda _port: None)))
        kept = Deferred.fromCoroutine(self.registration.keep())
        for _ in range(100):
            self.registration.hurry()
            self.clock.advance(0.1)
        self.assertIn(self.registry.asked.count("renew"), range(8, 13))
        self.successResultOf(Deferred.fromCoroutine(self.registration.end()))
        self.successResultOf(kept)

    def test_port_busy_for_a_moment(self) -> None:
        """A peer that gets its old port after all, when the registry is gone, is registered."""
        tried = []

        def listen(port: int) -> None:
            tried.append(port)
            if len(tried) == 1:
                self.has_registry = False
                raise CannotListenError(HOST, port, OSError("busy"))

        begun = Deferred.fromCoroutine(self.registration.begin(listen))
        self.assertEqual(self.successResultOf(begun), (PeerAddress("s1", HOST, 9_100), ()))
        self.assertEqual(tried, [9_100, 9_100])

        kept = Deferred.fromCoroutine(self.registration.keep())
        self.assertFalse(self.registration.is_registered)
        self.has_registry = True
        self.clock.pump([1.0] * 5)
        self.assertTrue(self.registration.is_registered)
        self.successResultOf(Deferred.fromCoroutine(self.registration.end()))
        self.successResultOf(kept)
