"""Of several things, those that are hashed come at once, and the others as soon as they are."""

from twisted.internet.defer import Deferred

from p2p_twisted.download.progress import Canceled, Failed, Hashing, Progress, Saved
from tests.peer.cases import SONG
from tests.peer.test_hashing_wait import HashingCase


class LaterTests(HashingCase):
    def got(self, done: "Deferred[tuple[Progress, ...]]") -> dict[str, type]:
        return {each.name: type(each.state) for each in self.net.result(done)}

    def test_hashed_first(self) -> None:
        """Of a pattern's files, one that is still being hashed holds none of the others up."""
        self.write("huge.bin")
        self.write("small.bin", b"small")
        self.begun("huge.bin")
        self.assertTrue(self.net.network.clock.run_until(self.hashed("small.bin"), 60.0))
        done = self.get_all("*.bin")
        self.assertTrue(self.net.network.clock.run_until(self.saved("small.bin"), 60.0))
        self.assertFalse(self.hashed("huge.bin")())
        self.assertEqual(self.got(done), {"small.bin": Saved, "huge.bin": Saved})
        self.assertEqual(self.net.download("s2", "huge.bin"), SONG)

    def test_words(self) -> None:
        """So it is with names, too; and what is removed meanwhile ends with the reason."""
        self.write("huge.bin")
        self.begun("huge.bin")
        done = self.get_all("huge.bin", "own")
        self.assertTrue(self.net.network.clock.run_until(self.saved("own"), 60.0))
        (self.net.folder / "s1" / "huge.bin").unlink()
        self.assertEqual(self.got(done), {"own": Saved, "huge.bin": Failed})
        [_own, huge] = self.net.peers["s2"].transfers()
        assert isinstance(huge.state, Failed)
        self.assertIn("no peer has huge.bin", huge.state.reason)

    def test_for_ever(self) -> None:
        """A file that is written to for ever fails alone."""
        self.write("app.log", b"begin\n", age=0.0)
        self.write("old.log", b"old\n")
        self.append("app.log", 20, b"line\n")
        done = self.get_all("*.log")
        self.append("app.log", 60, b"line\n")
        self.assertEqual(self.got(done), {"old.log": Saved, "*.log": Failed})

    def test_canceled(self) -> None:
        """One that is waited for can be canceled; the others come."""
        self.write("huge.bin")
        self.begun("huge.bin")
        done = self.get_all("huge.bin", "own")
        self.assertTrue(self.net.network.clock.run_until(lambda: bool(self.hashing()), 60.0))
        [number] = {each.number for each in self.seen if isinstance(each.state, Hashing)}
        self.net.peers["s2"].cancel(number)
        self.assertEqual(self.got(done), {"own": Saved, "huge.bin": Canceled})
