"""What a holder has, in memory or on the disk, for tests."""

import os
from pathlib import Path

import attrs
from typing_extensions import override

from p2p_twisted.wire.chunks import chunk_digest, content_id, split_chunks
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import SourceChanged


@attrs.define
class Content:
    """
    A source in memory, which can be spoiled.

    :ivar reads: how many chunks were read of it, again or not.
    :ivar is_doubted: whether it was said that it could not be read.
    """

    content: bytes
    file_id: FileId = ""
    size: int = 0
    digests: bytes = b""
    is_changed: bool = False
    is_closed: bool = False
    reads: int = 0
    is_doubted: bool = False

    def __attrs_post_init__(self) -> None:
        self.file_id = content_id(self.content)
        self.size = len(self.content)
        self.digests = b"".join(chunk_digest(chunk) for chunk in split_chunks(self.content))

    @property
    def fd(self) -> int | None:
        return None

    def check(self) -> None:
        if self.is_changed:
            raise SourceChanged

    def read(self, offset: int, length: int) -> bytes:
        self.reads += offset % CHUNK_BYTES == 0
        self.check()
        return self.content[offset : offset + length]

    def doubt(self) -> None:
        self.is_doubted = True

    def close(self) -> None:
        self.is_closed = True


class OnDisk(Content):
    """A source in a file, which can be spoiled."""

    def __init__(self, content: bytes, path: Path) -> None:
        super().__init__(content)
        path.write_bytes(content)
        self.on_disk = os.open(path, os.O_RDONLY)

    @property
    @override
    def fd(self) -> int | None:
        return self.on_disk

    @override
    def read(self, offset: int, length: int) -> bytes:
        self.check()
        piece = os.pread(self.on_disk, length, offset)
        if len(piece) < length:
            raise SourceChanged
        self.reads += 1
        return piece


def some_bytes(size: int, seed: int = 1) -> bytes:
    """Make bytes of which no two chunks are alike."""
    import random

    return random.Random(seed).randbytes(size)
