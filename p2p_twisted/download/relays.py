"""Have holders push through relays, where neither side reaches the other."""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from attrs import define, field

from p2p_twisted.download import limits
from p2p_twisted.download.download_network import DownloadNetwork
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.leg import Leg, TakePush
from p2p_twisted.download.pending_want import PendingWant
from p2p_twisted.download.trust import Verdict, Way, way
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Hit, Meeting, Push
from p2p_twisted.wire.names import PeerAddress, PeerName
from p2p_twisted.wire.session import Session

ONE_AT_A_TIME: Final = "through relays comes one file of a holder at a time"

_Pair = tuple[PeerName, PeerName]
"""A relay, and a holder."""


@define(eq=False, kw_only=True)
class Relays:
    """
    The neighbors that can join this peer with holders, and what is known of them.

    Of what was changed on its way nobody knows whether the relay or the holder did it: so the two
    are not asked together again, and neither is blamed for the other. Where the two ends encrypt,
    a relay can change nothing.
    """

    _network: DownloadNetwork
    _dialer: HolderDialer
    _rng: Random
    # Until when a relay is asked last for a holder, or not at all, in seconds.
    _last: dict[_Pair, float] = field(factory=dict, init=False)
    _never: dict[_Pair, float] = field(factory=dict, init=False)
    # The holders that push so.
    _pushing: Counter[PeerName] = field(factory=Counter, init=False)
    # The holders that were reached so of late, and until when that is done at once.
    _detours: dict[Way, tuple[PeerAddress, float]] = field(factory=dict, init=False)

    def detour(self, hit: Hit) -> PeerAddress | None:
        """Return where a holder listens that is to be reached through a relay at once."""
        holder, until = self._detours.get(way(hit), (None, 0.0))
        return holder if until > self._now() else None

    def linked(self, peer: PeerName) -> None:
        """Record that a peer is a neighbor now: one side reaches the other."""
        self._detours = {key: kept for key, kept in self._detours.items() if key[1] != peer}

    def is_busy_with(self, holder: PeerAddress) -> bool:
        """Return whether a holder pushes so already: relays join two peers once at a time."""
        return self._pushing[holder.name] > 0

    async def reach(
        self,
        pending: PendingWant,
        holder: PeerAddress,
        want: Callable[[Meeting], None],
        take_push: TakePush,
    ) -> bool:
        """
        Have a holder push through one relay after the other, until it does.

        :param want: asks the holder to meet this peer there.
        :returns: whether it does; also where nothing is expected of it any more.
        """

        def count(connection: Connection, push: Push, how: str) -> Session:
            self._pushing[holder.name] += 1
            return take_push(connection, push, how)

        late = self._now() + limits.RELAYS_WITHIN_SECONDS
        if self.is_busy_with(holder):
            return pending.is_over
        for relay in self._choose(holder.name):
            if pending.is_over or self._now() >= late:
                break
            me = self._network.address()
            pending.leg = leg = Leg(self._dialer, me, holder, relay, count)
            pending.dialed = leg.dialed
            pending.wait_no_more()
            token = await leg.place()
            if token is not None and not pending.is_over:
                want(Meeting(relay, token))
                await leg.over
            if leg.has_pushed:
                return True
            leg.dialed.abort()
            self._put(self._last, leg, limits.UNREACHABLE_SECONDS)
        return pending.is_over

    def judge(self, pending: PendingWant) -> Verdict | None:
        """Remember how a push through a relay went; return what speaks against the holder."""
        leg = pending.leg
        if leg is not None and leg.has_pushed:
            self._pushing -= Counter([leg.holder.name])
        if leg is None or pending.session is None:
            return pending.verdict
        now = self._now()
        self._detours = {key: kept for key, kept in self._detours.items() if kept[1] > now}
        # Not put off: from time to time the straight way is tried again.
        until = now + limits.UNREACHABLE_SECONDS
        self._detours.setdefault(way(pending.hit), (leg.holder, until))
        if pending.session.is_done:
            return None
        self._put(self._last, leg, limits.UNREACHABLE_SECONDS)
        if pending.verdict is None or leg.is_sealed:
            return pending.verdict
        self._put(self._never, leg, limits.LIAR_SECONDS)
        return None

    def _choose(self, holder: PeerName) -> list[PeerAddress]:
        """List those that are to be asked, in this order."""
        now = self._now()
        known = [each for each in self._network.reached() if each.name != holder]
        worthy = [each for each in known if self._never.get((each.name, holder), 0.0) <= now]
        self._rng.shuffle(worthy)
        worthy.sort(key=lambda relay: self._last.get((relay.name, holder), 0.0) > now)
        return worthy[: limits.RELAYS_ASKED]

    def _put(self, kept: dict[_Pair, float], leg: Leg, seconds: float) -> None:
        now = self._now()
        for pair in [pair for pair, until in kept.items() if until <= now]:
            del kept[pair]
        kept[leg.relay.name, leg.holder.name] = now + seconds

    def _now(self) -> float:
        return float(self._dialer.reactor.seconds())
