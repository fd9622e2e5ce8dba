"""Know the SHA-256 of large files beside their ids: the Hub names these by it."""

import hashlib
from contextlib import suppress
from typing import Final

from attrs import define, field
from twisted.logger import Logger

from p2p_twisted.gateway import limits
from p2p_twisted.peer.content_reading import ContentReading
from p2p_twisted.runtime.background import background
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.messages import Hit
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import SourceChanged

_FILE: Final = "sha256"


@define(eq=False)
class ContentHashes:
    """
    Remembers the SHA-256 of content; one file at a time is hashed, in the background.

    What is not known yet is named by its id instead.

    :param folder: the peer's own.
    :param offload: calls what blocks.
    """

    log = Logger()

    _reading: ContentReading
    _folder: OwnFolder
    _offload: Offload
    _hashes: dict[FileId, str] = field(factory=dict, init=False)
    _wanted: dict[FileId, None] = field(factory=dict, init=False)
    _is_read: bool = field(default=False, init=False)
    _is_hashing: bool = field(default=False, init=False)

    def known(self, file_id: FileId) -> str | None:
        """Return the SHA-256 of some content, in hexadecimal digits, if it is known."""
        if not self._is_read:
            # A few bytes for each large file, once.
            self._is_read = True
            self._recall()
        return self._hashes.get(file_id)

    def learn(self, hit: Hit) -> None:
        """Hash content in the background, if it is large, here, and not known."""
        assert hit.file is not None
        is_wanted = hit.size >= limits.HASHED_LEAST_BYTES and self.known(hit.file) is None
        if is_wanted and len(self._wanted) < limits.HASHES_WAITING:
            self._wanted[hit.file] = None
            if not self._is_hashing:
                background(self.log, "hashing for the hub", self._hash_all())

    async def _hash_all(self) -> None:
        self._is_hashing = True
        try:
            while self._wanted:
                file_id = next(iter(self._wanted))
                try:
                    await self._hash(file_id)
                except (OSError, SourceChanged) as error:
                    self.log.info(
                        "{file} is not hashed for the hub: {error}", file=file_id, error=error
                    )
                finally:
                    self._wanted.pop(file_id, None)
        finally:
            self._is_hashing = False

    async def _hash(self, file_id: FileId) -> None:
        content = await self._reading.open_here(file_id)
        if content is None:
            return
        try:
            hasher, at = hashlib.sha256(), 0
            while at < content.size:
                piece = await content.read(at, content.size)
                await self._offload(hasher.update, piece)
                at += len(piece)
        finally:
            content.close()
        self._hashes[file_id] = hasher.hexdigest()
        while len(self._hashes) > limits.HASHES_KEPT:
            del self._hashes[next(iter(self._hashes))]
        kept = "".join(f"{each} {digest}\n" for each, digest in self._hashes.items())
        await self._offload(self._folder.replace, _FILE, kept.encode())

    def _recall(self) -> None:
        with suppress(OSError, ValueError):
            lines = self._folder.read(_FILE).decode("ascii").splitlines()
            self._hashes |= dict(line.split() for line in lines)
