"""The end of a whole network: one peer says so, and all the others obey."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.overlay.events import SeekingEnded
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.peer_errors import NotAllowed
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.messages import Gossip
from p2p_twisted.wire.names import PeerName, is_loopback

STOP: Final = "stop"
"""The kind of broadcast that ends a network."""

_LIFE_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 1.0


@define(eq=False)
class Shutdown:
    """
    One peer's part in the end of its network.

    :param announce: is told what a person should know.
    :param stopped: is called when another peer has stopped the network.
    :ivar has_begun: whether the network is being stopped.
    """

    log = Logger()

    _clock: IReactorTime
    _network: NetworkSession
    _announce: Callable[[str], None]
    _stopped: Callable[[], None]
    has_begun: bool = field(default=False, init=False)
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self._clock.seconds()

    async def stop_others(self) -> None:
        """
        Stop every other peer of the network; returns when this one may leave, too.

        :raises PeerError: when this peer has not joined, or on a network beyond one machine,
            where no peer may stop the others.
        """
        driver = await self._network.connected()
        if not is_loopback(driver.me.host):
            raise NotAllowed(
                "nobody may stop the others on an open network beyond one machine;"
                " leave stops this peer"
            )
        id_ = driver.new_id()
        driver.publish(Gossip(id_, STOP, driver.me.name, 0.0, _LIFE_SECONDS, urgent=True))
        await self._wind_down()

    def told(self, origin: PeerName, age: float) -> None:
        """
        Obey a stop, if it is for this run of this peer, on a network of one machine.

        :param origin: the peer that stops the network.
        :param age: how long ago it said so, in seconds.
        """
        is_older = age > self._clock.seconds() - self._started
        if is_older or not is_loopback(self._network.driver.me.host) or self.has_begun:
            return
        self._announce(f"{origin} has stopped the network")
        background(self.log, "stopping", self._obey())

    async def _obey(self) -> None:
        await self._wind_down()
        self._stopped()

    async def _wind_down(self) -> None:
        """Keep the links for a second, so that the word gets through, but make none."""
        self.has_begun = True
        self._network.driver.feed(SeekingEnded())
        await deferLater(self._clock, _GRACE_SECONDS, lambda: None)
