"""Find content that this peer already has, so that it is not downloaded."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.storage.content import WholeContent, WrongContent
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source

_log = Logger()


class LocalCopies(Protocol):
    """The content of a peer's own files, wherever they are."""

    def among(self, file_ids: Sequence[FileId]) -> "Deferred[frozenset[FileId]]":
        """Return which of some content seems to be here."""

    def open(self, file_id: FileId) -> "Deferred[Source | None]":
        """Open content, if it is here."""

    def read_small(self, file_ids: Sequence[FileId]) -> "Deferred[Sequence[bytes | None]]":
        """
        Read the first of some small files, one at least.

        :returns: fires with the bytes of each; ``None`` for what :meth:`open` should be asked for.
        """


@asynccontextmanager
async def opened(copies: LocalCopies, file_id: FileId) -> AsyncIterator[Source | None]:
    """Open content, if it is here, and close it, also when the download is canceled meanwhile."""
    sources: list[Source | None] = []
    try:
        yield await uninterrupted(copies.open(file_id).addCallback(_kept, sources))
    finally:
        for source in filter(None, sources):
            source.close()


async def whole_of(
    copies: LocalCopies, offload: Offload, file_id: FileId, content: bytes | None
) -> WholeContent | None:
    """
    Verify content of at most one chunk.

    :param content: what was read; ``None`` where it has to be opened.
    :returns: nothing when it is not here as it was.
    """
    try:
        if content is None:
            content = await _read(copies, offload, file_id)
        return None if content is None else WholeContent(file_id, content)
    except (OSError, WrongContent) as error:
        _log.debug("{file} is not what it was: {error}", file=file_id, error=error)
        return None


async def _read(copies: LocalCopies, offload: Offload, file_id: FileId) -> bytes | None:
    async with opened(copies, file_id) as source:
        if source is None or source.fd is None:
            return None
        return await uninterrupted(offload(os.pread, source.fd, CHUNK_BYTES, 0))


def _kept(source: Source | None, sources: list[Source | None]) -> Source | None:
    sources.append(source)
    return source
