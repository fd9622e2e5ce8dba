"""A peer's place in the registry, where ports and registry come and go."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.registration import Registration
from p2p_twisted.peer.state import StateDirectory
from p2p_twisted.registry.client import RegistryClient, RegistryUnreachable
from p2p_twisted.wire.messages import Join, Welcome
from p2p_twisted.wire.names import PeerAddress, PeerName, Token

HOST = "127.0.0.1"


@frozen
class Registry(RegistryClient):
    """Gives everybody the port that it asks for, while it is there."""

    is_there: Callable[[], bool]

    async def join(self, join: Join) -> Welcome:
        self._check()
        assert join.name is not None
        port = next(p for p in (join.port, *range(9_200, 9_300)) if p and p not in join.unusable)
        return Welcome(join.name, HOST, port, 60.0, "a token", ())

    async def renew(self, name: PeerName, token: Token) -> Welcome:
        self._check()
        return Welcome(name, HOST, 9_100, 60.0, token, ())

    async def leave(self, name: PeerName, token: Token) -> None:
        self._check()

    def _check(self) -> None:
        if not self.is_there():
            raise RegistryUnreachable("there is none")


class RegistrationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.has_registry = True
        registry = Registry(self.clock, HOST, 9_011, "default", lambda: self.has_registry)
        state = StateDirectory(Path(self.mktemp()))
        state.open()
        self.addCleanup(state.close)
        state.write("registration", {"address": ["s1", HOST, 9_100], "token": "a token"})
        self.registration = Registration(
            self.clock,
            Random(1),
            registry,
            state,
            Join("s1"),
            lambda _referrals: None,
            lambda: False,
            lambda _said: None,
        )

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
