"""Hear what other registries do in etcd, and tell them who has renewed here."""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from p2p_twisted.registry import etcd_requests as requests
from p2p_twisted.registry import limits
from p2p_twisted.registry.etcd_client import Etcd
from p2p_twisted.registry.etcd_gateway import Compacted, EtcdFault
from p2p_twisted.registry.etcd_keys import Heard, Json, Keyspace
from p2p_twisted.registry.etcd_reading import EtcdReading
from p2p_twisted.registry.etcd_writing import EtcdWriting, OwnNote, Restored
from p2p_twisted.registry.notes import Note, NoteGone, Notes
from p2p_twisted.registry.roster import Extend
from p2p_twisted.runtime.alarm import Alarm
from p2p_twisted.runtime.background import background
from p2p_twisted.wire.names import PeerName

_AGAIN_SECONDS: Final = 0.5
_CATCH_UP_SECONDS: Final = 3.0
_SILENT_SECONDS: Final = 1.5
"""Longer than a note takes that comes back; within what the others wait for."""
_LEAST_PAUSE_SECONDS: Final = 1 / limits.NOTES_PER_SECOND


class EtcdFollowing:
    """
    Keeps one registry up to date with the others.

    It watches all keys, and writes a note every few seconds, which comes back by the watch: so it
    knows that nothing was missed, and others know that it is there, and who has renewed.

    :param take: is given what happens, in order; returns whether it can be taken now.
    :param anew: is given all that there is where some of what happened is not known any more, with
        its revision, and whether none counts that was known before; returns what is different.
    :param renew_all: gives every lease its full time, where renewals may have been missed.
    """

    log = Logger()

    def __init__(
        self,
        reactor: IReactorTime,
        etcd: Etcd,
        keys: Keyspace,
        notes: Notes,
        *,
        take: Callable[[Heard], bool],
        anew: Callable[[Sequence[Heard], int, bool], Sequence[Heard]],
        renew_all: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._etcd = etcd
        self._keys = keys
        self._notes = notes
        self._take = take
        self._anew = anew
        self._renew_all = renew_all
        self._reading = EtcdReading(etcd, keys)
        self._writing = EtcdWriting(etcd, keys, notes)
        self._queue: deque[Heard] = deque()
        self._received = 0
        # Whether etcd has gone back to what it was earlier, and that is still to be read.
        self._is_rewound = False
        # When the own note was heard last, or everything was read.
        self._touched: float | None = None
        self._why: str | None = None
        self._told: deque[OwnNote] = deque()
        self._waiting: list[Deferred[None]] = []
        self._telling: Deferred[None] | None = None
        self._told_at = 0.0
        self._alarm = Alarm(reactor, self._tell)
        self._silence = Alarm(reactor, self._end_silent_watch)
        self._watching: Deferred[None] | None = None
        self._following: Deferred[None] | None = None
        self._is_closed = False

    @property
    def fault(self) -> str | None:
        """Why what the others do is not known at the moment; nothing is wrong where it is."""
        if self._why is not None or self._touched is None:
            return self._why
        is_silent = self._reactor.seconds() - self._touched > limits.STORE_SILENT_SECONDS
        return "etcd does not answer" if is_silent else None

    @property
    def is_first(self) -> bool:
        """Whether it is for this registry to forget whose leases ran out."""
        return self.fault is None and self._notes.is_first(self._reactor.seconds())

    async def read(self) -> list[Heard]:
        """
        Read everything, and follow from there on.

        :raises EtcdFault: when that cannot be done now.
        """
        try:
            found, self._received = await self._reading.read()
        except EtcdFault as fault:
            self._why = str(fault)
            raise
        self._touched = now = self._reactor.seconds()
        for each in found:
            if isinstance(each.what, Note):
                # Perhaps it is no more: that shows in a while.
                self._notes.heard(each.what, each.revision, now)
        return found

    def start(self) -> None:
        """Begin to watch and to tell, once everything was read."""
        self._following = Deferred.fromCoroutine(self._follow())
        background(self.log, "following the other registries", self._following)
        self._alarm.set(0)

    def catch_up(self) -> "Deferred[None]":
        """Fire once all is taken that was kept before this call; fails with a StoreFault."""
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        if self._telling is None:
            since = self._reactor.seconds() - self._told_at
            self._alarm.set(max(0.0, _LEAST_PAUSE_SECONDS - since))
        return waiting.addTimeout(_CATCH_UP_SECONDS, self._reactor, _not_in_time)

    async def transact(self, transaction: Json, note: Note | None = None) -> Json:
        """
        Carry out a transaction, and read everything anew if etcd was restored.

        :param note: what others are told with it.
        :raises EtcdFault: when it was, or cannot be asked now.
        """
        own = self._notes.own
        try:
            return await self._writing.transact(transaction, note or Note(own), self._received)
        except Restored:
            # Otherwise that was found, and all is read.
            if own == self._notes.own:
                self._is_rewound = True
                if self._watching is not None:
                    self._watching.cancel()
            raise

    def renewed(self, name: PeerName) -> None:
        """Tell the others with the next note that a peer has renewed here."""
        self._notes.renewed([name])

    def doubt(self, fault: EtcdFault) -> None:
        """Have others asked at once, and no longer than until etcd is seen to answer."""
        if self._why is None:
            self._why = str(fault)
            self.log.warn("cannot use etcd: {fault}", fault=fault)
        if self._telling is None and not self._is_closed:
            self._alarm.set(0)

    def go_on(self) -> None:
        """Take what waits to be taken, as far as possible."""
        while self._queue and self._is_taken(self._queue[0]):
            self._queue.popleft()
        reached = self._queue[0].revision - 1 if self._queue else self._received
        caught_up: list[Deferred[None]] = []
        while self._told and self._told[0].revision <= reached:
            caught_up.extend(self._told.popleft().waiting)
            self._silence.set(_SILENT_SECONDS)
        if not self._told:
            self._silence.rest()
        for waiting in caught_up:
            if not waiting.called:
                waiting.callback(None)

    async def close(self) -> None:
        """Tell what has not been told yet, and end."""
        self._is_closed = True
        for alarm in (self._alarm, self._silence):
            alarm.stop()
        for running in filter(None, (self._following, self._telling)):
            running.cancel()
        if self._touched is not None and self.fault is None:
            with suppress(EtcdFault):
                await self.transact({"success": []}, self._notes.take())
        for waiting in (*self._waiting, *(each for told in self._told for each in told.waiting)):
            if not waiting.called:
                waiting.errback(EtcdFault("this registry ends"))

    async def _follow(self) -> None:
        while True:
            soonest = self._reactor.seconds() + _AGAIN_SECONDS
            try:
                if self._is_rewound:
                    await self._read_anew()
                await self._watch()
            except Compacted:
                with suppress(EtcdFault):
                    await self._read_anew()
            except EtcdFault as fault:
                self.log.debug("{fault}", fault=fault)
            except CancelledError:
                # Otherwise it was silent.
                if self._is_closed:
                    raise
            await deferLater(self._reactor, max(0.0, soonest - self._reactor.seconds()))

    async def _watch(self) -> None:
        begin = {**self._keys.watched(), "start_revision": str(self._received + 1)}
        watching = self._etcd.watch({"create_request": begin}, self._receive)
        self._watching = Deferred.fromCoroutine(watching)
        await self._watching

    async def _read_anew(self) -> None:
        """Go on from what there is, as what happened is not known any more."""
        found, revision = await self._reading.read()
        news = self._anew(found, revision, self._is_rewound)
        if self._is_rewound:
            # Who waits for what was told gives up in time.
            self._queue.clear()
            self._told.clear()
            self._notes.begin_anew()
            gone = len(news) - len(found)
            self.log.warn("etcd has lost {gone} peers, which will register again", gone=gone)
        else:
            self.log.info("etcd has compacted its history: {count} keys are read", count=len(found))
        self._queue.extend(news)
        self._received, self._is_rewound = revision, False
        self._renew_all()
        self.go_on()

    def _receive(self, result: Json) -> None:
        events = result.get("events", [])
        self._queue.extend(self._reading.readable(events))
        for event in events:
            self._received = max(self._received, int(event["kv"]["mod_revision"]))
        self.go_on()

    def _is_taken(self, heard: Heard) -> bool:
        match heard.what:
            case Note() as note:
                self._notes.heard(note, heard.revision, self._reactor.seconds())
                if note.writer == self._notes.own:
                    self._touch()
                    return True
                # A peer that waits to be stored here must not be changed now.
                return all(self._take(Heard(heard.revision, Extend(n, 0.0))) for n in note.renewed)
            case NoteGone(writer):
                self._notes.gone(writer)
            case _:
                return self._take(heard)
        return True

    def _touch(self) -> None:
        was_lost = self.fault is not None
        if self._why is not None:
            self.log.info("etcd answers again")
        self._touched, self._why = self._reactor.seconds(), None
        if was_lost:
            # None of the registries may have taken renewals meanwhile.
            self._renew_all()

    def _tell(self) -> None:
        self._telling = Deferred.fromCoroutine(self._told_note())
        background(self.log, "telling the other registries", self._telling)

    async def _told_note(self) -> None:
        waiting, self._waiting = self._waiting, []
        now = self._told_at = self._reactor.seconds()
        note, ended = self._notes.take(), self._notes.ended(now) if self.is_first else []
        removed = [requests.delete(self._keys.note(writer)) for writer in ended]
        try:
            answer = await self.transact({"success": removed}, note)
        except EtcdFault as fault:
            pause = _AGAIN_SECONDS
            self.doubt(fault)
            self._why = str(fault)
            self._notes.renewed(note.renewed)
            for each in waiting:
                if not each.called:
                    each.errback(Failure(fault))
        else:
            pause = limits.NOTE_SECONDS
            self._told.append(OwnNote(int(answer["header"]["revision"]), waiting))
            if not self._silence.is_set:
                self._silence.set(_SILENT_SECONDS)
            self.go_on()
        self._telling = None
        self._alarm.set(_LEAST_PAUSE_SECONDS if self._waiting else pause)

    def _end_silent_watch(self) -> None:
        """Watch at another member, where a note that is kept does not come back."""
        if self._told and not self._queue and self._watching is not None:
            self._watching.cancel()


def _not_in_time(_outcome: object, seconds: float) -> None:
    raise EtcdFault(f"etcd does not tell within {seconds:g} s what others have stored")
