"""The end of a whole network: one peer says so, and all the others obey."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from p2p_twisted.overlay.events import SeekingEnded
from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.network_statements import STOP_THIS, NetworkStatements
from p2p_twisted.peer.stop_rule import StopRule
from p2p_twisted.peer_errors import NotAllowed
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.messages import Gossip, Welcome
from p2p_twisted.wire.names import PeerName, is_loopback

STOP: Final = "stop"
"""The kind of broadcast that ends a network."""

_NEVER: Final = "this peer says and obeys no Stop, as it has --stop never; leave stops this peer"
_TOO_OPEN: Final = (
    "nobody may stop the others on an open network beyond one machine, unless they are started with"
    " --stop anyone; leave stops this peer"
)
_LIFE_SECONDS: Final = 60.0
_GRACE_SECONDS: Final = 1.0


@define(eq=False)
class Shutdown:
    """
    One peer's part in the end of its network.

    :param announce: is told what a person should know.
    :param stopped: is called when another peer has stopped the network.
    :param statements: judge who may stop a private network.
    :param rule: who may; ``None`` for what is usual.
    :ivar has_begun: whether the network is being stopped.
    """

    log = Logger()

    _clock: IReactorTime
    _network: NetworkSession
    _announce: Callable[[str], None]
    _stopped: Callable[[], None]
    _statements: NetworkStatements | None = field(default=None, kw_only=True)
    _rule: StopRule | None = field(default=None, kw_only=True)
    has_begun: bool = field(default=False, init=False)
    _started: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self._clock.seconds()

    def check(self) -> None:
        """
        Check that this peer may stop the network that it is in.

        :raises NotAllowed: when it may not.
        """
        rule = self._obeyed()
        if rule is StopRule.NEVER:
            raise NotAllowed(_NEVER if self._rule else _TOO_OPEN)
        if rule is StopRule.ADMINS and self._statements is not None:
            self._statements.check_admin(STOP_THIS)

    async def stop_others(self) -> None:
        """
        Stop every other peer of the network; returns when this one may leave, too.

        :raises PeerError: when this peer has not joined, or may not.
        """
        driver = await self._network.connected()
        self.check()
        id_, text = driver.new_id(), ""
        if self._statements is not None:
            text = self._statements.sign_stop(id_, by_anyone=self._obeyed() is StopRule.ANYONE)
        gossip = Gossip(id_, STOP, driver.me.name, 0.0, _LIFE_SECONDS, urgent=True, text=text)
        driver.publish(gossip)
        await self._wind_down()

    def welcomed(self, welcome: Welcome) -> None:
        """Obey a stop of the registry's operator, and tell the others."""
        if welcome.stop is None or self._network.address is None:
            return
        driver = self._network.driver
        id_, name = driver.new_id(), driver.me.name
        gossip = Gossip(id_, STOP, name, 0.0, _LIFE_SECONDS, urgent=True, text=welcome.stop)
        self.told(gossip)
        if self.has_begun:
            driver.publish(gossip)

    def told(self, gossip: Gossip) -> None:
        """
        Obey a stop, if it is for this run of this peer.

        In a private network, a member that may say so must have signed it.
        """
        rule = self._obeyed()
        is_late = gossip.age > self._clock.seconds() - self._started
        if self.has_begun or is_late or rule is StopRule.NEVER:
            return
        by: PeerName | None = gossip.origin
        if self._statements is not None:
            by = self._statements.stopped_by(gossip.text, by_anyone=rule is StopRule.ANYONE)
        if by is not None:
            self.log.info("{by} has stopped the network", by=by)
            self._announce(f"{by} has stopped the network")
            background(self.log, "stopping", self._obey())

    def _obeyed(self) -> StopRule:
        """Return who may stop this peer."""
        if self._rule is not None:
            return self._rule
        if self._statements is not None:
            return StopRule.ADMINS
        is_alone = is_loopback(self._network.driver.me.host)
        return StopRule.ANYONE if is_alone else StopRule.NEVER

    async def _obey(self) -> None:
        await self._wind_down()
        self._stopped()

    async def _wind_down(self) -> None:
        """Keep the links for a second, so that the word gets through, but make none."""
        self.has_begun = True
        self._network.driver.feed(SeekingEnded())
        await deferLater(self._clock, _GRACE_SECONDS, lambda: None)
