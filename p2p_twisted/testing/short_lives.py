"""The least of a peer that registries notice: it joins, greets, renews and leaves, and again."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final

from attrs import define, field
from twisted.internet.task import deferLater
from typing_extensions import override

from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.registry.refusals import RegistryRefused, RegistryUnreachable
from p2p_twisted.testing.daemons import NETWORK
from p2p_twisted.testing.grants import Grant, Grants
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.listener import Listener
from p2p_twisted.wire.messages import PROTOCOL, Hello, Join, Message, Welcome
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.session import Session

_RETRY_SECONDS: Final = 1.0
_TOLD_SECONDS: Final = 12.0
"""As long as the last of three registries is waited for, which is asked soon after the first."""

_PAUSE_SECONDS: Final = (0.0, 3.0)
_TOKEN_BITS: Final = 128


class _OnlyGreets(Session):
    """Does nothing else, as registries want no more; peers that are referred to it are refused."""

    @override
    def received(self, message: Message) -> None:
        raise ProtocolError("only a registry is answered here")


@define(eq=False, kw_only=True)
class ShortLives:
    """
    Lives one life after the other under names that others may want, too.

    :ivar process: the reactor, also a virtual one.
    :ivar choose: returns the next name.
    :ivar stays: how many seconds a life lasts, at least and at most.
    :ivar tries: when it has asked for its place, as long as it has none.
    :ivar waits: from when to when it has waited for each.
    """

    process: Any
    client: RegistryClient
    grants: Grants
    choose: Callable[[], PeerName]
    rng: Random
    stays: tuple[float, float] = (0.5, 90.0)
    tries: list[float] = field(factory=list)
    waits: list[tuple[float, float]] = field(factory=list)

    async def live(self) -> None:
        """Come and go for ever."""
        while True:
            grant = await self._come()
            port = self.process.listenTCP(grant.port, self._greeter(grant.name))
            stays = self.process.seconds() + self.rng.uniform(*self.stays)
            is_known = await self._stay(grant, stays)
            port.stopListening()
            self.grants.end(grant)
            if is_known:
                await self._leave(grant)
            await self._sleep(self.rng.uniform(*_PAUSE_SECONDS))

    async def _come(self) -> Grant:
        """Ask for a place until there is one."""
        join = self._anew()
        while True:
            asked = self.process.seconds()
            self.tries.append(asked)
            try:
                welcome = await self.client.join(join)
            except RegistryUnreachable:
                pass
            except RegistryRefused as refused:
                if refused.code != "later":
                    join = self._anew()
            else:
                now = self.process.seconds()
                self.waits.append((self.tries[0], now))
                self.tries.clear()
                return self.grants.give(welcome, asked, now)
            if (took := self.process.seconds() - asked) > _TOLD_SECONDS:
                self.grants.wrong.append(f"{asked:.3f}: {join.name} is told after {took:.1f} s")
            await self._sleep(_RETRY_SECONDS)

    def _anew(self) -> Join:
        self.tries.clear()
        # Its own, so that it is known again where an answer was lost.
        return Join(self.choose(), token=f"{self.rng.getrandbits(_TOKEN_BITS):032x}")

    async def _stay(self, grant: Grant, until: float) -> bool:
        """Renew the lease in time; return whether the registries know of it still."""
        pause = 0.0
        while (left := until - self.process.seconds()) > 0:
            await self._sleep(min(pause, left))
            asked = self.process.seconds()
            if asked >= grant.until:
                return True
            try:
                welcome: Welcome = await self.client.renew(grant.name, grant.token)
            except RegistryUnreachable:
                pause = _RETRY_SECONDS
            except RegistryRefused as refused:
                if refused.code != "later":
                    self.grants.forgotten(grant, self.process.seconds())
                    return False
                pause = _RETRY_SECONDS
            else:
                grant.until, pause = asked + welcome.lease, welcome.lease / 2
        return True

    async def _leave(self, grant: Grant) -> None:
        # Otherwise the lease runs out.
        with suppress(RegistryRefused, RegistryUnreachable):
            await self.client.leave(grant.name, grant.token)

    def _greeter(self, name: PeerName) -> Listener:
        greeting = Hello(PROTOCOL, "peer", name, NETWORK)
        return Listener(self.process, greeting, lambda _connection: _OnlyGreets())

    async def _sleep(self, seconds: float) -> None:
        await deferLater(self.process, seconds)
