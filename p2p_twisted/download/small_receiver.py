"""The requester's side of a push that delivers many small files, each of them whole."""

from typing_extensions import override

from p2p_twisted.download.push_receiver import Delivery, PushReceiver
from p2p_twisted.download.small_in_progress import SmallFilesInProgress
from p2p_twisted.picker.limits import FILES_ASKED_BYTES
from p2p_twisted.storage.content import WholeContent, WrongContent
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Gone, Message, More, Push, Whole, Wholes
from p2p_twisted.wire.names import FileId


class SmallFileReceiver(PushReceiver):
    """
    Receives small files, as they are asked for.

    Each must come within half a minute of the last one, or 1 KiB per second of it must.
    """

    _kind = "a push of many files"

    def __init__(
        self, connection: Connection, push: Push, delivery: Delivery, files: SmallFilesInProgress
    ) -> None:
        self._files = files
        # What comes: each file's id, its size and the size that it should have, and the bytes of
        # all of them that are there.
        self._expected: list[tuple[FileId, int, int]] = []
        self._size = 0
        self._wholes = bytearray()
        super().__init__(connection, push, delivery)

    @override
    def received(self, message: Message) -> None:
        """Handle the announcement of files, the answer that there is none, or an end."""
        if isinstance(message, Whole):
            self._expect((message.file,), (message.size,))
        elif isinstance(message, Wholes):
            if message.held is not None:
                self.times.claimed(message.held)
            self._expect(message.files, message.sizes)
        elif isinstance(message, Gone):
            self._pending_size(message.file)
            self._refused(message.file)
        else:
            super().received(message)

    @property
    @override
    def left(self) -> int:
        """How many bytes of all files are still to come."""
        return self._files.picker.left_bytes

    @override
    def ask(self) -> None:
        """Ask for what there is to ask for now; where nothing more will come, end."""
        if self.is_done or not self._connection.is_open:
            return
        picker = self._files.picker
        if file_ids := picker.choose(self.holder):
            self._connection.send(More(file_ids, together=True))
        elif picker.is_done(self.holder):
            self._end()
        is_owed = picker.has_pending(self.holder)
        self.times.is_held_up(picker.is_full and not is_owed)
        self.times.is_asked(is_owed or picker.is_full)

    @override
    def _digests_came(self, digests: bytes) -> None:
        # They are of a file that comes whole like the others: the id alone verifies it.
        self._files.joined(self)

    def _expect(self, file_ids: tuple[FileId, ...], sizes: tuple[int, ...]) -> None:
        pending = map(self._pending_size, file_ids)
        self._expected = list(zip(file_ids, sizes, pending, strict=True))
        self._size = sum(sizes)
        if self._size > FILES_ASKED_BYTES:
            raise ProtocolError("so much was not asked for")
        self._wholes = bytearray()
        self._connection.input.expect_raw(self._size, self._take_piece)
        if not self._size:
            self._take_wholes()

    def _pending_size(self, file_id: FileId) -> int:
        size = self._files.picker.pending_size(self.holder, file_id)
        if size is None:
            raise ProtocolError("that file was not asked for")
        return size

    def _take_piece(self, piece: bytes) -> None:
        self._wholes += piece
        self._moved(len(piece))
        if len(self._wholes) == self._size:
            self._take_wholes()

    def _take_wholes(self) -> None:
        wholes, self._wholes = bytes(self._wholes), bytearray()
        self._put_off_deadline()
        accepted, refused, end = [], [], 0
        for file_id, size, pending_size in self._expected:
            whole = wholes[end : end + size]
            end += size
            if size != pending_size:
                # The list of files may be wrong about it, rather than this holder.
                refused.append(file_id)
                continue
            try:
                accepted.append(WholeContent(file_id, whole))
            except WrongContent as lie:
                self._lied(lie)
                return
        self._files.accept(self.holder, accepted)
        for file_id in refused:
            self._files.picker.refused(self.holder, file_id)
        self.ask()

    def _refused(self, file_id: FileId) -> None:
        self._put_off_deadline()
        self._files.picker.refused(self.holder, file_id)
        self.ask()
