"""The holders that deliver chunks of one file at the moment."""

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from p2p_twisted.download.in_progress import FileInProgress
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.download.taking import DeliverySession
from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.ranges import Range, ranges
from p2p_twisted.storage.content import Content
from p2p_twisted.wire.names import PeerName


class Deliveries:
    """
    Takes what holders deliver, and keeps them busy: see
    :class:`~p2p_twisted.download.taking.Taker`.

    :ivar idle_since: when something new came last, in seconds.
    """

    def __init__(
        self, clock: IReactorTime, assembly: FileInProgress, observer: DownloadObserver
    ) -> None:
        self.idle_since = clock.seconds()
        self._clock = clock
        self._assembly = assembly
        self._observer = observer
        self._sessions: dict[PeerName, DeliverySession] = {}
        # What has come since holders were told, and who was told of what came before.
        self._fresh: list[int] = []
        self._told: set[PeerName] = set()

    # What sessions call

    def begin(self, holder: PeerName, content: Content) -> "Deferred[ChunkPicker]":
        """Get ready for chunks, now that the digests are known and verified."""
        self._observer.receiving(holder)
        return Deferred.fromCoroutine(self._assembly.open(content))

    def joined(self, session: DeliverySession, is_partial: bool) -> None:
        """Count on a holder from now on."""
        plan = self._assembly.plan
        # All may have come, and been saved, since it began.
        if plan is not None:
            self._sessions[session.holder] = session
            plan.add(session.holder, self._clock.seconds(), is_partial)

    def ask(self, holder: PeerName) -> tuple[Range, ...]:
        """Choose what to ask a holder for now."""
        plan = self._assembly.plan
        if plan is None or holder not in self._sessions:
            return ()
        return plan.ask(holder, self._clock.seconds())

    def announced(self, holder: PeerName, chunks: tuple[Range, ...]) -> None:
        """Take note of what a holder has."""
        if self._assembly.plan is not None and holder in self._sessions:
            self._assembly.plan.announced(holder, chunks)

    def moved(self, holder: PeerName, count: int) -> None:
        """Take note that a holder has sent some bytes."""
        self._observer.moved(holder, count)
        if self._assembly.plan is not None:
            self._assembly.plan.moved(holder, count, self._clock.seconds())

    def take(self, holder: PeerName, index: int, chunk: memoryview) -> None:
        """Verify and keep a chunk; one that is there already is not needed again."""
        plan, now = self._assembly.plan, self._clock.seconds()
        assert plan is not None
        if not plan.is_verified(index):
            self._assembly.keep(index, chunk)
            self.idle_since = now
            self._fresh.append(index)
            self._observer.delivered(holder, len(chunk))
        plan.delivered(holder, index, now)

    # What whoever gathers them calls

    @property
    def has_whole(self) -> bool:
        """Whether somebody delivers who may be asked for everything."""
        return self._assembly.plan is not None and self._assembly.plan.has_whole

    @property
    def stalled(self) -> tuple[PeerName, ...]:
        """The holders that owe something, and from whom nothing comes."""
        return () if self._assembly.plan is None else self._assembly.plan.snubbed

    def left(self, holder: PeerName) -> bool:
        """Count on a holder no more; tell whether it had begun to deliver."""
        self._told.discard(holder)
        if self._sessions.pop(holder, None) is None:
            return False
        if self._assembly.plan is not None:
            self._assembly.plan.release(holder)
        return True

    def ask_all(self) -> None:
        """Ask everybody for what there is to be asked, or tell them that all is there."""
        for session in list(self._sessions.values()):
            session.ask()

    def look_after(self) -> bool:
        """
        Let those who stall be overtaken, and tell holders what they need not send.

        :returns: whether any have stalled since the last time.
        """
        plan = self._assembly.plan
        if plan is None:
            return False
        fresh, self._fresh = tuple(ranges(sorted(self._fresh))), []
        for holder, session in self._sessions.items():
            if holder in self._told:
                session.announce(fresh)
            elif plan.is_worth_telling(holder):
                self._told.add(holder)
                session.announce(tuple(plan.ranges_verified()))
        return plan.snub_stalling(self._clock.seconds())
