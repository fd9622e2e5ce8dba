"""Tell a person of requesters that this peer cannot reach, and that cannot reach it."""

from collections.abc import Callable
from typing import Final

from attrs import define, field
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.peer.network_session import NetworkSession
from p2p_twisted.peer.shared import SharedLibraries
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.firewall import cut_off, place
from p2p_twisted.wire.messages import Want
from p2p_twisted.wire.names import PeerAddress

_AGAIN_SECONDS: Final = 600.0
_LINES_PER_SECOND: Final = 4 / 60
_LINES_AT_ONCE: Final = 4


@define(eq=False)
class UnreachedRequesters:
    """
    Says it once in ten minutes for each host, and four times a minute at most: requesters say
    themselves where they listen, and could make them up.

    :param announce: is told what a person should know.
    """

    log = Logger()

    _clock: IReactorTime
    _network: NetworkSession
    _shared: SharedLibraries
    _announce: Callable[[str], None]
    # When each host was told of, the latest last: as many as the bucket lets through.
    _told: dict[str, float] = field(factory=dict, init=False)
    _lines: TokenBucket = field(
        factory=lambda: TokenBucket(_LINES_PER_SECOND, _LINES_AT_ONCE), init=False
    )

    def tell(self, want: Want) -> None:
        """Say what is wanted, and why it cannot be sent."""
        now = self._clock.seconds()
        self._told = {host: at for host, at in self._told.items() if at > now - _AGAIN_SECONDS}
        if want.host in self._told or not self._lines.take(now):
            return
        self._told[want.host] = now
        requester = PeerAddress(want.name, want.host, want.port)
        name = self._shared.name_of(want.file) or "a file"
        text = f"{place(requester)} wants {name} but {cut_off(requester, self._network.driver.me)}"
        self.log.info("{text}", text=text)
        self._announce(text)
