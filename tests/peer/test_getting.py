"""What a person downloads, by real daemons in virtual time."""

from pathlib import Path
from typing import Any

from p2p_twisted.bandwidth.rates import Rates
from p2p_twisted.download.progress import Canceled, Paused, Progress, Receiving, Saved
from p2p_twisted.peer.interface import Selection
from p2p_twisted.peer_errors import IsFolder, NotFound, PeerError
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.paths import Path as Way
from tests.download.cases import names_of
from tests.peer.cases import SONG, PeerTestCase


class DownloadTests(PeerTestCase):
    def start_download(self, daemons: VirtualDaemons, seen: list[Any]) -> None:
        daemons.start("s1", {"big": SONG * 4})
        daemons.start("s2")
        daemons.start("s3")
        daemons.run(5.0)
        daemons.peers["s2"].get("big", seen.append).addErrback(lambda _failure: None)
        daemons.network.clock.run_until(lambda: half(seen), 60.0)
        self.assertTrue(half(seen))

    def test_progress(self) -> None:
        """Progress only grows, tells the holder, and ends with all of it saved."""
        daemons, seen = self.daemons(), list[Progress]()
        self.start_download(daemons, seen)
        daemons.run(30.0)
        received = [progress.received for progress in seen]
        self.assertEqual(received, sorted(received))
        states = [p.state for p in seen if isinstance(p.state, Receiving)]
        self.assertEqual({each.holder for state in states for each in state.holders}, {"s1"})
        self.assertIsInstance(seen[-1].state, Saved)
        self.assertEqual(daemons.download("s2", "big"), SONG * 4)

    def test_slow_link(self) -> None:
        """A chunk that takes most of a minute to send is a whole one in the end."""
        daemons = self.daemons()
        daemons.network.set_path("s1", "s2", Way(0.3, 20_000.0))
        daemons.start("s1", {"song": SONG[:2_000_000]})
        daemons.start("s2")
        daemons.run(5.0)
        daemons.get("s2", "song", 200.0)
        self.assertEqual(daemons.download("s2", "song"), SONG[:2_000_000])

    def test_copied(self) -> None:
        """What was downloaded before, under another name, is copied, also after a restart."""
        daemons = self.daemons()
        daemons.start("s1", {"a": SONG, "b": SONG, "sub/c": SONG, "sub/d": b"d"})
        daemons.start("s2")
        daemons.run(5.0)
        holders = []
        for name in ("a", "b", "sub"):
            state = daemons.get("s2", name).state
            assert isinstance(state, Saved), state
            holders.append(names_of(state))
            daemons.result(daemons.stop("s2"))
            daemons.start("s2")
            daemons.run(5.0)
        self.assertEqual(holders, [("s1",), (), ("s1",)])
        for name in ("a", "b", "sub/c"):
            self.assertEqual(daemons.download("s2", name), SONG)

    def test_cancel(self) -> None:
        """A canceled download leaves nothing behind."""
        daemons, seen = self.daemons(), list[Progress]()
        self.start_download(daemons, seen)
        daemons.peers["s2"].cancel(1)
        daemons.run(5.0)
        self.assertIsInstance(daemons.peers["s2"].transfers()[0].state, Canceled)
        left = list((daemons.folder / "s2" / "Downloads").iterdir())
        self.assertEqual(left, [])
        self.assertRaises(PeerError, daemons.peers["s2"].cancel, 1)

    def test_requester_crashes(self) -> None:
        """After a crash the download goes on by itself, from where it was."""
        daemons, seen = self.daemons(), list[Progress]()
        self.start_download(daemons, seen)
        daemons.crash("s2")
        daemons.run(3.0)
        daemons.start("s2")
        daemons.run(30.0)
        self.assertEqual(daemons.download("s2", "big"), SONG * 4)

    def test_holder_crashes(self) -> None:
        """When its holder dies, the download takes the rest from another one."""
        daemons, seen = self.daemons(), list[Progress]()
        self.start_download(daemons, seen)
        daemons.start("s4", {"other name": SONG * 4})
        daemons.run(0.2)
        daemons.crash("s1")
        daemons.run(60.0)
        self.assertEqual(daemons.download("s2", "big"), SONG * 4)

    def test_holder_comes_back(self) -> None:
        """Where nobody else has it, it goes on when the holder is back."""
        daemons, seen = self.daemons(), list[Progress]()
        self.start_download(daemons, seen)
        daemons.crash("s1")
        daemons.run(100.0)
        daemons.start("s1")
        daemons.run(60.0)
        self.assertEqual(daemons.download("s2", "big"), SONG * 4)


