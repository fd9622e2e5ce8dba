"""The requester's side of a push that delivers many small files, each of them whole."""

from typing import Final, Protocol

from twisted.python.failure import Failure

from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.wire import limits
from p2p_twisted.wire.chunks import DIGEST_BYTES, chunk_count
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Done, Error, Gone, Message, More, Push, Refuse, Whole
from p2p_twisted.wire.names import FileId, PeerName
from p2p_twisted.wire.session import Session

_FLOOR_BYTES: Final = int(limits.FLOOR_BYTES_PER_SECOND * limits.STALL_SECONDS)


class SmallFileDelivery(Protocol):
    """One request to one holder: what it has come to."""

    holder: PeerName

    def ended(self, reason: str) -> None:
        """The holder is done, or gone."""

    def lied(self, reason: str) -> None:
        """The holder delivered something else than a file id names."""


class SmallFileTaker(Protocol):
    """What is being fetched: it takes the files that holders deliver."""

    def opened(self, batch: "SmallFileReceiver") -> None:
        """A holder has connected: it is asked when :meth:`SmallFileReceiver.ask` is called."""

    def choose(self, holder: PeerName) -> tuple[FileId, ...]:
        """Choose what to ask a holder for now; it may be nothing."""

    def is_done(self, holder: PeerName) -> bool:
        """Tell whether nothing more will come of a holder."""

    def size_owed(self, holder: PeerName, file: FileId) -> int | None:
        """Tell how many bytes a file has that a holder owes; ``None`` when it owes no such."""

    def take(self, holder: PeerName, content: Content, whole: bytes) -> None:
        """Keep a file, which is verified."""

    def refused(self, holder: PeerName, file: FileId) -> None:
        """Take note that a holder does not have a file."""


class SmallFileReceiver(Session):
    """
    A session on an accepted connection that began with a ``PUSH`` we asked for.

    Files come as they are asked for. Each must come within half a minute of the last
    one, or 1 KiB per second of it must.

    :ivar holder: who delivers.
    :ivar is_done: whether all has come, and the connection closes in order.
    """

    is_done = False

    def __init__(
        self, connection: Connection, push: Push, delivery: SmallFileDelivery, taker: SmallFileTaker
    ) -> None:
        self.holder = delivery.holder
        self._connection = connection
        self._delivery = delivery
        self._taker = taker
        self._file: FileId = push.file
        self._size = 0
        self._whole = bytearray()
        self._since_mark = 0
        # They are of a file that comes whole like the others: the id alone verifies it.
        self._digests_left = DIGEST_BYTES * chunk_count(push.size)
        connection.set_deadline(limits.STALL_SECONDS)
        connection.input.expect_raw(self._digests_left, self._skip_digests)
        if not self._digests_left:
            taker.opened(self)

    def received(self, message: Message) -> None:
        """Take a file's announcement, or hear that there is none."""
        if isinstance(message, Whole):
            self._expect(message)
        elif isinstance(message, Gone):
            self._size_owed(message.file)
            self._refused(message.file)
        elif isinstance(message, Refuse | Error):
            self._delivery.ended(message.reason)
            self._connection.close()
        else:
            raise ProtocolError(f"{message.verb} has no place in a push of many files")

    def lost(self, reason: Failure) -> None:
        """Take note that the holder is gone."""
        self._delivery.ended("the connection was lost")

    def ask(self) -> None:
        """Ask for what is to be asked for now; where nothing more will come, end."""
        if self.is_done or not self._connection.is_open:
            return
        if files := self._taker.choose(self.holder):
            self._connection.send(More(files))
        elif self._taker.is_done(self.holder):
            self.is_done = True
            self._connection.send(Done())
            # Whoever closes first keeps the port busy for a minute: let it be the holder.
            self._connection.set_deadline(limits.CLOSE_SECONDS)
            self._delivery.ended("complete")

    def abort(self) -> None:
        """Take nothing more from this holder."""
        self._connection.abort()

    def _skip_digests(self, piece: bytes) -> None:
        self._digests_left -= len(piece)
        if not self._digests_left:
            self._taker.opened(self)

    def _expect(self, whole: Whole) -> None:
        if whole.size != self._size_owed(whole.file):
            # Whoever wrote the list of files may be wrong about it, rather than this holder.
            self._connection.input.skip_raw(whole.size)
            self._refused(whole.file)
            return
        self._file, self._size = whole.file, whole.size
        self._whole = bytearray()
        self._connection.input.expect_raw(whole.size, self._take_piece)
        if not whole.size:
            self._take_whole()

    def _size_owed(self, file: FileId) -> int:
        size = self._taker.size_owed(self.holder, file)
        if size is None:
            raise ProtocolError("that file was not asked for")
        return size

    def _take_piece(self, piece: bytes) -> None:
        self._whole += piece
        self._since_mark += len(piece)
        if self._since_mark >= _FLOOR_BYTES:
            self._answered()
        if len(self._whole) == self._size:
            self._take_whole()

    def _take_whole(self) -> None:
        whole = bytes(self._whole)
        self._answered()
        try:
            content = Content.of_whole(self._file, whole)
        except WrongContent as lie:
            self._delivery.lied(str(lie))
            self._connection.abort()
        else:
            self._taker.take(self.holder, content, whole)
            self.ask()

    def _refused(self, file: FileId) -> None:
        self._answered()
        self._taker.refused(self.holder, file)
        self.ask()

    def _answered(self) -> None:
        """Put the deadline off."""
        self._since_mark = 0
        self._connection.set_deadline(limits.STALL_SECONDS)
