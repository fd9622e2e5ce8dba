"""What of a directory is shared, and under which names."""

import os
import socket

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import listing
from p2p_twisted.runtime.last_folder import LastFolder
from tests.library.sharing import Sharer


class EntryTests(SynchronousTestCase):
    """All kinds of entries of a directory."""

    def test_files_and_folders(self) -> None:
        """Files are shared by their paths, and folders that have any."""
        sharer = Sharer(self)
        sharer.file("f1.txt")
        sharer.file("a/b/f2.txt")
        (sharer.directory / "empty/inner").mkdir(parents=True)
        sharer.start()
        self.assertEqual(sharer.names(), ["a", "a/b", "a/b/f2.txt", "f1.txt"])

    def test_directory_is_made(self) -> None:
        """A missing directory is created, for its owner only."""
        sharer = Sharer(self)
        sharer.start()
        self.assertEqual(sharer.directory.stat().st_mode & 0o777, 0o700)

    def test_directory_cannot_be_made(self) -> None:
        """A directory that cannot be made is an error at the start."""
        sharer = Sharer(self)
        sharer.directory.write_bytes(b"a file")
        self.assertRaises(OSError, sharer.start)

    def test_hidden(self) -> None:
        """Hidden files and folders are not shared, and not reported."""
        sharer = Sharer(self)
        sharer.file(".secret")
        sharer.file(".p2p/token")
        sharer.file("a/.git/config")
        sharer.start()
        self.assertEqual((sharer.names(), sharer.unshared()), ([], {}))

    def test_downloads(self) -> None:
        """The downloads are not shared, wherever they lie and whatever leads there."""
        sharer = Sharer(self)
        sharer.downloads = sharer.directory / "a" / "here"
        sharer.restart()
        sharer.file("a/here/b/f1")
        sharer.file("a/Downloads/f2")
        sharer.start()
        self.assertEqual(sharer.names(), ["a", "a/Downloads", "a/Downloads/f2"])

    def test_files_of_daemons(self) -> None:
        """Logs, pid files and records of any daemon are not shared, and not reported."""
        sharer = Sharer(self)
        for name in (
            *("p2ppeer-s1.log", "p2ppeer-s1.log.1", "p2ppeer-other-2.pid", "p2pmeta.db"),
            *("p2pmeta.db-wal", "p2pmeta.log", "sub/p2pmeta.pid"),
        ):
            sharer.file(name)
        sharer.file("p2ppeer-s1.log.txt")
        sharer.file("notes on p2pmeta.db")
        sharer.start()
        shared = ["notes on p2pmeta.db", "p2ppeer-s1.log.txt"]
        self.assertEqual((sharer.names(), sharer.unshared()), (shared, {}))

    def test_own_files(self) -> None:
        """What this daemon writes is not shared, whatever it is called and wherever it lies."""
        sharer = Sharer(self)
        log, state = sharer.directory / "a" / "my.log", sharer.directory / "state"
        sharer.own_files = (log, log.with_name("my.log.1"), state)
        sharer.restart()
        for name in ("a/my.log", "a/f1", "state/book"):
            sharer.file(name)
        sharer.start()
        self.assertEqual((sharer.names(), sharer.unshared()), (["a", "a/f1"], {}))
        log.rename(log.with_name("my.log.1"))
        sharer.file("a/my.log")
        sharer.noticed()
        self.assertEqual(sharer.names(), ["a", "a/f1"])

    def test_downloads_are_the_directory(self) -> None:
        """Where the downloads are the directory itself, nothing is shared."""
        sharer = Sharer(self)
        sharer.downloads = sharer.directory
        sharer.restart()
        sharer.file("f1")
        sharer.start()
        self.assertEqual(sharer.names(), [])

    def test_links(self) -> None:
        """Links are not followed, neither to files nor to folders."""
        sharer = Sharer(self)
        sharer.file("f1")
        (sharer.directory / "file").symlink_to("/etc/passwd")
        (sharer.directory / "folder").symlink_to("/etc")
        (sharer.directory / "loop").symlink_to(".")
        (sharer.directory / "nowhere").symlink_to("nothing")
        sharer.start()
        self.assertEqual(sharer.names(), ["f1"])
        self.assertEqual(
            sharer.unshared(),
            dict.fromkeys(["file", "folder", "loop", "nowhere"], "links are not followed"),
        )

    def test_downloads_elsewhere(self) -> None:
        """Downloads may be a link to another disk: that is neither shared nor worth a word."""
        sharer = Sharer(self)
        sharer.file("f1")
        elsewhere = sharer.base / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "got").touch()
        sharer.downloads.symlink_to(elsewhere)
        sharer.start()
        self.assertEqual((sharer.names(), sharer.unshared()), (["f1"], {}))

    def test_special_files(self) -> None:
        """A FIFO or a socket is reported, without waiting for its other end."""
        sharer = Sharer(self)
        sharer.directory.mkdir()
        os.mkfifo(sharer.directory / "fifo")
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(sharer.directory / "socket"))
            sharer.start()
        self.assertEqual(sharer.names(), [])
        self.assertEqual(
            sharer.unshared(), dict.fromkeys(["fifo", "socket"], "it is not a regular file")
        )

    def test_hard_link(self) -> None:
        """One content under two names is shared under both."""
        sharer = Sharer(self)
        os.link(sharer.file("f1"), sharer.directory / "f2")
        library = sharer.start()
        (first,) = library.catalog.named("f1", 1)
        assert first.file_id is not None
        self.assertEqual(
            [each.name for each in library.catalog.with_id(first.file_id, 9)], ["f1", "f2"]
        )

    def test_too_large(self) -> None:
        """A file above the limit is reported."""
        sharer = Sharer(self)
        sharer.file("f1", b"four")
        sharer.file("f2", b"fives")
        self.patch(listing, "FILE_BYTES", 4)
        sharer.start()
        self.assertEqual(sharer.names(), ["f1"])
        self.assertEqual(sharer.unshared(), {"f2": "a file may have at most 4 bytes"})


