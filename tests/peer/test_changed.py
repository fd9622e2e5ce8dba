"""A name means the content that others share under it now, by real daemons in virtual time."""

import os
from pathlib import Path

from attrs import frozen
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Failed, Incomplete, Progress, Saved
from p2p_twisted.library.catalog import Catalog
from p2p_twisted.library.entries import Place
from p2p_twisted.overlay.effects import Answer
from p2p_twisted.peer.peer_errors import AlreadyHere, Ambiguous, NotFound
from p2p_twisted.peer.resolve import Resolver
from p2p_twisted.peer.searches import Searches
from p2p_twisted.runtime.threads import inline
from p2p_twisted.storage.inbox import Inbox
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.chunks import content_id
from p2p_twisted.wire.limits import ASK_HOPS
from p2p_twisted.wire.messages import Ask, Hit
from tests.peer.cases import SONG, AnsweringNetwork, PeerTestCase

MIB = 1 << 20


class ChangeCase(PeerTestCase):
    def shared(self, **files: bytes) -> VirtualDaemons:
        """Let s1 share files, by their names without the ending .txt; s2 wants them."""
        daemons = self.daemons()
        daemons.start("s1", {f"{name}.txt": content for name, content in files.items()})
        daemons.start("s2")
        daemons.run(5.0)
        return daemons

    def change(self, daemons: VirtualDaemons, name: str, path: str, content: bytes) -> None:
        """Change a file of a peer, and wait until it is shared anew."""
        self.write(daemons, name, path, content)
        daemons.run(15.0)

    def write(self, daemons: VirtualDaemons, name: str, path: str, content: bytes) -> None:
        """Write a file of a peer, now."""
        target = daemons.folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (daemons.wall(), daemons.wall()))

    def saved(self, progress: Progress) -> Saved:
        assert isinstance(progress.state, Saved), progress
        return progress.state


class FileTests(ChangeCase):
    def test_changed(self) -> None:
        """A changed file is fetched beside the older one, which is told; the same one is here."""
        for name in ("handout", "handout.txt"):
            daemons = self.shared(handout=b"v1")
            self.assertEqual(self.saved(daemons.get("s2", name)).older, ())
            self.change(daemons, "s1", "handout.txt", b"v2 newer")
            saved = self.saved(daemons.get("s2", name))
            self.assertEqual(Path(saved.path).name, "handout (1).txt")
            self.assertEqual(saved.older, ("handout.txt",))
            self.assertEqual(daemons.download("s2", "handout.txt"), b"v1")
            self.assertEqual(daemons.download("s2", "handout (1).txt"), b"v2 newer")
            error = self.assertRaises(AlreadyHere, daemons.get, "s2", name)
            self.assertIn("handout (1).txt is already in", str(error))

    def test_own(self) -> None:
        """One's own file is no reason not to fetch another one of its name."""
        daemons = self.shared(handout=b"v1")
        self.change(daemons, "s2", "handout.txt", b"mine")
        daemons.get("s2", "handout")
        self.assertEqual(daemons.download("s2", "handout.txt"), b"v1")

    def test_several_others(self) -> None:
        """Of several contents that which is not here is fetched; two of these are a choice."""
        daemons = self.shared(sheet=b"v1")
        daemons.get("s2", "sheet")
        daemons.start("s3", {"sheet.txt": b"other"})
        daemons.run(5.0)
        daemons.get("s2", "sheet")
        self.assertEqual(daemons.download("s2", "sheet (1).txt"), b"other")
        self.change(daemons, "s1", "sheet.txt", b"v2")
        self.change(daemons, "s3", "sheet.txt", b"another")
        error = self.assertRaises(Ambiguous, daemons.get, "s2", "sheet")
        self.assertEqual({hit.peer for hit in error.hits}, {"s1", "s3"})
        self.assertIn("different files have that name, and an older sheet.txt is in", str(error))

    def test_nobody_shares_it(self) -> None:
        """What is here and nowhere else is here, and that is told."""
        daemons = self.shared(handout=b"v1")
        daemons.get("s2", "handout")
        daemons.result(daemons.stop("s1"))
        daemons.start("s3")
        daemons.run(5.0)
        error = self.assertRaises(AlreadyHere, daemons.get, "s2", "handout")
        self.assertRegex(str(error), r"^handout\.txt is already in .*; no peer shares it now$")


class SelectionTests(ChangeCase):
    def test_changed(self) -> None:
        """Of several names, and of what is like a pattern, only what is not here is fetched."""
        daemons = self.shared(a=b"a1", b=b"b1", c=SONG)
        for words in (["*.txt"], ["a.txt", "b", "c.txt"]):
            chosen = daemons.result(daemons.peers["s2"].select(words))
            daemons.result(daemons.peers["s2"].get_selected(chosen, lambda _: None))
            self.change(daemons, "s1", "b.txt", b"newer " + words[0].encode())
            chosen = daemons.result(daemons.peers["s2"].select(words))
            self.assertEqual([hits[0].name for hits in chosen.things], ["b.txt"])
            self.assertEqual(len(chosen.here), 2)
        self.change(daemons, "s1", "a.txt", b"a2")
        chosen = daemons.result(daemons.peers["s2"].select(["*.txt"]))
        [progress] = daemons.result(daemons.peers["s2"].get_selected(chosen, lambda _: None))
        self.assertEqual(sorted(self.saved(progress).older), ["a.txt", "b.txt"])
        self.assertEqual(daemons.download("s2", "a (1).txt"), b"a2")


