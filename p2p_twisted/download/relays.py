"""Have holders push through relays, where neither side reaches the other."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from random import Random
from typing import Final

from attrs import define, field

from p2p_twisted.download import limits
from p2p_twisted.download.download_network import DownloadNetwork
from p2p_twisted.download.fetching import HolderDialer
from p2p_twisted.download.leg import Leg, TakePush
from p2p_twisted.download.pending_want import PendingWant
from p2p_twisted.download.relay_rates import Pair, RelayRates
from p2p_twisted.download.relay_watch import RelayWatch
from p2p_twisted.download.trust import Verdict, Way, way
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.messages import Hit, Meeting, Push
from p2p_twisted.wire.names import PeerAddress, PeerName
from p2p_twisted.wire.session import Session

ONE_AT_A_TIME: Final = "through relays comes one file of a holder at a time"

_SLOW: Final = "another relay may be faster"
_LOOK_AGAIN_SECONDS: Final = 30.0
_NO_DOUBT: Final = (False, -inf, True)


@define(eq=False, kw_only=True)
class Relays:
    """
    The peers that can join this one with holders, and what is known of them.

    Of what was changed on its way nobody knows whether the relay or the holder did it: so the two
    are not asked together again, and neither is blamed for the other. Where the two ends encrypt,
    a relay can change nothing.
    """

    _network: DownloadNetwork
    _dialer: HolderDialer
    _rng: Random
    # Until when a relay is asked last for a holder, or not at all, in seconds.
    _last: dict[Pair, float] = field(factory=dict, init=False)
    _never: dict[Pair, float] = field(factory=dict, init=False)
    _rates: RelayRates = field(factory=RelayRates, init=False)
    # Who relays for all, and when that was found out.
    _found: Sequence[PeerAddress] = field(default=(), init=False)
    _looked_at: float | None = field(default=None, init=False)
    # The holders that push so.
    _pushing: Counter[PeerName] = field(factory=Counter, init=False)
    # The holders that were reached so of late, and until when that is done at once.
    _detours: dict[Way, tuple[PeerAddress, float]] = field(factory=dict, init=False)
    # The holders that are to be once, as a relay may have come for them.
    _awaited: dict[Way, PeerAddress] = field(factory=dict, init=False)

    def detour(self, hit: Hit) -> PeerAddress | None:
        """Return where a holder listens that is to be reached through a relay at once."""
        holder, until = self._detours.get(way(hit), (None, 0.0))
        return holder if until > self._now() else self._awaited.pop(way(hit), None)

    def linked(self, peer: PeerName) -> None:
        """Record that a peer is a neighbor now: one side reaches the other."""
        self._detours = {key: kept for key, kept in self._detours.items() if key[1] != peer}

    def came(self, relay: PeerName, awaited: Mapping[Way, PeerAddress]) -> None:
        """
        Record that a peer is there, or is there again, that may relay.

        :param awaited: the holders to be reached so at once, without another try to dial them.
        """
        self._last = {pair: until for pair, until in self._last.items() if pair[0] != relay}
        if awaited:
            self._awaited, self._looked_at = dict(awaited), None

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
        if self.is_busy_with(holder):
            return pending.is_over
        pending.wait_no_more()
        late = self._now() + limits.RELAYS_WITHIN_SECONDS
        for relay in await self._choose(pending.hit):
            if pending.is_over or self._now() >= late:
                break
            leg = await self._meet(relay, pending, holder, want, take_push)
            if leg.has_pushed:
                return True
            leg.dialed.abort()
            pending.relays_were_full |= leg.was_full
            self._put(self._last, leg, limits.UNREACHABLE_SECONDS)
            self._rates.put((relay.name, holder.name), 0.0, self._now())
        return pending.is_over

    async def _meet(
        self,
        relay: PeerAddress,
        pending: PendingWant,
        holder: PeerAddress,
        want: Callable[[Meeting], None],
        take_push: TakePush,
    ) -> Leg:
        """Have a holder push through one relay; return what came of it."""

        def count(connection: Connection, push: Push, how: str) -> Session:
            self._pushing[holder.name] += 1
            session = take_push(connection, push, how)
            if pending.session is session:
                pending.watch = self._watch(pending, leg)
            return session

        me = self._network.address()
        pending.leg = leg = Leg(self._dialer, me, holder, relay, count)
        pending.dialed = leg.dialed
        pending.wait_no_more()
        token = await leg.place()
        if token is not None and not pending.is_over:
            want(Meeting(relay, token))
            await leg.over
        return leg

    def _watch(self, pending: PendingWant, leg: Leg) -> RelayWatch:
        def give_up() -> None:
            leg.is_slow = True
            pending.ended(_SLOW)

        assert pending.session is not None
        return RelayWatch(
            clock=self._dialer.reactor,
            session=pending.session,
            pair=(leg.relay.name, leg.holder.name),
            rates=self._rates,
            choose=lambda: self._choose(pending.hit),
            give_up=give_up,
        )

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
        if pending.session.is_done or leg.is_slow:
            return None
        self._put(self._last, leg, limits.UNREACHABLE_SECONDS)
        if pending.verdict is None or leg.is_sealed:
            return pending.verdict
        self._put(self._never, leg, limits.LIAR_SECONDS)
        return None

    async def _choose(self, hit: Hit) -> list[PeerAddress]:
        """
        List those that are to be asked for a holder, in this order.

        Neighbors come first, and before others those by way of which the holder is not asked: it
        could not be told to go to another relay when one of these stands still.
        """
        relays = self._worthy(self._network.reached(), hit)
        if len(relays) < limits.RELAYS_ASKED or self._doubt(relays[-1], hit) > _NO_DOUBT:
            known = {relay.name for relay in relays}
            others = [each for each in await self._for_all() if each.name not in known]
            relays += self._worthy(others, hit)
            relays.sort(key=lambda relay: self._doubt(relay, hit))
        return relays[: limits.RELAYS_ASKED]

    async def _for_all(self) -> Sequence[PeerAddress]:
        """Find who relays for all; not more than twice a minute."""
        now = self._now()
        if self._looked_at is None or now - self._looked_at >= _LOOK_AGAIN_SECONDS:
            self._looked_at = now
            self._found = await self._network.relays()
        me = self._network.address().name
        return [each for each in self._found if each.name != me]

    def _worthy(self, known: Iterable[PeerAddress], hit: Hit) -> list[PeerAddress]:
        now = self._now()
        others = [each for each in known if each.name != hit.peer]
        worthy = [each for each in others if self._never.get((each.name, hit.peer), 0.0) <= now]
        self._rng.shuffle(worthy)
        worthy.sort(key=lambda relay: self._doubt(relay, hit))
        return worthy[: limits.RELAYS_ASKED]

    def _doubt(self, relay: PeerAddress, hit: Hit) -> tuple[bool, float, bool]:
        """
        Return what speaks against a relay.

        That is that it has failed, how slow it was, of late, and that the holder is asked by way
        of it.
        """
        pair, now = (relay.name, hit.peer), self._now()
        has_failed = self._last.get(pair, 0.0) > now
        return has_failed, -self._rates.of(pair, now), relay.name in hit.route

    def _put(self, kept: dict[Pair, float], leg: Leg, seconds: float) -> None:
        now = self._now()
        for pair in [pair for pair, until in kept.items() if until <= now]:
            del kept[pair]
        kept[leg.relay.name, leg.holder.name] = now + seconds

    def _now(self) -> float:
        return float(self._dialer.reactor.seconds())
