"""Send many small files whole, in the order in which a requester asks for them."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from twisted.internet.interfaces import IReactorTime

from p2p_twisted.upload import limits
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Gone, Whole
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source, SourceChanged

_PIECE_BYTES: Final = 64 * wire_limits.KIB
_PIECE_FILES: Final = 32
_PIECE_SECONDS: Final = 0.01


class SmallFileSender:
    """
    Answers one requester's requests for whole files, in its order.

    Each file is opened and read when its turn comes, so that only what is sent next is in
    memory.

    :param open_source: opens shared content, or returns ``None``.
    """

    def __init__(self, clock: IReactorTime, open_source: Callable[[FileId], Source | None]) -> None:
        self._clock = clock
        self._open_source = open_source
        self._waiting: deque[FileId] = deque()

    def ask(self, file_ids: Sequence[FileId]) -> None:
        """
        Queue requested files.

        :raises ProtocolError: when too many are waiting.
        """
        if len(self._waiting) + len(file_ids) > limits.FILES_WAITING:
            raise ProtocolError("too many files are asked for at once")
        self._waiting.extend(file_ids)

    def next_piece(self) -> bytes:
        """
        Encode the next answers: a few, so that other connections do not wait long.

        :returns: no bytes when no file is waiting.
        """
        answers: list[bytes] = []
        length = 0
        # Files that are not cached are slow to read: a disk finds about a hundred a second.
        until = self._clock.seconds() + _PIECE_SECONDS
        while self._waiting and length < _PIECE_BYTES and len(answers) < _PIECE_FILES:
            answer = self._answer(self._waiting.popleft())
            answers.append(answer)
            length += len(answer)
            if self._clock.seconds() >= until:
                break
        return b"".join(answers)

    def _answer(self, file_id: FileId) -> bytes:
        source = self._open_source(file_id)
        if source is None:
            return encode(Gone(file_id))
        try:
            if source.size > wire_limits.CHUNK_BYTES:
                return encode(Gone(file_id))
            return encode(Whole(file_id, source.size)) + source.read(0, source.size)
        except SourceChanged:
            return encode(Gone(file_id))
        finally:
            source.close()
