"""The journal of wanted downloads, so that they go on by themselves after a crash."""

import os
from contextlib import suppress
from threading import Lock
from typing import Final, Literal

import attrs
import msgspec
from twisted.logger import Logger

from p2p_twisted.runtime.atomic import replace_file
from p2p_twisted.runtime.openat import make_folder
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import Disk, DiskFault
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.wire.messages import Size
from p2p_twisted.wire.names import FileId, valid_path

_WANT: Final = ".json"
_DIGESTS: Final = ".digests"
_RECORD: Final = ".published"
_SIZE_BYTES: Final = 8


@attrs.frozen
class JournalEntry:
    """
    A file, a folder, or a selection of files that a person wants.

    :ivar file: the id of the file, or of the manifest.
    :ivar name: as its holder calls it, or for a selection what was typed.
    :ivar size: in bytes, as its holders say.
    :ivar target: what it becomes below the inbox; a folder's is chosen once its
        manifest is there.
    :ivar is_paused: whether it is not to go on by itself.
    """

    file: FileId
    name: str = attrs.field(validator=valid_path)
    size: Size
    kind: Literal["file", "folder", "files"] = "file"
    target: str | None = attrs.field(default=None, validator=attrs.validators.optional(valid_path))
    is_paused: bool = False


class Journal:
    """
    What is wanted, and the digests of what is on its way, in a folder of the peer's own.

    All methods block.

    :ivar folder: where they are; it is made when it is missing.
    """

    log = Logger()

    def __init__(self, folder: str, disk: Disk = os) -> None:
        self.folder = folder
        self._disk = disk
        self._decoder = msgspec.json.Decoder(JournalEntry)
        self._keeping = Lock()

    def record(self, entry: JournalEntry) -> None:
        """
        Write a want down, in place of what was written of it before.

        :raises DiskFault: when it cannot be.
        """
        self._keep(entry.file + _WANT, msgspec.json.encode(attrs.asdict(entry)))

    def remove(self, file_id: FileId) -> None:
        """Strike a want out; none of it is fine."""
        self._forget(file_id + _WANT)

    def get(self, file_id: FileId) -> JournalEntry | None:
        """Read one want."""
        name = file_id + _WANT
        return self._read(name) if os.path.exists(os.path.join(self.folder, name)) else None

    def all(self) -> tuple[JournalEntry, ...]:
        """
        Read every want.

        What cannot be read is set aside under another name.
        """
        with suppress(FileNotFoundError):
            names = sorted(os.listdir(self.folder))
            return tuple(filter(None, (self._read(name) for name in names if name.endswith(_WANT))))
        return ()

    def record_digests(self, content: Content) -> None:
        """
        Keep the digests of what is on its way.

        :raises DiskFault: when they cannot be.
        """
        size = content.size.to_bytes(_SIZE_BYTES, "big")
        self._keep(content.file_id + _DIGESTS, size + content.digests)

    def content(self, file_id: FileId) -> Content | None:
        """Read the digests kept for a file; damaged ones count as none."""
        try:
            kept = _read(os.path.join(self.folder, file_id + _DIGESTS))
            return Content(file_id, int.from_bytes(kept[:_SIZE_BYTES], "big"), kept[_SIZE_BYTES:])
        except (OSError, WrongContent):
            return None

    def published(self, file_id: FileId) -> PublishedRecord:
        """Give the list of what is published of a folder or selection."""
        return PublishedRecord(os.path.join(self.folder, file_id + _RECORD))

    def remove_digests(self, file_id: FileId) -> None:
        """Forget the digests kept for a file; none is fine."""
        self._forget(file_id + _DIGESTS)

    def _read(self, name: str) -> JournalEntry | None:
        path = os.path.join(self.folder, name)
        try:
            entry: JournalEntry = self._decoder.decode(_read(path))
            if name != entry.file + _WANT:
                raise ValueError("it is about another file")
        except (OSError, ValueError, msgspec.DecodeError, RecursionError) as error:
            self.log.warn("setting the damaged {path} aside: {error}", path=path, error=error)
            with suppress(OSError):
                os.replace(path, path + ".damaged")
            return None
        return entry

    def _keep(self, name: str, content: bytes) -> None:
        path = os.path.join(self.folder, name)
        try:
            make_folder(self.folder, self._disk.fsync, mode=0o700)
            # Two downloads that have a file in common may keep its digests at the same moment.
            with self._keeping:
                replace_file(path, content, mode=0o666, fsync=self._disk.fsync)
        except OSError as error:
            raise DiskFault.of(error) from error

    def _forget(self, name: str) -> None:
        try:
            os.unlink(os.path.join(self.folder, name))
        except FileNotFoundError:
            pass
        except OSError as error:
            self.log.warn("{name} stays: {error}", name=name, error=error)


def _read(path: str) -> bytes:
    with open(path, "rb") as kept:
        return kept.read()
