"""Names that cannot be shared are logged in few lines, however many there are."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.library.exclusions import Exclusions
from p2p_twisted.runtime.last_folder import LastFolder
from tests.library.sharing import Sharer

# Fewer than the indexer takes in at a time.
_FILES = 400


class Sayings:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def warn(self, _text: str, **fields: object) -> None:
        self.said.append(fields.get("path", fields.get("count")))


class LogTests(SynchronousTestCase):
    """Hundreds of files that cannot be read."""

    def setUp(self) -> None:
        self.sharer = Sharer(self)
        for number in range(_FILES):
            self.sharer.file(f"many/f{number}")
        self.log = Sayings()
        self.patch(Exclusions, "log", self.log)
        self.patch(LastFolder, "open_file", self.refuse)

    def refuse(self, *_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    def test_few_lines(self) -> None:
        """Five are named, the others counted; nothing is said of them again."""
        self.sharer.start()
        self.assertEqual(len(self.log.said), 6)
        self.assertEqual(self.log.said[5], _FILES - 5)
        for _ in range(3):
            self.sharer.clock.advance(100)
            self.sharer.noticed()
        self.assertEqual(len(self.log.said), 6)
        self.assertEqual(len(self.sharer.unshared()), _FILES)

    def test_removed(self) -> None:
        """One that is removed is not listed any more."""
        self.sharer.start()
        (self.sharer.directory / "many" / "f7").unlink()
        self.sharer.noticed()
        self.assertEqual(len(self.sharer.unshared()), _FILES - 1)


class ForgettingTests(SynchronousTestCase):
    def test_below(self) -> None:
        """Reasons are forgotten for a folder and what is below it, and for no other."""
        known = Exclusions()
        for folder in ("", "a", "a/b", "ab", "c"):
            known.put(folder, {f"{folder}/aux": "no"})
        known.unreadable("a/b/f", "no")
        known.unreadable("c/f", "no")
        known.forget({"a", "x"})
        self.assertEqual(
            [path for path, _ in known.all()], ["/aux", "a/b/f", "ab/aux", "c/aux", "c/f"]
        )
        known.forget({""})
        self.assertEqual([path for path, _ in known.all()], ["a/b/f", "c/f"])
