"""Send many small files whole, in the order in which a requester asks for them."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
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
from p2p_twisted.wire.messages import Gone, HeldUp, Whole, Wholes
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import (
    Source,
    SourceChanged,
    bring_to_hand,
    is_at_hand,
    unreadable,
)

_PIECE_BYTES: Final = 64 * wire_limits.KIB
_PIECE_FILES: Final = 64
_PIECE_SECONDS: Final = 0.01

STILL_LOOKING: Final = "it still looks at what it shares"
"""Why what this peer does not know is not called gone."""

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

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """
        Read the first of some files of at most one chunk, as many as are read soon.

        :returns: fires with the bytes of one at least; ``None`` for what must be opened to see.
        """


def missing(shared: SharedContent) -> tuple[str, bool]:
    """Say why content is not found, and whether it is gone for good."""
    is_gone = shared.is_settled
    return "it is not shared here any more" if is_gone else STILL_LOOKING, is_gone


class NotKnownYet(Exception):
    """What is not known may be there: this peer has yet to look at some of its files."""


async def read_whole(source: Source, reading: Offload) -> bytes:
    """
    Read all of a small source.

    :param reading: calls what has to wait for a disk.
    :raises SourceChanged: when it was changed or cut since it was hashed.
    :raises SourceUnreadable: when it cannot be read.
    """
    fd, size = source.fd, source.size
    if (
        fd is not None
        and size
        and not is_at_hand(fd, 0, size)
        and not await reading(bring_to_hand, os.dup(fd), 0, size)
    ):
        raise unreadable(source)
    return source.read(0, size)


class SmallFileSender:
    """
    Answers one requester's requests for whole files, in its order.

    Files are opened and read when their turn comes, so that only what is sent next is in
    memory.

    :param shared: what this peer shares.
    :param reading: calls what reads from a disk: see :class:`DiskThread`.
    """

    log = Logger()

    def __init__(self, clock: IReactorTime, shared: SharedContent, reading: Offload) -> None:
        self._clock = clock
        self._shared = shared
        self._reading = reading
        self._waiting: deque[FileId] = deque()
        self._are_together = False
        # What was read; None for what is not shared any more.
        self._answers: list[tuple[FileId, bytes | None]] = []
        self._is_gathering = False
        self._is_over = False

    def ask(self, file_ids: Sequence[FileId], together: bool) -> None:
        """
        Queue requested files.

        :param together: whether the requester understands ``WHOLES``.
        :raises ProtocolError: when too many are waiting.
        """
        if len(self._waiting) + len(file_ids) > limits.FILES_WAITING:
            raise ProtocolError("too many files are asked for at once")
        self._are_together = together
        self._waiting.extend(file_ids)

    def next_piece(self, ready: Callable[[], None], held: Callable[[], HeldUp | None]) -> bytes:
        """
        Encode the next answers: a few, so that other connections do not wait long.

        :param ready: is called once there are any, if the disk keeps them waiting.
        :param held: returns what to say that holds them up, where several go together.
        :returns: no bytes when there are none now.
        :raises NotKnownYet: when the next file may be there all the same: to answer that it is
            gone would have it given up for good.
        """
        if not (self._is_gathering or self._answers) and self._waiting:
            gathering = Deferred.fromCoroutine(self._gather())
            if not gathering.called:
                gathering.addCallback(lambda _none: ready())
            background(self.log, "reading small files", gathering)
        if self._is_gathering:
            return b""
        if self._is_over and not self._answers:
            raise NotKnownYet
        answers, self._answers = self._answers, []
        return b"".join(_encoded(answers, self._are_together, held())) if answers else b""

    async def _gather(self) -> None:
        self._is_gathering = True
        try:
            length = 0
            # Files that are not cached are slow to read: a disk finds about a hundred a second.
            until = self._clock.seconds() + _PIECE_SECONDS
            while self._waiting and length < _PIECE_BYTES and len(self._answers) < _PIECE_FILES:
                asked = tuple(islice(self._waiting, _PIECE_FILES - len(self._answers)))
                for whole in await self._shared.read_small(asked):
                    file_id = self._waiting.popleft()
                    answer = whole if whole is not None else await self._open(file_id)
                    self._answers.append((file_id, answer))
                    length += len(answer or b"")
                if self._clock.seconds() >= until:
                    break
        except NotKnownYet:
            self._is_over = True
            self._waiting.clear()
        finally:
            self._is_gathering = False

    async def _open(self, file_id: FileId) -> bytes | None:
        source = await self._shared.open(file_id)
        if source is None and not self._shared.is_settled:
            raise NotKnownYet
        if source is None:
            return None
        try:
            if source.size > wire_limits.CHUNK_BYTES:
                return None
            return await read_whole(source, self._reading)
        except SourceChanged:
            return None
        finally:
            source.close()


def _encoded(
    answers: Sequence[tuple[FileId, bytes | None]], are_together: bool, held: HeldUp | None
) -> Iterator[bytes]:
    files: dict[FileId, bytes] = {}
    for file_id, whole in answers:
        if whole is None or not are_together or file_id in files:
            yield from _wholes(files, held)
            files.clear()
        if whole is None:
            yield encode(Gone(file_id))
        else:
            files[file_id] = whole
    yield from _wholes(files, held)


def _wholes(files: Mapping[FileId, bytes], held: HeldUp | None) -> Iterator[bytes]:
    if len(files) > 1:
        yield encode(Wholes(tuple(files), tuple(map(len, files.values())), held))
    elif files:
        [(file_id, whole)] = files.items()
        yield encode(Whole(file_id, len(whole)))
    yield from files.values()
