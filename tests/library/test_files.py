"""When a file is taken to be complete, and hashed."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.runtime.last_folder import LastFolder
from p2p_twisted.wire.chunks import content_id
from tests.library.sharing import Sharer


class WhenTests(SynchronousTestCase):
    """When a file is taken to be complete."""

    def test_old(self) -> None:
        """A file that was not written to for a second is hashed at once."""
        sharer = Sharer(self)
        sharer.file("f1", age=1.5)
        sharer.start()
        self.assertEqual(sharer.hashed, ["f1"])

    def test_fresh(self) -> None:
        """A fresh file is hashed once it was not written to for a second."""
        sharer = Sharer(self)
        sharer.file("f1", age=0.2)
        library = sharer.start()
        self.assertEqual(sharer.hashed, [])
        self.assertEqual(library.summary().hashing, 1)
        self.assertEqual(library.catalog.named("f1", 1)[0].hashed, 0)
        sharer.clock.advance(1)
        self.assertEqual(library.catalog.named("f1", 1)[0].hashed, 100)

    def test_from_the_future(self) -> None:
        """A file whose time of change is in the future is hashed, too."""
        sharer = Sharer(self)
        sharer.file("f1", age=-3600)
        sharer.start()
        sharer.clock.advance(1)
        self.assertEqual(sharer.hashed, ["f1"])

    def test_closed(self) -> None:
        """A file whose writer has closed it is hashed at once."""
        sharer = Sharer(self)
        sharer.start()
        sharer.file("f1", age=0)
        sharer.noticed(is_deep=False, closed="f1")
        self.assertEqual(sharer.hashed, ["f1"])

    def test_closed_again_and_again(self) -> None:
        """A file that is opened anew for each line is left alone until that ends."""
        sharer = Sharer(self)
        library = sharer.start()
        for size in range(5):
            sharer.file("log", b"x" * size, age=0)
            sharer.file(f"other{size}", age=0)
            sharer.noticed(is_deep=False, closed="log")
            sharer.clock.advance(0.3)
        shared = library.catalog.named("log", 1)[0]
        self.assertEqual((shared.file_id, shared.is_growing), (None, True))
        self.assertEqual(sharer.hashed.count("log"), 1)
        sharer.clock.advance(1)
        self.assertEqual(library.catalog.named("log", 1)[0].file_id, content_id(b"xxxx"))
        # Now and then is another matter.
        sharer.file("log", b"later", age=0)
        sharer.noticed(is_deep=False, closed="log")
        self.assertEqual(library.catalog.named("log", 1)[0].file_id, content_id(b"later"))

    def test_still_written(self) -> None:
        """A file that is written to is left alone until that ends."""
        sharer = Sharer(self)
        library = sharer.start()
        for size in range(5):
            sharer.file("f1", b"x" * size, age=0)
            sharer.clock.advance(0.6)
            sharer.noticed(is_deep=False)
        self.assertIsNone(library.catalog.named("f1", 1)[0].file_id)
        sharer.clock.advance(2)
        self.assertEqual(library.catalog.named("f1", 1)[0].file_id, content_id(b"xxxx"))

    def test_written_unnoticed(self) -> None:
        """A write that the watcher missed is found when hashing begins."""
        sharer = Sharer(self)
        sharer.file("f1", b"old", age=0)
        library = sharer.start()
        sharer.file("f1", b"newer", age=0)
        sharer.clock.advance(1)
        self.assertEqual(library.summary().hashing, 1)
        sharer.clock.advance(1)
        self.assertEqual(library.catalog.named("f1", 1)[0].file_id, content_id(b"newer"))

    def test_unreadable(self) -> None:
        """A file that cannot be opened is reported, and tried again by every scan."""
        sharer = Sharer(self)
        sharer.file("f1")
        real = LastFolder.open_file

        def refuse(*_arguments: object) -> int:
            raise PermissionError(13, "Permission denied")

        self.patch(LastFolder, "open_file", refuse)
        library = sharer.start()
        self.assertEqual(library.summary().files, 0)
        self.assertEqual(sharer.unshared(), {"f1": "it cannot be read: permission denied"})
        self.patch(LastFolder, "open_file", real)
        sharer.clock.advance(100)
        self.assertEqual((sharer.names(), sharer.unshared()), (["f1"], {}))

    def test_gone_meanwhile(self) -> None:
        """Of a file that is moved away as it was found, or its folder is, nothing is said."""
        sharer = Sharer(self)
        real, folder = LastFolder.open_file, sharer.directory / "sub"
        for size, away in enumerate((folder / "f1", folder)):
            sharer.file("sub/f1", b"x" * size)

            def take_away(opener: LastFolder, path: str, away: Path = away) -> int:
                away.rename(sharer.base / "away")
                return real(opener, path)

            self.patch(LastFolder, "open_file", take_away)
            sharer.start() if size == 0 else sharer.noticed()
            self.assertEqual((sharer.names(), sharer.unshared()), ([], {}))
            self.patch(LastFolder, "open_file", real)
            (sharer.base / "away").rename(away)
            sharer.noticed()
            self.assertIn("sub/f1", sharer.names())
