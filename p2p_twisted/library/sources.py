"""Open files and manifests of a library for uploads."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

from p2p_twisted.library.entries import HashedFile, OnDisk, Signature
from p2p_twisted.runtime import openat
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import chunk_digest, id_from_digests, split_chunks
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import SourceChanged, SourceUnreadable, read_exactly


class FileSource:
    """
    A file of the library, held open, so that it is served even after it was renamed or removed.

    :param fd: open for reading; this object closes it.
    :param changed: is called once, when the file turns out to have changed, or not to be readable.
    """

    def __init__(
        self, fd: int, on_disk: OnDisk, content: HashedFile, changed: Callable[[], None]
    ) -> None:
        self.file_id: FileId = content.file_id
        self.size = on_disk.signature.size
        self.digests = content.digests
        self._fd: int | None = fd
        self._signature = on_disk.signature
        self._changed = changed
        self._has_changed = False

    @classmethod
    def open(
        cls, root: Path, on_disk: OnDisk, content: HashedFile, changed: Callable[[], None]
    ) -> Self:
        """
        Open a file below the library's directory; blocks.

        :raises OSError: when it cannot be opened.
        :raises SourceChanged: when it is not what was hashed.
        """
        fd = openat.open_file(root, on_disk.path)
        try:
            if on_disk.signature.may_differ(Signature.of(os.fstat(fd))):
                raise SourceChanged("it may have been written to")
        except BaseException:
            os.close(fd)
            raise
        return cls(fd, on_disk, content, changed)

    @classmethod
    def open_own(cls, folder: OwnFolder, name: str, content: HashedFile) -> Self:
        """
        Open a file of this peer's own, to which only it writes; blocks.

        :raises OSError: when it cannot be opened.
        """
        with folder.opened_file(name) as file:
            on_disk = OnDisk(name, name, Signature.of(os.fstat(file.fileno())))
            return cls(os.dup(file.fileno()), on_disk, content, _nothing)

    @property
    def fd(self) -> int | None:
        """Its descriptor; ``None`` once it is closed."""
        return self._fd

    def check(self) -> None:
        """
        Check that it is still what was hashed.

        :raises SourceChanged: when it was written to or cut since.
        """
        if self._fd is None:
            raise ValueError("the source is closed")
        # Its status changes when it is renamed or removed, which is no reason to end a push.
        if self._signature.is_written_to(Signature.of(os.fstat(self._fd))):
            raise self._change("it was written to")

    def read(self, offset: int, length: int) -> bytes:
        """
        Read exactly ``length`` bytes.

        :raises SourceChanged: when it was changed or cut since it was hashed.
        :raises SourceUnreadable: when it cannot be read.
        """
        if self._fd is None:
            raise ValueError("the source is closed")
        try:
            content = read_exactly(self._fd, offset, length)
        except SourceUnreadable:
            self.doubt()
            raise
        except SourceChanged as change:
            raise self._change(str(change)) from change
        # After reading: a write between an earlier check and the reading would be missed.
        self.check()
        return content

    def close(self) -> None:
        """Close the file; closing it twice does no harm."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def doubt(self) -> None:
        """Have it looked at and, if it seems to be the same, hashed again."""
        if not self._has_changed:
            self._has_changed = True
            self._changed()

    def _change(self, what: str) -> SourceChanged:
        self.doubt()
        return SourceChanged(what)


class MemorySource:
    """
    Content in memory: a list of a folder.

    :ivar file_id: its id.
    """

    def __init__(self, content: bytes) -> None:
        self.size = len(content)
        self.digests = b"".join(chunk_digest(chunk) for chunk in split_chunks(content))
        self.file_id = id_from_digests(self.size, self.digests)
        self._content = content

    @property
    def fd(self) -> None:
        """``None``: it is not a file."""
        return None

    def check(self) -> None:
        """Return at once: content in memory does not change."""

    def read(self, offset: int, length: int) -> bytes:
        """Read exactly ``length`` bytes."""
        return self._content[offset : offset + length]

    def doubt(self) -> None:
        """Return at once: what is in memory can be read."""

    def close(self) -> None:
        """Return at once: there is nothing to close."""


def _nothing() -> None:
    """Tell nobody."""
