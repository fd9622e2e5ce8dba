"""The end of a whole network: one peer says so, and all the others obey."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.overlay.events import SeekingEnded
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.network_statements import NetworkStatements
from p2p_twisted.peer.peer_errors import NotAllowed
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.messages import Gossip
from p2p_twisted.wire.names import is_loopback

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
    :param statements: judge who may stop a private network.
    :ivar has_begun: whether the network is being stopped.
    """

    log = Logger()

    _clock: IReactorTime
    _network: NetworkSession
    _announce: Callable[[str], None]
    _stopped: Callable[[], None]
    _statements: NetworkStatements | None = None
    has_begun: bool = field(default=False, init=False)
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self._clock.seconds()

    async def stop_others(self) -> None:
        """
        Stop every other peer of the network; returns when this one may leave, too.

        :raises PeerError: when this peer has not joined, or may not: in a private network all
            but admins, in an open one beyond one machine everybody.
        """
        driver = await self._network.connected()
        id_ = driver.new_id()
        text = "" if self._statements is None else self._statements.sign_stop(id_)
        if self._statements is None and not is_loopback(driver.me.host):
            raise NotAllowed(
                "nobody may stop the others on an open network beyond one machine;"
                " leave stops this peer"
            )
        gossip = Gossip(id_, STOP, driver.me.name, 0.0, _LIFE_SECONDS, urgent=True, text=text)
        driver.publish(gossip)
        await self._wind_down()

    def told(self, gossip: Gossip) -> None:
        """
        Obey a stop, if it is for this run of this peer.

        In a private network an admin must have signed it; an open one must be of one machine.
        """
        if self.has_begun or gossip.age > self._clock.seconds() - self._started:
            return
        if self._statements is not None:
            by = self._statements.stopped_by(gossip.text)
        else:
            by = gossip.origin if is_loopback(self._network.driver.me.host) else None
        if by is not None:
            self._announce(f"{by} has stopped the network")
            background(self.log, "stopping", self._obey())

    async def _obey(self) -> None:
        await self._wind_down()
        self._stopped()

    async def _wind_down(self) -> None:
        """Keep the links for a second, so that the word gets through, but make none."""
        self.has_begun = True
        self._network.driver.feed(SeekingEnded())
        await deferLater(self._clock, _GRACE_SECONDS, lambda: None)
