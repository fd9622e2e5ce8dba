"""The requester's side of a push that delivers many small files, each of them whole."""

from typing_extensions import override

from p2p_twisted.download.in_progress import SmallFilesInProgress
from p2p_twisted.download.push_receiver import Delivery, PushReceiver
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.wire.connection import Connection
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Gone, Message, More, Push, Whole
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
        self._file_id: FileId = push.file
        self._size = 0
        self._whole = bytearray()
        super().__init__(connection, push, delivery)

    @override
    def received(self, message: Message) -> None:
        """Handle a file's announcement, the answer that there is none, or an end."""
        if isinstance(message, Whole):
            self._expect(message)
        elif isinstance(message, Gone):
            self._pending_size(message.file)
            self._refused(message.file)
        else:
            super().received(message)

    @override
    def ask(self) -> None:
        """Ask for what there is to ask for now; where nothing more will come, end."""
        if self.is_done or not self._connection.is_open:
            return
        if file_ids := self._files.picker.choose(self.holder):
            self._connection.send(More(file_ids))
        elif self._files.picker.is_done(self.holder):
            self._end()

    @override
    def _digests_came(self, digests: bytes) -> None:
        # They are of a file that comes whole like the others: the id alone verifies it.
        self._files.joined(self)

    def _expect(self, whole: Whole) -> None:
        if whole.size != self._pending_size(whole.file):
            # The list of files may be wrong about it, rather than this holder.
            self._connection.input.skip_raw(whole.size)
            self._refused(whole.file)
            return
        self._file_id, self._size = whole.file, whole.size
        self._whole = bytearray()
        self._connection.input.expect_raw(whole.size, self._take_piece)
        if not whole.size:
            self._take_whole()

    def _pending_size(self, file_id: FileId) -> int:
        size = self._files.pending_size(self.holder, file_id)
        if size is None:
            raise ProtocolError("that file was not asked for")
        return size

    def _take_piece(self, piece: bytes) -> None:
        self._whole += piece
        self._moved(len(piece))
        if len(self._whole) == self._size:
            self._take_whole()

    def _take_whole(self) -> None:
        whole = bytes(self._whole)
        self._put_off_deadline()
        try:
            content = Content.of_whole(self._file_id, whole)
        except WrongContent as lie:
            self._lied(lie)
        else:
            self._files.accept(self.holder, content, whole)
            self.ask()

    def _refused(self, file_id: FileId) -> None:
        self._put_off_deadline()
        self._files.picker.refused(self.holder, file_id)
        self.ask()
