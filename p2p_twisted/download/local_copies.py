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


@asynccontextmanager
async def opened(copies: LocalCopies, file_id: FileId) -> AsyncIterator[Source | None]:
    """Open content, if it is here, and close it, also when the download is canceled meanwhile."""
    sources: list[Source | None] = []
    try:
        yield await uninterrupted(copies.open(file_id).addCallback(_kept, sources))
    finally:
        for source in filter(None, sources):
            source.close()


async def read_whole(copies: LocalCopies, offload: Offload, file_id: FileId) -> WholeContent | None:
    """
    Read and verify content of at most one chunk.

    :returns: nothing when it is not here as it was.
    """
    async with opened(copies, file_id) as source:
        if source is None or source.fd is None:
            return None
        try:
            whole = await uninterrupted(offload(os.pread, source.fd, CHUNK_BYTES, 0))
            return WholeContent(file_id, whole)
        except (OSError, WrongContent) as error:
            _log.debug("{file} is not what it was: {error}", file=file_id, error=error)
            return None


def _kept(source: Source | None, sources: list[Source | None]) -> Source | None:
    sources.append(source)
    return source
