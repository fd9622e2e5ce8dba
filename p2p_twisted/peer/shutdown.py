"""The end of a whole network: one peer says so, and all the others obey."""

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.peer.interface import PeerError
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.messages import Gossip
from p2p_twisted.wire.names import MessageId, PeerName, is_loopback

STOP: Final = "stop"
"""The kind of broadcast that ends a network."""

_LIFE_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 1.0


class Shutdown:
    """
    One peer's part in the end of its network.

    :param leave: ends this peer's part in the network.
    :param stopped: is called when another peer has stopped the network.
    :ivar has_begun: whether somebody has stopped the network.
    """

    log = Logger()
    has_begun = False

    def __init__(
        self,
        reactor: IReactorTime,
        presence: NetworkSession,
        new_id: Callable[[], MessageId],
        announce: Callable[[str], None],
        leave: Callable[[], "Deferred[None]"],
        stopped: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._presence = presence
        self._new_id = new_id
        self._announce = announce
        self._leave = leave
        self._stopped = stopped
        self._started = reactor.seconds()

    async def stop_all(self) -> None:
        """
        Stop every peer of the network, this one last.

        :raises PeerError: when it cannot, or may not: on a network beyond one machine
            nobody may.
        """
        node = (await self._presence.search()).node
        if not is_loopback(node.me.host):
            raise PeerError(
                "nobody may stop the others on an open network beyond one machine;"
                " leave stops this peer"
            )
        node.publish(Gossip(self._new_id(), STOP, node.me.name, 0.0, _LIFE_SECONDS, urgent=True))
        await self._wind_down()
        await self._leave()

    def told(self, origin: PeerName, age: float) -> None:
        """Obey a stop, if it is for this run of this peer, on a network of one machine."""
        is_older = age > self._reactor.seconds() - self._started
        if is_older or not is_loopback(self._presence.address().host) or self.has_begun:
            return
        self._announce(f"{origin} has stopped the network")
        background(self.log, "stopping", self._obey())

    async def _obey(self) -> None:
        await self._wind_down()
        self._stopped()

    async def _wind_down(self) -> None:
        """Keep the links for a moment, so that the word gets through, but make none."""
        self.has_begun = True
        if self._presence.node is not None:
            self._presence.node.seek_no_more()
        await deferLater(self._reactor, _GRACE_SECONDS, lambda: None)
