"""Dials that are under way, each of which may become a link."""

from collections.abc import Iterable, Iterator

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.candidates import Why
from p2p_twisted.overlay.effects import Dial, Effect, Exchange, LinkId
from p2p_twisted.overlay.passive import place
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.dial_limit import DialLimit
from p2p_twisted.wire.names import PeerAddress, PeerName, is_loopback


@define
class PendingDials:
    """
    The dials of one peer at the moment, and how many more it may begin.

    :param ids: where the numbers of connections come from.
    :param limit: of all dials of this peer that fail, be they for links or for files; links leave
        the most of them to files, for which a person waits.
    :ivar is_closed: whether others cannot dial this peer.
    """

    _ids: Iterator[LinkId]
    _limit: DialLimit = field(factory=DialLimit)
    is_closed: bool = field(default=False, init=False)
    _running: dict[LinkId, Dial] = field(factory=dict)
    _allowed: TokenBucket = field(
        factory=lambda: TokenBucket(limits.LINKS_DIALED_PER_SECOND, limits.LINKS_DIALED_BURST)
    )

    def __len__(self) -> int:
        return len(self._running)

    def left(self, now: float) -> int:
        """Return how many more may begin."""
        return self._allowed.left(now)

    def begin(self, address: PeerAddress, why: Why, alone: bool, now: float) -> Dial:
        """
        Begin a dial.

        :param alone: whether this peer has no link.
        """
        self._allowed.take(now)
        self._count(address, now)
        dial = Dial(next(self._ids), address, why, alone, self.is_closed)
        self._running[dial.link] = dial
        return dial

    def exchanges(self, addresses: Iterable[PeerAddress], now: float) -> list[Effect]:
        """Begin to exchange samples, for which short connections are dialed where they may be."""
        allowed = [address for address in addresses if self.may_begin(address, now)]
        for address in allowed:
            self._count(address, now)
        return [Exchange(address) for address in allowed]

    def answered(self, address: PeerAddress, now: float) -> None:
        """Record that the peer of an address has greeted us there."""
        if not is_loopback(address.host):
            self._limit.succeeded(address.host, address.port, now)

    def may_begin(self, address: PeerAddress, now: float) -> bool:
        """Return whether an address may be dialed: nobody is sent to a host in vain for ever."""
        host, port = address.host, address.port
        is_allowed = is_loopback(host) or self._limit.allows(
            host, port, now, limits.FAILED_LINK_DIALS_PER_MINUTE
        )
        return is_allowed and not self.is_to(address)

    def end(self, link: LinkId) -> Dial | None:
        """Forget a dial and return it; ``None`` when it is not under way."""
        return self._running.pop(link, None)

    def find(self, name: PeerName) -> Dial | None:
        """Find the dial to a peer."""
        dials = self._running.values()
        return next((dial for dial in dials if dial.address.name == name), None)

    def goes_on(self, dial: Dial, me: PeerAddress, address: PeerAddress, is_closed: bool) -> bool:
        """
        Return whether a dial goes on although its peer asks for a link.

        Of two that cross, the one dialed by the smaller name stays, unless it is in vain; and
        whoever comes from elsewhere under the name that we dial may not be that peer.

        :param is_closed: whether the peer at ``address`` cannot be dialed.
        """
        is_first = me.name < address.name and not is_closed
        return is_first or dial.address != address

    def _count(self, address: PeerAddress, now: float) -> None:
        # On loopback, where each port is another peer, a rest after each failure is enough.
        if not is_loopback(address.host):
            self._limit.take(address.host, address.port, now)

    def is_to(self, address: PeerAddress) -> bool:
        """Return whether that peer is dialed, or its host and port under another name."""
        dialed = [dial.address for dial in self._running.values()]
        return any(a.name == address.name or place(a) == place(address) for a in dialed)