class SelectionTests(PeerTestCase):
    def select(self, daemons: VirtualDaemons, *words: str) -> Selection:
        return daemons.result(daemons.peers["s9"].select(words))

    def shared(self) -> VirtualDaemons:
        """Start two peers that share some pictures, and one that wants them."""
        daemons = self.daemons()
        both = {"a.jpg": b"a", "my b.jpg": b"b", "sub/c.JPG": b"c", "big.bin": SONG}
        daemons.start("s1", {**both, "trip/d.jpg": b"d", "trip.jpg/e.jpg": b"e"})
        daemons.start("s2", {**both, "d.jpg": b"other", "a": b"x"})
        daemons.start("s9", {"own.jpg": b"b"})
        daemons.run(5.0)
        return daemons

    def test_selects(self) -> None:
        """Names and patterns mean files and folders; what lies in a chosen folder is in that."""
        daemons = self.shared()
        selection = self.select(daemons, "a.jpg", "my b.jpg", "sub", "nothing", "*.jpg")
        names = sorted(hits[0].name for hits in selection.things)
        self.assertEqual(names, ["a.jpg", "d.jpg", "sub", "sub/c.JPG", "trip.jpg", "trip/d.jpg"])
        holders = {hits[0].name: [hit.peer for hit in hits] for hits in selection.things}
        self.assertEqual(holders["sub/c.JPG"], ["s1", "s2"])
        ((name, here),) = selection.here
        own = daemons.folder / "s9" / "own.jpg"
        self.assertEqual((name, Path(here.path).resolve()), ("my b.jpg", own.resolve()))
        ((word, why),) = selection.failed
        self.assertEqual((word, type(why)), ("nothing", NotFound))

    def test_selects_hits(self) -> None:
        """Hits of a list are selected as they are, without those that are here already."""
        daemons = self.shared()
        hits = daemons.result(daemons.peers["s9"].find("*.jpg")).hits
        chosen = {hit.name: hit for hit in hits if hit.peer == "s1"}
        words = [chosen["a.jpg"], chosen["my b.jpg"], chosen["trip.jpg"]]
        selection = daemons.result(daemons.peers["s9"].select(words))
        self.assertEqual([hits[0].name for hits in selection.things], ["a.jpg", "trip.jpg"])
        ((name, here),) = selection.here
        own = daemons.folder / "s9" / "own.jpg"
        self.assertEqual((name, Path(here.path).resolve()), ("my b.jpg", own.resolve()))

    def test_no_such_holder(self) -> None:
        """A holder that is not there is said to be not there, rather than to have nothing."""
        daemons = self.shared()
        s9 = daemons.peers["s9"]
        with self.assertRaisesRegex(PeerError, "^there is no peer s3; there is s"):
            daemons.result(s9.get("a.jpg", lambda _progress: None, "s3"))
        with self.assertRaisesRegex(PeerError, "^there is no peer s3; there is s"):
            daemons.result(s9.select(["a.jpg", "*.jpg"], "s3"))
        with self.assertRaisesRegex(NotFound, "^s1 has no x"):
            daemons.result(s9.get("x", lambda _progress: None, "s1"))

    def test_only_a_file(self) -> None:
        """Where only a file will do, a folder is refused, and no download of it begins."""
        daemons = self.shared()
        s9 = daemons.peers["s9"]
        with self.assertRaisesRegex(IsFolder, "^sub is a folder: name a file in it$"):
            daemons.result(s9.get("sub", self.fail, is_file=True))
        self.assertEqual(s9.transfers(), ())
        saved = daemons.result(s9.get("a.jpg", lambda _progress: None, is_file=True))
        self.assertIsInstance(saved.state, Saved)

    def test_gets(self) -> None:
        """All of it arrives; files that share a name get numbers."""
        daemons = self.shared()
        seen: list[Progress] = []
        selection = self.select(daemons, "*.jpg", "big.bin")
        ended = daemons.result(daemons.peers["s9"].get_selected(selection, seen.append))
        self.assertTrue(all(isinstance(progress.state, Saved) for progress in ended), ended)
        self.assertEqual(sorted(progress.files for progress in ended), [1, 5])
        downloads = daemons.folder / "s9" / "Downloads"
        left = {
            str(path.relative_to(downloads)) for path in downloads.rglob("*.*") if path.is_file()
        }
        self.assertEqual(
            left, {"a.jpg", "c.JPG", "d.jpg", "d (1).jpg", "big.bin", "trip.jpg/e.jpg"}
        )
        self.assertEqual(daemons.download("s9", "big.bin"), SONG)
        self.assertEqual(list((daemons.folder / "s9" / ".p2p" / "wants").rglob("*.*")), [])

    def test_many(self) -> None:
        """Of very many, a few begin in one turn of the reactor, and all of them in their order."""
        daemons = self.daemons()
        folders = [f"week {number:02}" for number in range(20)]
        daemons.start("s1", {f"{name}/{name}.txt": name.encode() for name in folders})
        s2 = daemons.start("s2")
        daemons.run(8.0)
        selection = daemons.result(s2.select(folders))
        getting = s2.get_selected(selection, lambda _progress: None)
        self.assertEqual([each.name for each in s2.transfers()], folders[:8])
        daemons.run(0.01)
        self.assertEqual([each.name for each in s2.transfers()], folders)
        ended = daemons.result(getting, 60.0)
        self.assertEqual([each.name for each in ended], folders)
        self.assertEqual({type(each.state) for each in ended}, {Saved})

    def test_goes_on(self) -> None:
        """A selection goes on by itself after a crash."""
        daemons = self.shared()
        selection = self.select(daemons, "a.jpg", "big.bin")
        daemons.crash("s1")
        daemons.crash("s2")
        daemons.peers["s9"].get_selected(selection, lambda progress: None)
        daemons.run(1.0)
        daemons.crash("s9")
        for name in ("s1", "s2", "s9"):
            daemons.start(name)
        daemons.run(60.0)
        self.assertEqual(daemons.download("s9", "a.jpg"), b"a")
        self.assertEqual(daemons.download("s9", "big.bin"), SONG)


