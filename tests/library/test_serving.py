"""What transfers are given to push."""

import os
from functools import partial
from hashlib import sha256
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.threads import inline
from p2p_twisted.wire import manifest
from p2p_twisted.wire.attributes import Attributes
from p2p_twisted.wire.chunks import content_id, id_from_digests
from p2p_twisted.wire.limits import CHUNK_BYTES
from p2p_twisted.wire.manifest import Member, decode
from p2p_twisted.wire.source import SourceChanged
from tests.library.sharing import Sharer


class FileTests(SynchronousTestCase):
    """Files that are served."""

    def test_read(self) -> None:
        """A source returns the bytes that its id and digests name."""
        sharer = Sharer(self)
        content = os.urandom(CHUNK_BYTES + 7)
        sharer.file("f1", content)
        sharer.start()
        source = sharer.opened("f1")
        self.assertEqual(source.read(0, source.size), content)
        self.assertEqual(source.read(CHUNK_BYTES, 7), content[CHUNK_BYTES:])
        self.assertEqual(source.file_id, content_id(content))
        self.assertEqual(source.file_id, id_from_digests(source.size, source.digests))
        source.close()
        source.close()

    def test_where(self) -> None:
        """It is told where a file or folder lies, also where the disk spells it otherwise."""
        sharer = Sharer(self)
        spelled = sharer.file("e\N{COMBINING ACUTE ACCENT}/in/f1")
        bare = sharer.directory / "bare" / "in"
        bare.mkdir(parents=True)
        library = sharer.start()
        for name, path in (
            ("\N{LATIN SMALL LETTER E WITH ACUTE}/in/f1", spelled),
            ("\N{LATIN SMALL LETTER E WITH ACUTE}/in", spelled.parent),
            ("\N{LATIN SMALL LETTER E WITH ACUTE}", spelled.parent.parent),
            ("bare/in", bare),
        ):
            self.assertEqual(library.path_of(name), path)

    def test_unknown(self) -> None:
        """Nothing is opened for an id that is not shared."""
        sharer = Sharer(self)
        self.assertIsNone(self.successResultOf(sharer.start().open("0" * 64)))

    def test_slow_disk(self) -> None:
        """A file is opened where the disk may take long; one that was changed by then is not."""
        sharer = Sharer(self)
        path = sharer.file("f1", b"before")
        library = sharer.start()
        opening: list[tuple[Deferred[Any], Any]] = []

        def later(function: Any, *args: Any) -> "Deferred[Any]":
            opening.append((Deferred(), partial(function, *args)))
            return opening[-1][0]

        sharer.opening = later
        for is_changed in (False, True):
            opened = library.open(content_id(b"before"))
            self.assertNoResult(opened)
            if is_changed:
                path.write_bytes(b"after!")
                os.utime(path, (1.8e9, 1.8e9))
            while opening:
                done, function = opening.pop()
                inline(function).chainDeferred(done)
            source = self.successResultOf(opened)
            self.assertEqual(source is None, is_changed)
            if source is not None:
                source.close()
        sharer.opening = inline
        sharer.clock.advance(0.2)
        self.assertEqual(sharer.opened("f1").read(0, 6), b"after!")

    def test_written_to(self) -> None:
        """A write while it is served ends that, and it is hashed again."""
        sharer = Sharer(self)
        path = sharer.file("f1", b"before")
        sharer.start()
        source = sharer.opened("f1")
        with path.open("r+b") as file:
            file.write(b"after!")
        os.utime(path, (1.9e9, 1.9e9))
        with self.assertRaises(SourceChanged):
            source.read(0, 6)
        source.close()
        sharer.clock.advance(0.2)
        self.assertEqual(sharer.opened("f1").read(0, 6), b"after!")

    def test_cut(self) -> None:
        """A file that is cut while it is served ends that."""
        sharer = Sharer(self)
        path = sharer.file("f1", b"before")
        sharer.start()
        source = sharer.opened("f1")
        os.truncate(path, 2)
        with self.assertRaises(SourceChanged):
            source.read(0, 6)
        source.close()

    def test_removed(self) -> None:
        """A file that is removed or replaced while it is served is served to its end."""
        sharer = Sharer(self)
        path = sharer.file("f1", b"before")
        sharer.start()
        source = sharer.opened("f1")
        path.unlink()
        sharer.file("f1", b"after!")
        self.assertEqual(source.read(0, 6), b"before")
        source.close()

    def test_changed_before(self) -> None:
        """A file that changed since it was hashed is not opened, but hashed again."""
        sharer = Sharer(self)
        sharer.file("f1", b"before")
        library = sharer.start()
        file_id = sharer.id_of("f1")
        sharer.file("f1", b"after!", age=30)
        self.assertIsNone(self.successResultOf(library.open(file_id)))
        sharer.clock.advance(0.2)
        self.assertEqual(library.catalog.named("f1", 1)[0].file_id, content_id(b"after!"))

    def test_several_paths(self) -> None:
        """Of several files with one content, any that can be opened is."""
        sharer = Sharer(self)
        sharer.file("a/f1")
        sharer.file("f2")
        library = sharer.start()
        (sharer.directory / "a/f1").unlink()
        self.assertEqual(sharer.opened("f2").read(0, 7), b"content")
        sharer.clock.advance(0.2)
        self.assertEqual([each.name for each in library.catalog.all(9)], ["f2"])


