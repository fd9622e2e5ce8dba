"""Dials that are under way, each of which may become a link."""

from collections.abc import Iterator

from attrs import define, field

from p2p_twisted.overlay import limits
from p2p_twisted.overlay.candidates import Why
from p2p_twisted.overlay.effects import Dial, LinkId
from p2p_twisted.overlay.passive import place
from p2p_twisted.runtime.token_bucket import TokenBucket
from p2p_twisted.wire.names import PeerAddress, PeerName


@define
class PendingDials:
    """
    The dials of one peer at the moment, and how many more it may begin.

    :param ids: where the numbers of connections come from.
    """

    _ids: Iterator[LinkId]
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
        dial = Dial(next(self._ids), address, why, alone)
        self._running[dial.link] = dial
        return dial

    def end(self, link: LinkId) -> Dial | None:
        """Forget a dial and return it; ``None`` when it is not under way."""
        return self._running.pop(link, None)

    def find(self, name: PeerName) -> Dial | None:
        """Find the dial to a peer."""
        dials = self._running.values()
        return next((dial for dial in dials if dial.address.name == name), None)

    def is_to(self, address: PeerAddress) -> bool:
        """Return whether that peer is dialed, or its host and port under another name."""
        dialed = [dial.address for dial in self._running.values()]
        return any(a.name == address.name or place(a) == place(address) for a in dialed)
