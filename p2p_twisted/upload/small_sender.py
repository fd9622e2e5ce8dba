"""The holder's side of many small files: which of them go out next, whole."""

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
    The files that one requester has asked for whole, in its order.

    Each is opened and read when its turn comes, so that only a piece of what goes out
    next is in memory.

    :param open_source: opens shared content, or says ``None``.
    """

    def __init__(self, clock: IReactorTime, open_source: Callable[[FileId], Source | None]) -> None:
        self._clock = clock
        self._open_source = open_source
        self._waiting: deque[FileId] = deque()

    def ask(self, file_ids: Sequence[FileId]) -> None:
        """
        Let files wait for their turns.

        :raises ProtocolError: when too many are waiting.
        """
        if len(self._waiting) + len(file_ids) > limits.FILES_WAITING:
            raise ProtocolError("too many files are asked for at once")
        self._waiting.extend(file_ids)

    def next_piece(self) -> bytes:
        """
        Take the next answers: a few, so that nobody else waits long.

        :returns: nothing when no file is waiting.
        """
        answers: list[bytes] = []
        length = 0
        # Files that no memory holds take their time: a disk may find a hundred in a second.
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
