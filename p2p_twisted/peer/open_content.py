"""Content that is open, and read from anywhere on, be it here or on its way."""

from attrs import define

from p2p_twisted.download.file_readers import FileReaders
from p2p_twisted.runtime.tasks import uninterrupted
from p2p_twisted.runtime.threads import Offload
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source


@define(eq=False)
class OpenContent:
    """
    Content that is read from anywhere on: nothing of it is given before it is verified.

    :param readers: those who read it as it comes; ``None`` for what is here already.
    """

    _source: Source
    _offload: Offload
    _readers: FileReaders | None = None

    @property
    def file_id(self) -> FileId:
        """What it is."""
        return self._source.file_id

    @property
    def size(self) -> int:
        """In bytes."""
        return self._source.size

    async def read(self, offset: int, most: int) -> bytes:
        """
        Read some bytes, at least one, once they are there.

        :raises SourceChanged: when it is not any more what it was.
        :raises DownloadEnded: when it does not come any more.
        """
        index, start = divmod(offset, CHUNK_BYTES)
        length = min(most, CHUNK_BYTES - start, self.size - offset)
        if self._readers is not None:
            await self._readers.come(self, index)
        # Whoever closes it must not do so while a thread reads.
        return await uninterrupted(self._offload(self._source.read, offset, length))

    def close(self) -> None:
        """Read no more of it."""
        if self._readers is not None:
            self._readers.leave(self)
        self._source.close()
