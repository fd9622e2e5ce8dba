"""Keep the lists of folders that were pushed, from which others get these when all is here."""

from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from typing import Final

from attrs import define, frozen
from twisted.logger import Logger

from p2p_twisted.library.entries import HashedFile
from p2p_twisted.library.sources import FileSource
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import chunk_digest, id_from_digests, split_chunks
from p2p_twisted.wire.manifest import BadManifest, Member, decode, encode, encode_attributes_of
from p2p_twisted.wire.names import FileId

_ATTRIBUTES: Final = ".attributes"


@frozen
class SeededFolder:
    """
    What a folder consists of.

    :ivar files: its files, by their ids.
    :ivar lists: its manifest and its list of attributes, each by its id: the name of the file in
        which that is kept, and the digests of it.
    :ivar attributes: the id of that list.
    """

    files: Mapping[FileId, Member]
    lists: Mapping[FileId, tuple[str, bytes]]
    attributes: FileId


@define(eq=False)
class SeededLists:
    """
    Keeps the lists of some folders over restarts; all methods block.

    :param folder: where they are.
    """

    log = Logger()

    _folder: OwnFolder

    def keep(self, folder: FileId, members: Sequence[Member]) -> SeededFolder:
        """
        Keep the lists of a folder.

        :raises OSError: when that cannot be.
        :raises BadManifest: when they list more than others would read.
        """
        manifest, attributes = encode(members), encode_attributes_of(members)
        self._folder.replace(folder, manifest)
        self._folder.replace(folder + _ATTRIBUTES, attributes)
        return _described(folder, manifest, attributes, members)

    def read(self, folder: FileId) -> SeededFolder:
        """
        Read the lists that an earlier run has kept of a folder.

        :raises OSError: when there are none.
        :raises BadManifest: when they are damaged.
        """
        manifest = self._folder.read(folder)
        attributes = self._folder.read(folder + _ATTRIBUTES)
        seeded = _described(folder, manifest, attributes, decode(manifest))
        if folder not in seeded.lists:
            raise BadManifest("the list of a folder that was pushed is damaged")
        return seeded

    def open(self, seeded: SeededFolder, list_id: FileId) -> FileSource | None:
        """Open a list; ``None`` when it is not there any more."""
        name, digests = seeded.lists[list_id]
        try:
            return FileSource.open_own(self._folder, name, HashedFile(list_id, digests))
        except OSError as error:
            self.log.warn("a folder that was pushed is not given to others: {why}", why=error)
            return None

    def forget(self, folder: FileId) -> None:
        """Remove the lists of a folder."""
        for name in (folder, folder + _ATTRIBUTES):
            with suppress(OSError):
                self._folder.remove(name)

    def sweep(self, wanted: Container[FileId]) -> None:
        """Remove the lists of all folders but some."""
        with suppress(OSError):
            for name in self._folder.names():
                if name.removesuffix(_ATTRIBUTES) not in wanted:
                    self._folder.remove(name)


def _described(
    folder: FileId, manifest: bytes, attributes: bytes, members: Sequence[Member]
) -> SeededFolder:
    files = {member.file_id: member for member in members if not member.is_folder}
    manifest_id, manifest_digests = _hashed(manifest)
    attributes_id, attributes_digests = _hashed(attributes)
    lists = {
        attributes_id: (folder + _ATTRIBUTES, attributes_digests),
        manifest_id: (folder, manifest_digests),
    }
    return SeededFolder(files, lists, attributes_id)


def _hashed(text: bytes) -> tuple[FileId, bytes]:
    digests = b"".join(map(chunk_digest, split_chunks(text)))
    return id_from_digests(len(text), digests), digests
