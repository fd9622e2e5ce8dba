"""Remember what keeps holders from delivering: that nobody reaches the other, or what they say."""

from math import inf

import attrs
from twisted.logger import Logger

from p2p_twisted.download import limits
from p2p_twisted.download.trust import Way, way
from p2p_twisted.wire.firewall import place
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import PeerAddress, PeerName


@attrs.frozen
class _Barrier:
    address: PeerAddress
    due: float


def _ways(hit: Hit) -> tuple[Way, Way]:
    """Return the way to a holder, and that without anybody between: its own word counts for all."""
    return way(hit), ((hit.peer,), hit.peer)


class Barriers:
    """
    Holders that are there, but have no connection with this peer: as behind two firewalls.

    All downloads together try such a holder once in 8 s, since either side may dial a host in
    vain only twelve times a minute. Times are in seconds on the monotonic clock.
    """

    log = Logger()

    def __init__(self) -> None:
        self._known: dict[Way, _Barrier] = {}
        self._hurried_at = -inf

    def between(self, hit: Hit) -> PeerAddress | None:
        """Return where a holder listens that could not be reached; ``None`` for others."""
        barrier = self._of(hit)
        return None if barrier is None else barrier.address

    def may_ask(self, hit: Hit, now: float) -> bool:
        """Return whether a holder may be asked now."""
        barrier = self._of(hit)
        return barrier is None or barrier.due <= now

    def linked(self, peer: PeerName) -> None:
        """Record that a peer is a neighbor now: so one side has reached the other."""
        self._known = {key: known for key, known in self._known.items() if key[1] != peer}

    def asked(self, hit: Hit, now: float) -> None:
        """Put the next try off, now that this one begins."""
        barrier = self._of(hit)
        if barrier is not None:
            self._put(hit, barrier.address, now)

    def found(self, hit: Hit, address: PeerAddress, asked_at: float, cut: str) -> None:
        """
        Record that neither side reached the other; log it once.

        :param cut: the end of a sentence about the holder: why, and what to do.
        """
        if way(hit) not in self._known:
            holder = place(address)
            self.log.info("{holder} has {name} but {cut}", holder=holder, name=hit.name, cut=cut)
        self._put(hit, address, asked_at)

    def hurry(self, now: float) -> dict[Way, PeerAddress]:
        """
        Have all such holders tried at once, as somebody has come who may join both sides.

        :returns: where they listen; nothing more often than every 15 s, whoever comes.
        """
        if not self._known or now - self._hurried_at < limits.HURRIED_AGAIN_SECONDS:
            return {}
        self._hurried_at = now
        self._known = {key: attrs.evolve(each, due=now) for key, each in self._known.items()}
        return {key: each.address for key, each in self._known.items()}

    def passed(self, hit: Hit) -> None:
        """Record that one side has reached the other."""
        for each in _ways(hit):
            self._known.pop(each, None)

    def _of(self, hit: Hit) -> _Barrier | None:
        return next(filter(None, map(self._known.get, _ways(hit))), None)

    def _put(self, hit: Hit, address: PeerAddress, now: float) -> None:
        # What has not been tried again for long may be over.
        oldest = now - limits.UNREACHABLE_SECONDS
        self._known = {key: known for key, known in self._known.items() if known.due > oldest}
        self._known[way(hit)] = _Barrier(address, now + limits.UNREACHABLE_AGAIN_SECONDS)


class Refusals:
    """What holders have said of late that do not serve: a sentence of each, for people."""

    def __init__(self) -> None:
        self._said: dict[Way, tuple[str, float]] = {}

    def of(self, hit: Hit, now: float) -> str | None:
        """Return what a holder has said last; ``None`` where that is long ago."""
        reason, at = self._said.get(way(hit), (None, 0.0))
        return reason if now - at < limits.UNREACHABLE_SECONDS else None

    def put(self, hit: Hit, reason: str, now: float) -> None:
        """Record what a holder says."""
        oldest = now - limits.UNREACHABLE_SECONDS
        self._said = {key: said for key, said in self._said.items() if said[1] > oldest}
        self._said[way(hit)] = reason, now

    def drop(self, hit: Hit) -> None:
        """Forget it: the holder delivers."""
        self._said.pop(way(hit), None)