class LimitTests(PeerTestCase):
    """What a peer may send and receive."""

    def setUp(self) -> None:
        self.network = self.daemons()
        self.network.start("s1", {"song": SONG})
        self.network.start("s2")
        self.network.run(8.0)

    def seconds(self) -> float:
        """Tell how long a download takes."""
        before = self.network.wall()
        self.network.get("s2", "song")
        self.assertEqual(self.network.download("s2", "song"), SONG)
        return self.network.wall() - before

    def test_up(self) -> None:
        """A holder sends no faster than it may."""
        self.network.peers["s1"].limit(Rates(up=1 << 20))
        self.assertApproximates(self.seconds(), len(SONG) / (1 << 20), 0.5)

    def test_down(self) -> None:
        """A requester receives no faster than it may."""
        self.network.peers["s2"].limit(Rates(down=1 << 20))
        self.assertApproximates(self.seconds(), len(SONG) / (1 << 20), 0.5)

    def test_progress(self) -> None:
        """Both sides can tell who sends what to whom, and how fast."""
        self.network.peers["s1"].limit(Rates(up=1 << 20))
        done = self.network.peers["s2"].get("song", lambda _: None)
        self.network.run(3.0)
        [progress] = self.network.peers["s2"].transfers()
        assert isinstance(progress.state, Receiving)
        [holder] = progress.state.holders
        self.assertEqual((holder.holder, holder.received), ("s1", progress.received))
        self.assertGreater(progress.received, 1 << 20)
        [(name, upload)] = self.network.peers["s1"].uploads()
        self.assertEqual((name, upload.requester), ("song", "s2"))
        self.assertGreaterEqual(upload.sent, progress.received)
        self.assertApproximates(upload.rate, 1 << 20, 1 << 18)
        self.network.result(done)
        self.network.run(1.0)
        self.assertEqual(self.network.peers["s1"].uploads(), ())

    def test_too_slow(self) -> None:
        """What others would take for a dead peer is refused, and changes nothing."""
        peer = self.network.peers["s1"]
        peer.limit(Rates(up=1 << 20))
        error = self.assertRaises(PeerError, peer.limit, Rates(up=1_000, down=1 << 20))
        self.assertIn("64K at least", str(error))
        self.assertEqual(peer.status().rates, Rates(up=1 << 20))

    def test_pause_and_resume(self) -> None:
        """What is paused goes on when it is told to; wrong numbers are told."""
        peer = self.network.peers["s2"]
        peer.limit(Rates(down=1 << 20))
        done = peer.get("song", lambda _: None)
        self.network.run(1.0)
        self.assertRaises(PeerError, peer.pause, 2)
        self.assertRaises(PeerError, peer.resume, 1)
        self.assertEqual([each.number for each in peer.pause()], [1])
        self.assertEqual(self.network.result(done).state, Paused())
        self.network.run(60.0)
        self.assertEqual(peer.transfers()[0].state, Paused())
        self.assertEqual([each.number for each in peer.resume(1)], [1])
        self.network.run(30.0)
        self.assertEqual(self.network.download("s2", "song"), SONG)


def half(seen: list[Any]) -> bool:
    """Tell whether a download has come some way, and is not at its end."""
    return bool(seen) and 0 < seen[-1].received < seen[-1].size