class FolderTests(SynchronousTestCase):
    """Folders that are served."""

    def test_manifest(self) -> None:
        """A folder is served as the list of its files."""
        sharer = Sharer(self)
        sharer.file("a/f1", b"one")
        sharer.file("a/b/f2", b"three")
        sharer.start()
        (folder,) = sharer.library.catalog.named("a", 1)
        self.assertEqual((folder.kind, folder.size, folder.hashed), ("folder", 8, 100))
        source = sharer.opened("a")
        text = source.read(0, source.size)
        self.assertEqual(content_id(text), source.file_id)
        self.assertEqual(
            decode(text),
            (Member(content_id(b"three"), 5, "b/f2"), Member(content_id(b"one"), 3, "f1")),
        )

    def test_attributes(self) -> None:
        """Beside it there is a list of what else is kept of its files, which its id leaves out."""
        sharer = Sharer(self)
        paths = [sharer.file("a/f1", b"one"), sharer.file("a/b/f2", b"three")]
        os.utime(paths[0], ns=(0, 1_000_000_000_123_456_789))
        os.utime(paths[1], ns=(0, -5))
        library = sharer.start()
        (before,) = library.catalog.named("a", 1)
        paths[0].chmod(0o755)
        sharer.noticed()
        (after,) = library.catalog.named("a", 1)
        self.assertEqual(after.file_id, before.file_id)
        self.assertNotEqual(after.attributes_id, before.attributes_id)
        assert before.attributes_id is not None
        assert after.attributes_id is not None
        self.assertIsNone(self.successResultOf(library.open(before.attributes_id)))
        source = self.successResultOf(library.open(after.attributes_id))
        assert source is not None
        text = source.read(0, source.size)
        self.assertEqual(text, b"-5\n1000000000123456789 x\n")
        self.assertEqual(content_id(text), after.attributes_id)
        self.assertEqual(library.catalog.with_id(after.attributes_id, 9), ())
        self.assertEqual(sorted(sharer.hashed), ["a/b/f2", "a/f1"])
        (file,) = library.catalog.named("a/f1", 1)
        self.assertEqual(file.attributes, Attributes(1_000_000_000_123_456_789, True))

    def test_changes(self) -> None:
        """Its id changes with anything below it, and with nothing else."""
        sharer = Sharer(self)
        sharer.file("a/b/f1", b"one")
        sharer.file("c/b/f1", b"one")
        library = sharer.start()

        def ids() -> list[str | None]:
            return [library.catalog.named(name, 1)[0].file_id for name in ("a", "a/b", "c/b")]

        first = ids()
        self.assertEqual(first[1], first[2])
        sharer.file("a/b/f1", b"two", age=40)
        sharer.noticed()
        second = ids()
        self.assertEqual(second[2], first[2])
        self.assertEqual(len({*first, *second}), 4)

    def test_too_many_files(self) -> None:
        """A folder whose list would be too long is not shared, but its files are."""
        self.patch(manifest, "MANIFEST_BYTES", 100)
        sharer = Sharer(self)
        sharer.file("a/f1")
        sharer.file("a/f2")
        sharer.file("b/f1")
        sharer.start()
        self.assertEqual(sharer.names(), ["a/f1", "a/f2", "b", "b/f1"])

    def test_not_hashed(self) -> None:
        """A folder has no id until all of its files have one."""
        sharer = Sharer(self)
        sharer.file("a/f1", b"1234")
        sharer.file("a/f2", b"1234", age=0)
        library = sharer.start()
        (folder,) = library.catalog.named("a", 1)
        self.assertEqual((folder.file_id, folder.hashed), (None, 50))
        sharer.clock.advance(1)
        (folder,) = library.catalog.named("a", 1)
        self.assertEqual(folder.hashed, 100)
        self.assertIsNotNone(folder.file_id)


class SwapTests(SynchronousTestCase):
    """Files are swapped for links while they are opened."""

    def test_never_outside(self) -> None:
        """Whatever a path is swapped for meanwhile, nothing outside is read."""
        sharer = Sharer(self)
        outside = sharer.base / "outside"
        outside.mkdir()
        (outside / "b").mkdir()
        (outside / "b/f1").write_bytes(b"secret!")
        sharer.file("a/b/f1", b"content")
        sharer.start()
        source = sharer.opened("a/b/f1")
        file_id = source.file_id
        source.close()
        swaps = Swaps(self, sharer, outside)
        served = 0
        for _ in range(300):
            again = self.successResultOf(sharer.library.open(file_id))
            if again is not None:
                digest = sha256(again.read(0, again.size)).digest()
                self.assertEqual(digest, sha256(b"content").digest())
                again.close()
                served += 1
        self.assertGreater(swaps.count, 300)
        self.assertTrue(0 < served < 300, served)


class Swaps:
    """Before some of the calls that open something, swap a folder for a link, or back."""

    def __init__(self, test: SynchronousTestCase, sharer: Sharer, outside: object) -> None:
        self.count = 0
        inside, aside = sharer.directory / "a", sharer.base / "aside"
        link = sharer.base / "link"
        link.symlink_to(str(outside))
        real, rng = os.open, Random(1)

        def swapping(path: object, flags: int, *args: int, **kwargs: int) -> int:
            self.count += 1
            if rng.random() < 0.3:
                if inside.is_symlink():
                    inside.rename(link)
                    aside.rename(inside)
                else:
                    inside.rename(aside)
                    link.rename(inside)
            return real(path, flags, *args, **kwargs)  # type: ignore[arg-type]

        test.patch(os, "open", swapping)
