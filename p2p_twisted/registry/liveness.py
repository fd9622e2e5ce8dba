"""Check whether peers are alive, so that no stranger can make the registry flood them."""

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.registry import limits
from p2p_twisted.registry.one_shot import NoAnswer, request
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.lock import Semaphore
from p2p_twisted.runtime.reactor import Dialer
from p2p_twisted.wire.messages import PROTOCOL, Hello
from p2p_twisted.wire.names import NetworkName, PeerAddress


class Checker:
    """
    Dials peers to check whether they greet under their names.

    Checks of one address at the same time share a dial. There is at most one dial a
    second for each address, and 32 at a time altogether.
    """

    log = Logger()

    def __init__(self, reactor: Dialer, network: NetworkName) -> None:
        self._reactor = reactor
        self._network = network
        self._dials = Semaphore(limits.CHECKS_AT_ONCE)
        self._waiting: dict[PeerAddress, list[Deferred[bool]]] = {}
        # When each was dialed last, the oldest first; entries older than a second are dropped.
        self._dialed: dict[PeerAddress, float] = {}

    def is_alive(self, address: PeerAddress) -> "Deferred[bool]":
        """Fire with whether the peer greets from that address within 2 s of being dialed."""
        answer: Deferred[bool] = Deferred()
        if address in self._waiting:
            self._waiting[address].append(answer)
        else:
            self._waiting[address] = [answer]
            background(self.log, "checking a peer", self._check(address))
        return answer

    async def _check(self, address: PeerAddress) -> None:
        is_alive = True
        try:
            await self._wait_for_turn(address)
            async with self._dials:
                is_alive = await self._greets(address)
        finally:
            for answer in self._waiting.pop(address):
                answer.callback(is_alive)

    async def _wait_for_turn(self, address: PeerAddress) -> None:
        now = self._reactor.seconds()
        for dialed in list(self._dialed):
            if now - self._dialed[dialed] < limits.CHECK_AGAIN_SECONDS:
                break
            del self._dialed[dialed]
        last = self._dialed.pop(address, None)
        if last is not None:
            wait = last + limits.CHECK_AGAIN_SECONDS - now
            await deferLater(self._reactor, wait)
        self._dialed[address] = self._reactor.seconds()

    async def _greets(self, address: PeerAddress) -> bool:
        expected = Hello(PROTOCOL, "peer", address.name, self._network)
        try:
            await request(self._reactor, address.host, address.port, expected, limits.CHECK_SECONDS)
        except NoAnswer as error:
            self.log.debug("{address} {why}", address=address, why=error)
            return False
        return True
