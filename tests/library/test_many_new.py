"""Very many small files that are new are hashed by the scan that finds them."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library import folder_diff, hashing, scanner
from p2p_twisted.library.entries import Place, Visit
from p2p_twisted.library.folder_diff import FolderDiff
from p2p_twisted.runtime.last_folder import LastFolder
from p2p_twisted.runtime.parallel_map import in_turn
from p2p_twisted.wire.chunks import content_id
from tests.library.sharing import WALL, Sharer

_FILES = 150
_ONE = "b/f70"

T = TypeVar("T")
R = TypeVar("R")


class Others:
    """Processes that say what they are told."""

    def __init__(self, events: list[str]) -> None:
        self._events = events

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> list[R]:
        return in_turn(function, items)

    def begin(self, function: Callable[[T], R], items: Iterable[T], /) -> Callable[[], list[R]]:
        self._events.append("begin")

        def finish() -> list[R]:
            self._events.append("finish")
            return in_turn(function, items)

        return finish


class ManyTests(SynchronousTestCase):
    """Three folders of fifty files."""

    def setUp(self) -> None:
        self.patch(hashing, "monotonic", lambda: 0.0)
        self.sharer = Sharer(self)
        for number in range(_FILES):
            self.sharer.file(f"{'abc'[number % 3]}/f{number}", b"%d" % number)

    def check_all(self) -> None:
        """See that each file has its id."""
        ids = {
            name: self.sharer.id_of(name)
            for name in self.sharer.names()
            if self.sharer.library.catalog.entry(name) is not None
        }
        contents = {f"{'abc'[number % 3]}/f{number}": b"%d" % number for number in range(_FILES)}
        self.assertEqual(ids, {name: content_id(each) for name, each in contents.items()})

    def refuse(self, name: str) -> None:
        """Have the system open all files but one."""
        real = LastFolder.open_file

        def refuse_one(folder: LastFolder, path: str) -> int:
            if path == name:
                raise PermissionError(13, "Permission denied")
            return real(folder, path)

        self.patch(LastFolder, "open_file", refuse_one)

    def test_all(self) -> None:
        """None of them is queued, and a crash makes none of them be read again."""
        self.sharer.start()
        self.assertEqual(self.sharer.hashed, [])
        self.check_all()
        self.sharer.restart()
        self.patch(LastFolder, "open_file", lambda *_arguments: self.fail("it is read again"))
        self.sharer.start()
        self.check_all()

    def test_few(self) -> None:
        """A few are all in the catalog before the first is read."""
        sharer = Sharer(self)
        sharer.file("f1")
        sharer.start()
        self.assertEqual(sharer.hashed, ["f1"])

    def test_at_a_time(self) -> None:
        """A scan goes on elsewhere once it has found enough for one job."""
        self.patch(folder_diff, "_FOUND_AT_ONCE", 100)
        self.sharer.start()
        # The last fifty are few.
        self.assertEqual(len(self.sharer.hashed), 50)
        self.check_all()

    def test_ahead(self) -> None:
        """Others hash what one scan has found while the next one looks at other folders."""
        self.patch(folder_diff, "_FOUND_AT_ONCE", 100)
        sharer = Sharer(self)
        for number in range(300):
            sharer.file(f"{'abc'[number % 3]}/f{number}", b"%d" % number)
        events = self.events(sharer)
        sharer.start()
        each = ["begin", "compare", "finish"]
        self.assertEqual(events, ["compare", "compare", *each, *each, *each])
        self.assertEqual(sharer.hashed, [])
        self.assertEqual(sharer.library.summary().files, 300)

    def events(self, sharer: Sharer) -> list[str]:
        """Return what will say what scans do, one thing after the other."""
        events: list[str] = []

        def compare(*args: Any, **kwargs: Any) -> FolderDiff:
            events.append("compare")
            return folder_diff.compare_folders(*args, **kwargs)

        self.patch(scanner, "compare_folders", compare)
        sharer.library._scanner._process_map = Others(events)
        return events

    def test_ended_early(self) -> None:
        """What is begun is ended before the library is."""
        events = self.events(self.sharer)
        looking = self.sharer.library._scanner
        looking.open()
        following, _ended = looking.scan([Visit(Place(), True)], (), int(WALL * 1e9))
        looking.scan(following, (), int(WALL * 1e9))
        self.assertTrue(looking.is_hashing)
        looking.close()
        self.assertEqual(events, ["compare", "compare", "begin", "finish"])

    def test_slow_disk(self) -> None:
        """What there is no time for waits, as others are found meanwhile."""
        times = count()
        self.patch(hashing, "monotonic", lambda: next(times) / 1000)
        self.sharer.start()
        self.assertEqual(len(self.sharer.hashed), _FILES - 99)
        self.check_all()

    def test_still_written_to(self) -> None:
        """What was written to within the last second is left alone for now."""
        self.sharer.file(_ONE, b"70", age=0)
        self.sharer.start()
        self.assertEqual(self.sharer.library.summary().hashing, 1)
        self.sharer.clock.advance(1)
        self.assertEqual(self.sharer.hashed, [_ONE])
        self.check_all()

    def test_unreadable(self) -> None:
        """One that cannot be read is said to be that, and the others are shared."""
        self.refuse(_ONE)
        self.sharer.start()
        self.assertEqual(self.sharer.unshared(), {_ONE: "it cannot be read: permission denied"})
        self.assertEqual(self.sharer.library.summary().files, _FILES - 1)

    def test_changed_meanwhile(self) -> None:
        """One that changes between being found and being read has no id of either content."""
        path = self.sharer.directory / _ONE
        real = LastFolder.open_file

        def write_one(folder: LastFolder, name: str) -> int:
            fd = real(folder, name)
            if name == _ONE and path.read_bytes() == b"70":
                path.write_bytes(b"longer than before")
            return fd

        self.patch(LastFolder, "open_file", write_one)
        self.sharer.start()
        self.assertEqual(self.sharer.library.summary().hashing, 1)
        self.sharer.clock.advance(1)
        self.assertEqual(self.sharer.id_of(_ONE), content_id(b"longer than before"))

    def test_large(self) -> None:
        """A large one among them is hashed like any other large one."""
        self.sharer.file("a/large", bytes(hashing._SMALL_BYTES))
        self.sharer.start()
        self.assertEqual(self.sharer.hashed, ["a/large"])