class NameTests(SynchronousTestCase):
    """Names that file systems or terminals of other peers could not bear."""

    def test_hostile(self) -> None:
        """Names that cannot be shared are reported, each in a printable form."""
        sharer = Sharer(self)
        sharer.file("fine")
        names = [
            b"new\nline",
            b"esc\x1b[2J",
            b"bidi\xe2\x80\xaegpj",
            b"back\\slash",
            b"co:lon",
            b"trailing.",
            b" leading",
            b"con",
            b"\xff\xfe",
            b"\xe2\x80\x8d",
        ]
        for name in names:
            with open(os.path.join(os.fsencode(sharer.directory), name), "wb") as file:
                file.write(b"x")
        sharer.start()
        self.assertEqual(sharer.names(), ["fine"])
        self.assertEqual(len(sharer.unshared()), len(names))
        self.assertEqual(sharer.unshared()["\\xff\\xfe"], "its name is not UTF-8")

    def test_disk_without_modes(self) -> None:
        """Where all files look like programs, none is called one."""
        for keeps_modes in (True, False):
            self.patch(listing, "keeps_modes", lambda _device, keeps=keeps_modes: keeps)
            sharer = Sharer(self)
            sharer.file("f1").chmod(0o755)
            (shared,) = sharer.start().catalog.all(9)
            self.assertEqual(shared.attributes.is_executable, keeps_modes)

    def test_folder(self) -> None:
        """A folder that cannot be shared is not scanned."""
        sharer = Sharer(self)
        sharer.file("aux/f1")
        sharer.start()
        self.assertEqual(sharer.names(), [])
        self.assertEqual(list(sharer.unshared()), ["aux"])

    def test_decomposed(self) -> None:
        """A name is shared in normal form C, and opened as the disk has it."""
        sharer = Sharer(self)
        sharer.file("cafe\u0301/the\u0301.txt", b"tea")
        sharer.start()
        self.assertEqual(sharer.names(), ["café", "café/thé.txt"])
        source = sharer.opened("thé")
        self.assertEqual(source.read(0, 3), b"tea")
        source.close()

    def test_too_deep(self) -> None:
        """A path with more than 32 components is reported where it gets too long."""
        sharer = Sharer(self)
        sharer.file("/".join("a" * 32))
        sharer.file("/".join("b" * 33))
        sharer.start()
        self.assertEqual(len(sharer.names()), 32)
        self.assertEqual(list(sharer.unshared()), ["/".join("b" * 33)])

    def test_collision(self) -> None:
        """Of names that differ only in case or accents, the first is shared."""
        sharer = Sharer(self)
        for path in ("README", "readme", "caf\u00e9", "cafe\u0301", "Photos/f1", "photos/f2"):
            sharer.file(path)
        sharer.start()
        self.assertEqual(sharer.names(), ["Photos", "Photos/f1", "README", "café"])
        self.assertEqual(
            sharer.unshared()["readme"],
            "it differs from README only in case, accents or invisible characters",
        )
        self.assertEqual(len(sharer.unshared()), 3)

    def test_collision_ends(self) -> None:
        """Once the first is gone the other is shared."""
        sharer = Sharer(self)
        first = sharer.file("README")
        sharer.file("readme")
        sharer.start()
        first.unlink()
        sharer.noticed()
        self.assertEqual((sharer.names(), sharer.unshared()), (["readme"], {}))

    def test_reported_once(self) -> None:
        """A name is logged when it is found, and not by every later scan."""
        sharer = Sharer(self)
        sharer.file("aux")
        said: list[object] = []
        library = sharer.library
        self.patch(library._indexer.exclusions, "log", _Sayings(said))
        sharer.start()
        sharer.noticed()
        sharer.clock.advance(100)
        self.assertEqual(said, ["aux"])

    def test_told_once(self) -> None:
        """A person is told of each once, in one go, also of files that cannot be read."""
        sharer = Sharer(self)
        told: list[list[str]] = []
        sharer.library.on_exclusion(lambda found: told.append([path for path, _why in found]))
        sharer.file("aux")
        for number in range(400):
            sharer.file(f"locked{number}")

        def refuse(*_arguments: object) -> int:
            raise PermissionError(13, "Permission denied")

        self.patch(LastFolder, "open_file", refuse)
        sharer.start()
        for _ in range(3):
            sharer.clock.advance(61)
        self.assertEqual([len(paths) for paths in told], [1, 400])
        self.assertEqual(sharer.library.summary().excluded, 401)
        sharer.file("a:b")
        sharer.noticed(is_deep=False)
        sharer.clock.pump([1.0] * 5)
        self.assertEqual(told[2:], [["a:b"]])

    def test_many_unshared(self) -> None:
        """However many names cannot be shared, the log has a few lines."""
        sharer = Sharer(self)
        for number in range(50):
            sharer.file(f"a{number}.")
        said: list[object] = []
        self.patch(sharer.library._indexer.exclusions, "log", _Sayings(said))
        sharer.start()
        self.assertEqual(said[5:], [45])


class _Sayings:
    """A log that keeps what it is told."""

    def __init__(self, said: list[object]) -> None:
        self._said = said

    def warn(self, _text: str, **fields: object) -> None:
        self._said.append(fields.get("path", fields.get("count")))