class FolderTests(ChangeCase):
    def test_changed(self) -> None:
        """The same folder is here; a changed one is another one, whole."""
        daemons = self.daemons()
        daemons.start("s1", {"proj/a": b"a1", "proj/sub/song": SONG})
        daemons.start("s2")
        daemons.run(5.0)
        self.assertFalse(self.saved(daemons.get("s2", "proj")).was_here)
        again = self.saved(daemons.get("s2", "proj"))
        self.assertTrue(again.was_here)
        self.assertEqual(Path(again.path).name, "proj")
        self.change(daemons, "s1", "proj/a", b"a2")
        changed = self.saved(daemons.get("s2", "proj"))
        self.assertEqual((changed.was_here, changed.older), (False, ("proj",)))
        self.assertEqual(daemons.download("s2", "proj/a"), b"a1")
        self.assertEqual(daemons.download("s2", "proj (1)/a"), b"a2")
        self.assertEqual(daemons.download("s2", "proj (1)/sub/song"), SONG)
        self.assertTrue(self.saved(daemons.get("s2", "proj")).was_here)
        left = sorted(os.listdir(daemons.folder / "s2" / "Downloads"))
        self.assertEqual(left, ["proj", "proj (1)"])


class EndingTests(ChangeCase):
    """Names without their endings."""

    def network(self) -> VirtualDaemons:
        daemons = self.daemons()
        daemons.start("s1", {"huge.bin": b"huge", "two.a": b"a", "x/two.b": b"b", "Odd[1].x": b"x"})
        daemons.start("s2")
        daemons.run(5.0)
        return daemons

    def test_only_one(self) -> None:
        """A name that begins only one is that one; it may be here, too."""
        daemons = self.network()
        for typed, name, content in (("huge", "huge.bin", b"huge"), ("odd[1]", "Odd[1].x", b"x")):
            daemons.get("s2", typed)
            self.assertEqual(daemons.download("s2", name), content)
            self.assertRaises(AlreadyHere, daemons.get, "s2", typed)

    def test_better(self) -> None:
        """The very name, and the one with .txt, come first."""
        for better in ("huge", "huge.txt"):
            daemons = self.network()
            self.change(daemons, "s1", better, b"better")
            daemons.get("s2", "huge")
            self.assertEqual(daemons.download("s2", better), b"better")

    def test_several(self) -> None:
        """Where several begin so, one is to be chosen."""
        daemons = self.network()
        error = self.assertRaises(Ambiguous, daemons.get, "s2", "two")
        self.assertEqual({hit.name for hit in error.hits}, {"two.a", "x/two.b"})
        self.assertIn("several names begin so", str(error))

    def test_just_dropped(self) -> None:
        """A file that was put there at this very moment is found all the same."""
        daemons = self.network()
        daemons.run(5.0)
        asked = daemons.peers["s2"].get("new", lambda _: None)
        self.write(daemons, "s1", "new.txt", b"new")
        daemons.peers["s1"]._shared.own._indexer._note_change(Place(), False, "new.txt")
        self.saved(daemons.result(asked))
        self.assertEqual(daemons.download("s2", "new.txt"), b"new")

    def test_no_ending(self) -> None:
        """The beginning of a word is none of a name."""
        self.assertRaises(NotFound, self.network().get, "s2", "hug")


@frozen
class LargeNetwork(AnsweringNetwork):
    """A network whose peers near by do not have the last of its hits."""

    def ask(self, ask: Ask, _patience: float, _part: object = None) -> "Deferred[Answer]":
        self.asked.append(ask)
        is_all = ask.hops == ASK_HOPS
        hits = self.hits if is_all else self.hits[:-1]
        return succeed(Answer(ask.id, (), hits, 1, (), cut=False, is_whole=is_all))


class LargeNetworkTests(SynchronousTestCase):
    def test_far(self) -> None:
        """Before the content near by is said to be here, all peers are asked for another one."""
        old = Hit("near", "f1.txt", 2, file=content_id(b"v1"))
        new = Hit("far", "f1.txt", 2, file=content_id(b"v2"))
        network = LargeNetwork((old, new))
        inbox = Path(self.mktemp())
        inbox.mkdir()
        resolver = Resolver(
            clock=Clock(),
            me="me",
            searches=Searches(network),  # type: ignore[arg-type]
            catalogs=(Catalog(),),
            path_of=str,
            inbox=Inbox(str(inbox)),
            downloads=None,  # type: ignore[arg-type]
            offload=inline,
        )
        found = Deferred.fromCoroutine(resolver.resolve("f1", None))
        self.assertEqual(self.successResultOf(found), (old,))
        (inbox / "f1.txt").write_bytes(b"v1")
        found = Deferred.fromCoroutine(resolver.resolve("f1", None))
        self.assertEqual(self.successResultOf(found), (new,))


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
