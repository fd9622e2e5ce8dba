"""The journal of wanted downloads, which are resumed after a crash."""

import os
from contextlib import suppress
from threading import Lock
from typing import Annotated, Any, Final, Literal

import attrs
import msgspec
from twisted.logger import Logger

from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.storage.content import Content, WrongContent
from p2p_twisted.storage.disk import Disk, DiskFault
from p2p_twisted.storage.published import PublishedRecord
from p2p_twisted.wire.attributes import Attributes, valid_modified
from p2p_twisted.wire.messages import Hit, Size, Unshared
from p2p_twisted.wire.names import FileId, PeerName, check_path, valid_path

_WANT: Final = ".json"
_DIGESTS: Final = ".digests"
_RECORD: Final = ".published"
_SIZE_BYTES: Final = 8

HOLDERS_KEPT: Final = 8
Number = Annotated[int, msgspec.Meta(ge=0)]
Holders = Annotated[tuple[PeerName, ...], msgspec.Meta(max_length=HOLDERS_KEPT)]


def _valid_into(_instance: object, _attribute: "attrs.Attribute[Any]", value: str) -> None:
    if value:
        check_path(value)


@attrs.frozen
class JournalEntry:
    """
    A wanted file, folder, or selection of files.

    :ivar file: the id of the file, or of the manifest; called so on the disk.
    :ivar name: as its holder calls it, or for a selection as it was typed.
    :ivar size: in bytes, as its holders say.
    :ivar target: its path in the inbox; a folder's is chosen once its manifest is there.
    :ivar is_paused: whether it is not to be resumed by itself.
    :ivar modified: when the file was written to, in nanoseconds since 1970.
    :ivar is_executable: whether the file can be run.
    :ivar unshared: how many entries of a folder its holder does not share.
    :ivar number: what the person calls the download by; 0 for an unknown one.
    :ivar holders: some that had all of a file when it was asked for.
    :ivar into: the folder of the inbox in which it lands; empty for the inbox itself.
    :ivar most: how many bytes the files of a folder may have, if that was promised.
    :ivar room: how much of the disk a folder may take, if there is a rule; in bytes.
    """

    file: FileId
    name: str = attrs.field(validator=valid_path)
    size: Size
    kind: Literal["file", "folder", "files"] = "file"
    target: str | None = attrs.field(default=None, validator=attrs.validators.optional(valid_path))
    is_paused: bool = False
    modified: int | None = attrs.field(default=None, validator=valid_modified)
    is_executable: bool = False
    unshared: Unshared = 0
    number: Number = 0
    holders: Holders = ()
    into: str = attrs.field(default="", validator=_valid_into)
    most: Size | None = None
    room: Size | None = None

    @property
    def usual_target(self) -> str:
        """Where it lands, unless there is something of that name."""
        return self.placed(self.name.rpartition("/")[2])

    def placed(self, name: str) -> str:
        """Return the target of a name in the folder in which it lands."""
        return f"{self.into}/{name}" if self.into else name

    @property
    def earlier_hits(self) -> tuple[Hit, ...]:
        """Name the holders of an earlier run; the ways to them are not known any more."""
        return tuple(Hit(each, self.name, self.size, file=self.file) for each in self.holders)

    @property
    def attributes(self) -> Attributes:
        """What the file is to have beside its content."""
        return Attributes(self.modified, self.is_executable)


class Journal:
    """
    Keeps wanted downloads and the digests of running ones, in a folder of the peer's own.

    All methods block.

    :ivar folder: is made when something is kept.
    """

    log = Logger()

    def __init__(self, folder: OwnFolder, disk: Disk = os) -> None:
        self.folder = folder
        self._disk = disk
        self._decoder = msgspec.json.Decoder(JournalEntry)
        self._keeping = Lock()

    def record(self, entry: JournalEntry) -> None:
        """
        Write an entry, in place of an earlier one for the same id.

        :raises DiskFault: when it cannot be written.
        """
        self._keep(entry.file + _WANT, msgspec.json.encode(attrs.asdict(entry)))

    def remove(self, file_id: FileId) -> None:
        """Remove an entry, if there is one."""
        self._forget(file_id + _WANT)

    def get(self, file_id: FileId) -> JournalEntry | None:
        """Read an entry; ``None`` if there is none, or it is damaged."""
        return self._read(file_id + _WANT)

    def all(self) -> tuple[JournalEntry, ...]:
        """
        Read all entries.

        A damaged one is renamed, and skipped.
        """
        with suppress(FileNotFoundError):
            names = sorted(self.folder.names())
            return tuple(filter(None, (self._read(name) for name in names if name.endswith(_WANT))))
        return ()

    def record_digests(self, content: Content) -> None:
        """
        Keep the digests of a running download.

        :raises DiskFault: when they cannot be written.
        """
        size = content.size.to_bytes(_SIZE_BYTES, "big")
        self._keep(content.file_id + _DIGESTS, size + content.digests)

    def content(self, file_id: FileId) -> Content | None:
        """Read the kept digests of a file; ``None`` if there are none, or they are damaged."""
        try:
            kept = self.folder.read(file_id + _DIGESTS)
            return Content(file_id, int.from_bytes(kept[:_SIZE_BYTES], "big"), kept[_SIZE_BYTES:])
        except (OSError, WrongContent):
            return None

    def published(self, file_id: FileId) -> PublishedRecord:
        """Return the record of published files of a folder or selection."""
        return PublishedRecord(self.folder, file_id + _RECORD)

    def remove_digests(self, file_id: FileId) -> None:
        """Remove the kept digests of a file, if there are any."""
        self._forget(file_id + _DIGESTS)

    def _read(self, name: str) -> JournalEntry | None:
        try:
            entry: JournalEntry = self._decoder.decode(self.folder.read(name))
            if name != entry.file + _WANT:
                raise ValueError("it is about another file")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, msgspec.DecodeError, RecursionError) as error:
            path = self.folder.path / name
            self.log.warn("setting the damaged {path} aside: {error}", path=path, error=error)
            with suppress(OSError):
                self.folder.rename(name, f"{name}.damaged")
            return None
        return entry

    def _keep(self, name: str, content: bytes) -> None:
        try:
            # Two downloads with a file in common may write its digests at the same time.
            with self._keeping:
                self.folder.replace(name, content, self._disk.fsync)
        except OSError as error:
            raise DiskFault.of(error, self.folder.path) from error

    def _forget(self, name: str) -> None:
        try:
            self.folder.remove(name)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.log.warn("{name} stays: {error}", name=name, error=error)
