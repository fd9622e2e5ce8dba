"""Files that change between the question for them and their end."""

import os

from twisted.internet.defer import Deferred

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Failed, Incomplete, Progress
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import SONG
from tests.peer.change_case import ChangeCase

MIB = 1 << 20


class WhileFetchedTests(ChangeCase):
    """A file is changed while others fetch it."""

    def begun(self, *names: str) -> tuple[VirtualDaemons, list["Deferred[Progress]"]]:
        daemons = self.daemons()
        files = {"big.bin": SONG * 3, "proj/big.bin": b"p" + SONG * 3, "proj/small": b"s"}
        daemons.start("s1", files)
        for name in names:
            daemons.start(name)
        daemons.run(8.0)
        daemons.peers["s1"].limit(Rates(up=MIB))
        wanted = "proj" if self.is_folder else "big.bin"
        done = [daemons.peers[name].get(wanted, lambda _: None) for name in names]
        daemons.run(3.0)
        return daemons, done

    is_folder = False

    def cut(self, daemons: VirtualDaemons, name: str = "big.bin") -> None:
        os.truncate(daemons.folder / "s1" / name, 100)

    def test_cut(self) -> None:
        """It ends with the reason within seconds, and then the new one can be had."""
        daemons, [done] = self.begun("s2")
        self.cut(daemons)
        state = daemons.result(done, 10.0).state
        assert isinstance(state, Failed), state
        self.assertIn("s1 has changed it", state.reason)
        daemons.run(5.0)
        daemons.get("s2", "big.bin")
        self.assertEqual(daemons.download("s2", "big.bin"), SONG[:100])
        self.assertEqual(os.listdir(daemons.folder / "s2" / "Downloads"), ["big.bin"])

    def test_removed(self) -> None:
        """What is removed, or renamed and changed, is told to be gone, and not waited for."""
        for is_moved in (False, True):
            daemons, [done] = self.begun("s2")
            path = daemons.folder / "s1" / "big.bin"
            if is_moved:
                path.rename(path.with_name("other.bin"))
                self.cut(daemons, "other.bin")
            else:
                self.cut(daemons)
                path.unlink()
            state = daemons.result(done, 60.0).state
            assert isinstance(state, Failed), state
            self.assertIn("s1 does not share it any more", state.reason)

    def test_renamed(self) -> None:
        """What is only renamed is found again, and comes."""
        daemons, [done] = self.begun("s2")
        path = daemons.folder / "s1" / "big.bin"
        path.rename(path.with_name("other.bin"))
        self.saved(daemons.result(done, 60.0))

    def test_several_requesters(self) -> None:
        """Those that help each other do not wait for each other."""
        daemons, several = self.begun("s2", "s3", "s4")
        self.cut(daemons)
        for done in several:
            self.assertIsInstance(daemons.result(done, 40.0).state, Failed)

    def test_in_folder(self) -> None:
        """Of a folder the rest comes, and it is told what has not."""
        self.is_folder = True
        daemons, [done] = self.begun("s2")
        self.cut(daemons, "proj/big.bin")
        state = daemons.result(done, 30.0).state
        assert isinstance(state, Incomplete), state
        self.assertEqual(state.missing, ("proj/big.bin",))
        self.assertEqual(daemons.download("s2", "proj/small"), b"s")


class BeforeItBeginsTests(ChangeCase):
    """What was found is changed before it is asked for."""

    def ended(self, words: list[str], *changed: str) -> list[Progress]:
        daemons = self.daemons()
        daemons.start("s1", {"a": b"a", "b": SONG, "proj/a": b"pa", "proj/b": SONG + b"pb"})
        daemons.start("s2")
        daemons.run(5.0)
        peer = daemons.peers["s2"]
        selection = daemons.result(peer.select(words))
        for path in changed:
            self.change(daemons, "s1", path, b"new")
        ended = daemons.result(peer.get_selected(selection, lambda _: None), 30.0)
        return list(ended)

    def test_file(self) -> None:
        """A file that is another one by now ends with that reason."""
        for name in ("a", "b"):
            [progress] = self.ended([name], name)
            self.assertIn("s1 has changed it", getattr(progress.state, "reason", ""))

    def test_folder(self) -> None:
        """So does a folder."""
        [progress] = self.ended(["proj"], "proj/a")
        self.assertIn("s1 has changed it", getattr(progress.state, "reason", ""))

    def test_selection(self) -> None:
        """Of several files the others come, and those that have changed are named."""
        [progress] = self.ended(["a", "b"], "b")
        assert isinstance(progress.state, Incomplete), progress
        self.assertEqual(progress.state.missing, ("b",))
