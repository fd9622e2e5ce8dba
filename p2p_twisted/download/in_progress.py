"""What is there of a download, and what is asked of which holder: all that receivers know."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from p2p_twisted.download.chunk_buffers import ChunkBuffers
from p2p_twisted.download.file_readers import FileReaders
from p2p_twisted.download.reporter import DownloadObserver
from p2p_twisted.explain.push_times import PushTimes
from p2p_twisted.picker.chunk_picker import ChunkPicker
from p2p_twisted.picker.ranges import Range, ranges
from p2p_twisted.runtime.disk_thread import Writing
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.storage.part_file import PartFile
from p2p_twisted.storage.partial import PartialContent, PartialSource
from p2p_twisted.wire.attributes import Attributes
from p2p_twisted.wire.messages import Hit, Push
from p2p_twisted.wire.names import PeerName


class Deliverer(Protocol):
    """One holder's push."""

    holder: PeerName
    how: str
    times: PushTimes

    def ask(self) -> None:
        """Ask for more, if it is time; or say that all is there."""


class ChunkDeliverer(Deliverer, Protocol):
    """One holder's push of chunks."""

    def announce(self, chunks: Sequence[Range]) -> None:
        """Tell the holder what it need not send."""


class FileInProgress:
    """
    One file whose digests are proven: its part file, and who delivers what is missing.

    :param heard: is called with other peers that download the same.
    :param attributes: what it is to have beside its content, and what others are told of it.
    :param writing: calls what writes chunks, in the order of the calls.
    :ivar picker: which chunks are there, and of whom the others were asked.
    :ivar readers: who reads it as it comes.
    :ivar buffers: what chunks come into, whichever holder sends them.
    """

    def __init__(
        self,
        clock: IReactorTime,
        rng: Random,
        part: PartFile,
        observer: DownloadObserver,
        heard: Callable[[Hit], None],
        *,
        attributes: Attributes,
        writing: Writing,
    ) -> None:
        self.content = part.content
        self._attributes = attributes
        self.part = part
        self.picker = ChunkPicker(part.content.size, Random(rng.getrandbits(64)))
        self.readers = FileReaders(self.picker, self.ask_all)
        self.buffers = ChunkBuffers(part.content.size)
        self._clock = clock
        self._observer = observer
        self._heard = heard
        self._writing = writing
        # How many chunks of each holder are being verified and written.
        self._at_work: Counter[PeerName] = Counter()
        self._partial = PartialContent(clock, part.content, self.picker.ranges_verified)
        self._receivers: dict[PeerName, ChunkDeliverer] = {}
        # What has come since holders were told, and which of them know what came before.
        self._fresh: list[int] = []
        self._told: set[PeerName] = set()

    # What receivers call

    def joined(self, receiver: ChunkDeliverer, push: Push) -> None:
        """Count on one more holder."""
        self._observer.receiving(receiver.holder, receiver.how)
        self._observer.account.joined(receiver.times, receiver.how)
        self._receivers[receiver.holder] = receiver
        self.picker.add(
            receiver.holder,
            self._clock.seconds(),
            is_partial=push.partial,
            reorders=push.reorders,
            downloads=push.downloads,
        )

    def request(self, holder: PeerName) -> tuple[Range, ...]:
        """Choose what to ask a holder for now, if anything."""
        if holder not in self._receivers:
            return ()
        return self.picker.choose(holder, self._clock.seconds())

    def preferred(self, holder: PeerName) -> tuple[Range, ...]:
        """Choose what a holder is to send before all else that it was asked for, if anything."""
        return self.picker.prefer(holder) if holder in self._receivers else ()

    def announced(self, holder: PeerName, chunks: Sequence[Range]) -> None:
        """
        Record what a holder has; from the first time on, that it has nothing else.

        :raises ProtocolError: when that cannot be.
        """
        if holder in self._receivers:
            self.picker.announced(holder, chunks)

    def moved(self, holder: PeerName, count: int) -> None:
        """Record that a holder has sent some bytes of a chunk."""
        self._observer.moved(holder, count)
        self.picker.moved(holder, count, self._clock.seconds())

    def accept(self, holder: PeerName, index: int, chunk: memoryview) -> "Deferred[None]":
        """
        Verify a chunk and write it; ignore one that is there already.

        :returns: fires at once, unless the disk is slow or a core is idle: until then the chunk
            must not change. Fails with :class:`WrongContent` when these are not its bytes, and
            with :class:`DiskFault` when they cannot be written.
        """
        if self.picker.is_verified(index):
            self.picker.delivered(holder, index, self._clock.seconds())
            return succeed(None)
        self._at_work[holder] += 1
        writing = self._writing(self.part.write, index, chunk)
        which = holder, index, len(chunk)
        return writing.addCallbacks(
            self._written, self._not_written, callbackArgs=which, errbackArgs=(holder,)
        )

    def _written(self, _none: None, holder: PeerName, index: int, length: int) -> None:
        self._at_work[holder] -= 1
        # Another holder's copy may have been quicker.
        is_new = not self.picker.is_verified(index)
        self.picker.delivered(holder, index, self._clock.seconds())
        if is_new:
            self._partial.verified(index)
            self.readers.verified(index)
            self._fresh.append(index)
            self._observer.delivered(holder, length)

    def _not_written(self, failure: Failure, holder: PeerName) -> Failure:
        self._at_work[holder] -= 1
        return failure

    @property
    def is_at_work(self) -> bool:
        """Whether any chunk is being verified and written."""
        return any(self._at_work.values())

    @property
    def has_enough_at_work(self) -> bool:
        """Whether a holder whose chunk is at work is to wait for that before it sends more."""
        return self._writing.is_full

    @property
    def has_little_at_work(self) -> bool:
        """Whether a holder that waits for that may send again."""
        return self._writing.has_room

    # What the download calls

    def snub_stalling(self) -> None:
        """Let others be asked for what stalling holders owe, unless these wait for the disk."""
        at_work = {holder for holder, count in self._at_work.items() if count}
        self.picker.snub_stalling(self._clock.seconds(), at_work)

    def found(self, indexes: Iterable[int]) -> None:
        """Count chunks as received that turn out to be in the part file, and right."""
        for index in indexes:
            self.picker.verified(index)
            self._partial.verified(index)
            self.readers.verified(index)
            self._observer.advanced(self.content.length(index))

    def missing(self, indexes: Iterable[int]) -> list[int]:
        """Return those of some chunks that have not been received."""
        return [index for index in indexes if not self.picker.is_verified(index)]

    def left(self, holder: PeerName) -> bool:
        """Count on a holder no longer; return whether it had begun to deliver."""
        self._told.discard(holder)
        self.picker.release(holder)
        return self._receivers.pop(holder, None) is not None

    def ask_all(self) -> None:
        """Ask every holder for what there is to ask for, or tell it that all is there."""
        for receiver in list(self._receivers.values()):
            receiver.ask()

    def tell_holders(self) -> None:
        """Tell holders that send too much, or have some chunks only, what they need not send."""
        fresh, self._fresh = tuple(ranges(sorted(self._fresh))), []
        for holder, receiver in self._receivers.items():
            if holder in self._told:
                receiver.announce(fresh)
            elif self.picker.is_worth_telling(holder):
                self._told.add(holder)
                receiver.announce(tuple(self.picker.ranges_verified()))

    def saved(self) -> None:
        """Serve others from the published file; what is being sent to them goes on."""
        self._partial.saved(self.part.modified)

    def replace_part(self, part: PartFile) -> None:
        """Publish another part file, which has the same bytes, as this one was removed."""
        self.part.close()
        self.part = part

    async def close(self) -> None:
        """Close the part file once nothing is being written; what is written stays."""
        try:
            await uninterrupted(self._writing(self.part.close))
        finally:
            # Receivers and their connections know each other, and would keep it a while.
            self.buffers.clear()
            self._partial.lost()
            self.readers.end()

    # What other peers ask: see PartialDownload

    def hit(self, me: PeerName) -> Hit:
        """Say that this peer will have some of it."""
        return self._hit(me)

    def open(self) -> tuple[PartialSource, PartialContent]:
        """Open what there is of it, for one push."""
        return PartialSource(self._partial, self.part.duplicate()), self._partial

    def heard_of(self, peer: PeerName, route: tuple[PeerName, ...]) -> None:
        """Remember a peer that downloads it, too: it can be asked in return."""
        self._heard(self._hit(peer, route))

    def _hit(self, peer: PeerName, route: tuple[PeerName, ...] = ()) -> Hit:
        return Hit(
            peer,
            self.part.name,
            self.content.size,
            file=self.content.file_id,
            route=route,
            partial=True,
            modified=self._attributes.modified,
            executable=self._attributes.is_executable,
        )
