"""The lists of sealed folders: made by the worker, and kept until nobody has them any more."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import scanner, sealed_lists
from p2p_twisted.library.sealed_lists import SealedLists
from p2p_twisted.runtime.own_folder import OwnFolder
from p2p_twisted.wire.chunks import content_id, id_from_digests
from p2p_twisted.wire.limits import LINK_FILE_BYTES
from p2p_twisted.wire.names import FileId
from p2p_twisted.wire.source import Source
from tests.library.sharing import Sharer

SHORT, LONG = b"short", b"long" * LINK_FILE_BYTES


class RecordingLog:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def warn(self, _text: str, **fields: object) -> None:
        self.said.append((fields["name"], fields["others"]))


class ListsTests(SynchronousTestCase):
    """Lists in memory and in files."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.path.mkdir(mode=0o700)
        self.lists = SealedLists(OwnFolder(self.path).below("lists"))

    def opened(self, file_id: FileId) -> Source:
        """Open what must be there."""
        source = self.lists.open(file_id)
        assert source is not None
        self.addCleanup(source.close)
        return source

    def files(self) -> list[str]:
        """Name the files."""
        return sorted(path.name for path in self.path.glob("lists/*"))

    def test_kept(self) -> None:
        """Short ones need no file; long ones have one that only their owner can read."""
        self.lists.clear()
        for text in (SHORT, LONG):
            file_id = self.lists.keep(text)
            self.assertEqual(self.lists.keep(text), file_id)
            source = self.opened(file_id)
            self.assertEqual((file_id, source.file_id), (content_id(text), file_id))
            self.assertEqual(id_from_digests(source.size, source.digests), file_id)
            self.assertEqual(source.read(1, source.size - 1), text[1:])
        self.assertEqual(self.files(), [content_id(LONG)])
        self.assertEqual((self.path / "lists" / content_id(LONG)).stat().st_mode & 0o777, 0o600)
        self.assertIsNone(self.lists.open("0" * 64))

    def test_little_memory(self) -> None:
        """Where memory is full, short ones go to files, too."""
        self.patch(sealed_lists, "_IN_MEMORY_BYTES", 2 * len(SHORT))
        for number in range(5):
            self.lists.keep(SHORT[:-1] + b"%d" % number)
        self.assertEqual(len(self.files()), 3)

    def test_full_disk(self) -> None:
        """Where the disk is full, they are in memory as long as there is room."""

        def fail(*_args: object, **_more: object) -> None:
            raise OSError("the disk is full")

        self.patch(os, "replace", fail)
        self.assertEqual(self.opened(self.lists.keep(LONG)).size, len(LONG))
        self.assertEqual(self.files(), [])
        self.patch(sealed_lists, "_IN_MEMORY_BYTES", 0)
        with self.assertRaises(OSError):
            self.lists.keep(LONG + b"er")

    def test_pruned(self) -> None:
        """What no folder has any more is removed once it takes much room; what is open stays."""
        file_ids = [self.lists.keep(LONG + b"%d" % number) for number in range(4)]
        file_ids.append(self.lists.keep(SHORT))
        self.lists.prune(lambda _file_id: False)
        source = self.opened(file_ids[0])
        self.lists._most_bytes = 0
        self.lists.prune(lambda file_id: file_id == file_ids[1])
        self.assertEqual(self.files(), [file_ids[1]])
        self.assertIsNone(self.lists.open(file_ids[4]))
        self.assertEqual(source.read(0, 4), b"long")

    def test_left_by_an_earlier_run(self) -> None:
        """Nothing of an earlier run is used, or kept."""
        self.lists.keep(LONG)
        again = SealedLists(OwnFolder(self.path).below("lists"))
        again.clear()
        self.assertEqual(self.files(), [])
        self.assertIsNone(again.open(content_id(LONG)))


class SealTests(SynchronousTestCase):
    """Folders of a library."""

    def test_not_made_when_asked_for(self) -> None:
        """A folder is served without its list being made for that."""
        sharer = Sharer(self)
        sharer.file("a/f1", b"one")
        library = sharer.start()
        (folder,) = library.catalog.named("a", 1)
        assert folder.file_id is not None
        self.patch(scanner, "encode", None)
        source = self.successResultOf(library.open(folder.file_id))
        assert source is not None
        self.assertEqual(content_id(source.read(0, source.size)), folder.file_id)

    def test_unkept(self) -> None:
        """Folders whose lists cannot be kept are not shared as such, and told in one line."""
        sharer, log = Sharer(self), RecordingLog()
        for number in range(3):
            sharer.file(f"d{number}/f", b"one")
        self.patch(scanner.Scanner, "log", log)
        self.patch(SealedLists, "keep", self.refuse)
        library = sharer.start()
        self.assertEqual(len(library.catalog.named("f", 9)), 3)
        self.assertEqual([each.file_id for each in library.catalog.named("d0", 1)], [None])
        self.assertEqual(log.said, [("d0", " and 2 other folders")])

    def refuse(self, _text: bytes) -> FileId:
        raise OSError("the disk is full")

    def test_old_id(self) -> None:
        """The list of what a folder was is served no more."""
        sharer = Sharer(self)
        sharer.file("a/f1", b"one")
        library = sharer.start()
        file_id = sharer.id_of("a")
        sharer.file("a/f1", b"two", age=30)
        sharer.noticed()
        self.assertIsNone(self.successResultOf(library.open(file_id)))
