"""Keep how a download goes: who was asked, who delivered, and where the time went."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import define, evolve, field

from p2p_twisted.explain import limits
from p2p_twisted.explain.bounded import FairList
from p2p_twisted.explain.facts import AccountNote, HolderFacts, Obstacles, OwnWork, Waits
from p2p_twisted.explain.push_times import PushTimes
from p2p_twisted.wire.names import PeerName
from p2p_twisted.wire.reaching import DIRECT

_MARK_SECONDS: Final = 5.0
_MARKS: Final = 3
# Longer ones were no deliveries, or the machine slept.
_LONGEST_TICK_SECONDS: Final = 2.0
# Holders begin and end to deliver again and again: what they do is noted by itself.
_UNNOTED: Final = ("seeking", "receiving", "queued")

Way = tuple[PeerName, PeerName]
"""The first peer on the way to a holder, and the holder."""

_NO_OBSTACLES: Final[Obstacles] = (), (), ()


@define(eq=False)
class HolderAccount:
    """
    What one holder was asked, by one way, and has come to.

    :ivar waits: of its pushes that have ended.
    :ivar pushes: that run.
    """

    holder: PeerName
    first_hop: PeerName
    how: str = DIRECT
    asked: int = 0
    asked_at: float = 0.0
    last: str = ""
    waits: Waits = field(factory=Waits)
    pushes: list[PushTimes] = field(factory=list)
    latest: PushTimes | None = None

    @property
    def all_waits(self) -> Waits:
        """How the time of all its pushes went by."""
        return sum((push.waits() for push in self.pushes), self.waits)

    def look(self) -> None:
        """Look at the connections of its pushes."""
        for push in self.pushes:
            push.look()

    def facts(self, before: Waits, received: int, share: float) -> HolderFacts:
        """
        Describe it.

        :param before: what is not judged any more.
        :param received: how many verified bytes have come from it.
        :param share: of what has come from all.
        """
        push = self.latest
        way = push.way if push is not None else None
        return HolderFacts(
            self.holder,
            via=self.first_hop if self.first_hop != self.holder else None,
            is_proven=push is not None and push.is_proven,
            how=self.how,
            asked=self.asked,
            last=self.last,
            waits=self.all_waits - before,
            received=received,
            share=share,
            is_delivering=bool(self.pushes),
            held=push.held if push is not None else None,
            round_trip=None if way is None else way.round_trip,
            reordered=None if way is None else way.reordered,
        )


@define(eq=False)
class DownloadAccount:
    """
    What is known of one download.

    :param now: reads the monotonic clock, in seconds.
    :param processor: reads for how long this thread has run on a core, or lacked one, in seconds.
    :param writer: reads the same of the thread that verifies and writes chunks.
    :ivar began: when the download did, in seconds on that clock.
    :ivar obstacles: what last kept holders from delivering.
    :ivar hashing: the holder that was still hashing it, and how far it was, in percent.
    """

    _now: Callable[[], float]
    _processor: Callable[[], float] = lambda: 0.0
    _writer: Callable[[], float] = lambda: 0.0
    began: float = field(init=False)
    obstacles: Obstacles = field(default=_NO_OBSTACLES, init=False)
    hashing: tuple[PeerName, int] | None = field(default=None, init=False)
    _state: str = field(default="", init=False)
    _since: float = field(init=False)
    _is_ended: bool = field(default=False, init=False)
    _seconds_in: "defaultdict[str, float]" = field(factory=lambda: defaultdict(float), init=False)
    _notes: "FairList[AccountNote]" = field(init=False)
    _holders: "FairList[HolderAccount]" = field(init=False)
    # See OwnWork.
    _watched: float = field(default=0.0, init=False)
    _needed: float = field(default=0.0, init=False)
    _chunks: float = field(default=0.0, init=False)
    _ticked: tuple[float, float, float] = field(init=False)
    # How all stood at some times, the last of which are kept.
    _marks: "deque[tuple[float, OwnWork, dict[Way, Waits]]]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.began = self._since = self._now()
        self._ticked = self.began, self._processor(), self._writer()
        self._notes = FairList(limits.NOTES_PER_DOWNLOAD, lambda note: note.via)
        self._holders = FairList(limits.HOLDERS_PER_ACCOUNT, _first_hop, _worth)
        self._marks = deque(maxlen=_MARKS)

    # What is told

    def became(
        self, state: str, is_ended: bool = False, obstacles: Obstacles = _NO_OBSTACLES
    ) -> None:
        """
        Record a change of the state.

        :param obstacles: what keeps holders from delivering.
        """
        now = self._now()
        if any(obstacles):
            self.obstacles = obstacles
        if state == self._state:
            return
        if not self._is_ended:
            self._seconds_in[self._state] += now - self._since
        self._state, self._since, self._is_ended = state, now, is_ended
        if is_ended:
            self._marks.clear()
        if state not in _UNNOTED:
            self._note(state)

    def looked(self, found: int) -> None:
        """Record that others were asked who has it, and how many do."""
        self._note(f"looked for holders: {found} found")

    def asked(self, holder: PeerName, route: Sequence[PeerName]) -> None:
        """Record that a holder is asked to deliver."""
        first_hop = route[0] if route else holder
        account = self._of(holder, first_hop)
        if account is None:
            account = HolderAccount(holder, first_hop)
            self._holders.add(account)
        account.asked += 1
        account.asked_at = self._now()
        way = f" by way of {first_hop}" if first_hop != holder else ""
        self._note(f"asked {holder}{way}", first_hop)

    def joined(self, push: PushTimes, how: str) -> None:
        """Record that a holder delivers."""
        account = self._of(push.holder, push.first_hop)
        if account is None:
            return
        account.how, account.latest = how, push
        account.pushes.append(push)
        took = self._now() - account.asked_at
        way = "" if how == DIRECT else f" ({how})"
        self._note(f"{push.holder} delivers{way}, {took:.2f} s after it was asked", push.first_hop)

    def left(self, holder: PeerName, route: Sequence[PeerName], why: str) -> None:
        """Record that nothing more is expected of a holder, and why."""
        first_hop = route[0] if route else holder
        account = self._of(holder, first_hop)
        if account is None:
            return
        account.last = why[: limits.NOTE_CHARACTERS]
        account.waits = sum(
            (push.waits() for push in account.pushes if push.is_ended), account.waits
        )
        account.pushes = [push for push in account.pushes if not push.is_ended]
        self._note(f"{holder}: {why}", first_hop)

    def tick(self) -> None:
        """Measure, several times a second while holders deliver."""
        before, had, wrote = self._ticked
        self._ticked = now, processor, writer = self._now(), self._processor(), self._writer()
        if now - before <= _LONGEST_TICK_SECONDS:
            self._watched += now - before
            self._needed += processor - had
            self._chunks += writer - wrote
        if not self._marks or now - self._marks[-1][0] >= _MARK_SECONDS:
            for account in self._holders.kept:
                account.look()
            self._marks.append((now, self._work, self._all_waits()))

    # What is asked

    @property
    def seconds(self) -> float:
        """How long it has taken so far, or took until it ended."""
        return (self._since if self._is_ended else self._now()) - self.began

    @property
    def seconds_in(self) -> dict[str, float]:
        """For how long it was in each state."""
        seconds = dict(self._seconds_in)
        seconds.pop("", None)
        if not self._is_ended:
            seconds[self._state] = seconds.get(self._state, 0.0) + self._now() - self._since
        return seconds

    @property
    def notes(self) -> tuple[AccountNote, ...]:
        """What happened, oldest first."""
        return tuple(self._notes.kept)

    def measured(
        self, delivered: Mapping[PeerName, int]
    ) -> tuple[float, OwnWork, tuple[HolderFacts, ...]]:
        """
        Return what was measured of late, or of all of it once it has ended.

        :param delivered: how many verified bytes have come from each holder.
        :returns: over how many seconds; this peer's own work; and of holders, most first.
        """
        window, work = self.seconds, OwnWork()
        waits: dict[Way, Waits] = {}
        if self._marks and not self._is_ended:
            began, work, waits = self._marks[0]
            window = self._now() - began
        left, total = dict(delivered), sum(delivered.values())
        holders = []
        # What a holder has delivered came by the way by which most has.
        for account in sorted(self._holders.kept, key=_worth, reverse=True):
            account.look()
            received = left.pop(account.holder, 0)
            before = waits.get(_way(account), Waits())
            holders.append(account.facts(before, received, received / total if total else 0.0))
        holders.sort(key=lambda holder: -holder.received)
        return window, self._work - work, tuple(holders)

    # How it works

    @property
    def _work(self) -> OwnWork:
        return OwnWork(self._watched, self._needed, self._chunks)

    def _of(self, holder: PeerName, first_hop: PeerName) -> HolderAccount | None:
        known = (each for each in self._holders.kept if _way(each) == (first_hop, holder))
        return next(known, None)

    def _all_waits(self) -> dict[Way, Waits]:
        return {_way(account): account.all_waits for account in self._holders.kept}

    def _note(self, text: str, first_hop: PeerName | None = None) -> None:
        text, now = text[: limits.NOTE_CHARACTERS], self._now() - self.began
        last = self._notes.kept[-1] if self._notes.kept else None
        if last is not None and (last.text, last.via) == (text, first_hop):
            self._notes.kept[-1] = evolve(last, until=now, times=last.times + 1)
        else:
            self._notes.add(AccountNote(now, text, first_hop))


def _way(account: HolderAccount) -> Way:
    return account.first_hop, account.holder


def _first_hop(account: HolderAccount) -> PeerName:
    return account.first_hop


def _worth(account: HolderAccount) -> float:
    return account.waits.received + bool(account.pushes)
