"""Send many small files whole, in the order in which a requester asks for them."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.upload import limits
from p2p_twisted.wire import limits as wire_limits
from p2p_twisted.wire.codec import encode
from p2p_twisted.wire.errors import ProtocolError
from p2p_twisted.wire.messages import Gone, Whole
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source, SourceChanged, bring_to_hand, is_at_hand

_PIECE_BYTES: Final = 64 * wire_limits.KIB
_PIECE_FILES: Final = 32
_PIECE_SECONDS: Final = 0.01

SourceOpener = Callable[[FileId], "Deferred[Source | None]"]
"""Opens shared content; fires with ``None`` when there is none."""


class SharedContent(Protocol):
    """What a peer shares."""

    @property
    def is_settled(self) -> bool:
        """Whether it is all known, so that what is not there is gone."""

    @property
    def open(self) -> SourceOpener:
        """What opens it."""


async def read_whole(source: Source, reading: Offload) -> bytes:
    """
    Read all of a small source.

    :param reading: calls what has to wait for a disk.
    :raises SourceChanged: when it was changed or cut since it was hashed.
    """
    fd, size = source.fd, source.size
    if fd is not None and size and not is_at_hand(fd, 0, size):
        await reading(bring_to_hand, os.dup(fd), 0, size)
    return source.read(0, size)


class SmallFileSender:
    """
    Answers one requester's requests for whole files, in its order.

    Each file is opened and read when its turn comes, so that only what is sent next is in
    memory.

    :param open_source: opens shared content.
    :param reading: calls what reads from a disk: see :class:`DiskThread`.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, open_source: SourceOpener, reading: Offload) -> None:
        self._clock = clock
        self._open_source = open_source
        self._reading = reading
        self._waiting: deque[FileId] = deque()
        self._answers: list[bytes] = []
        self._is_gathering = False

    def ask(self, file_ids: Sequence[FileId]) -> None:
        """
        Queue requested files.

        :raises ProtocolError: when too many are waiting.
        """
        if len(self._waiting) + len(file_ids) > limits.FILES_WAITING:
            raise ProtocolError("too many files are asked for at once")
        self._waiting.extend(file_ids)

    def next_piece(self, ready: Callable[[], None]) -> bytes:
        """
        Encode the next answers: a few, so that other connections do not wait long.

        :param ready: is called once there are any, if the disk keeps them waiting.
        :returns: no bytes when there are none now.
        """
        if not (self._is_gathering or self._answers) and self._waiting:
            gathering = Deferred.fromCoroutine(self._gather())
            if not gathering.called:
                gathering.addCallback(lambda _none: ready())
            background(self.log, "reading small files", gathering)
        if self._is_gathering:
            return b""
        answers, self._answers = self._answers, []
        return b"".join(answers)

    async def _gather(self) -> None:
        self._is_gathering = True
        try:
            length = 0
            # Files that are not cached are slow to read: a disk finds about a hundred a second.
            until = self._clock.seconds() + _PIECE_SECONDS
            while self._waiting and length < _PIECE_BYTES and len(self._answers) < _PIECE_FILES:
                self._answers.append(await self._answer(self._waiting.popleft()))
                length += len(self._answers[-1])
                if self._clock.seconds() >= until:
                    break
        finally:
            self._is_gathering = False

    async def _answer(self, file_id: FileId) -> bytes:
        source = await self._open_source(file_id)
        if source is None:
            return encode(Gone(file_id))
        try:
            if source.size > wire_limits.CHUNK_BYTES:
                return encode(Gone(file_id))
            content = await read_whole(source, self._reading)
            return encode(Whole(file_id, source.size)) + content
        except SourceChanged:
            return encode(Gone(file_id))
        finally:
            source.close()
