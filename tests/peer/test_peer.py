"""Real registries and peers in virtual time, as one person sees them."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from p2p_twisted.peer.interface import (
    AlreadyHere,
    Ambiguous,
    IPeer,
    NotFound,
    PeerError,
    Selection,
)
from p2p_twisted.registry.client import RegistryClient
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.testing.network import VirtualNetwork
from p2p_twisted.testing.ways import Path as Way
from p2p_twisted.transfer.progress import Canceled, Paused, Progress, Receiving, Saved
from p2p_twisted.transfer.rates import Rates
from p2p_twisted.wire.content import content_id
from p2p_twisted.wire.messages import Join

SONG = bytes(range(256)) * 20_000


class PeerTestCase(SynchronousTestCase):
    """Starts daemons, and sees to their end."""

    def daemons(self, seed: int = 1) -> VirtualDaemons:
        daemons = VirtualDaemons(Path(self.mktemp()).absolute(), VirtualNetwork(seed))
        self.addCleanup(daemons.close)
        daemons.start_registry()
        return daemons


class JoiningTests(PeerTestCase):
    def test_interface(self) -> None:
        """A peer is what faces expect."""
        self.assertTrue(verifyObject(IPeer, self.daemons().start("s1")))

    def test_topology(self) -> None:
        """Everybody sees everybody, and every link from both ends."""
        daemons = self.daemons()
        daemons.start_many(12)
        daemons.run(10.0)
        for peer in daemons.peers.values():
            topology = daemons.result(peer.topology())
            self.assertEqual(len(topology.peers), 12)
            self.assertEqual(topology.silent, ())
            ends = sum(len(record.links) for record in topology.peers)
            self.assertEqual(2 * len(topology.links), ends)

    def test_no_registry_yet(self) -> None:
        """A peer that is there before the registry joins as soon as there is one."""
        daemons = VirtualDaemons(Path(self.mktemp()).absolute())
        self.addCleanup(daemons.close)
        peer = daemons.start("s1")
        daemons.run(3.0)
        self.assertIsNone(peer.status().address)
        self.assertIn("127.0.0.1:9011", " ".join(daemons.said))
        error = self.assertRaises(PeerError, daemons.result, peer.find("x"))
        self.assertIn("not in a network yet", str(error))
        daemons.start_registry()
        daemons.run(30.0)
        self.assertIsNotNone(peer.status().address)

    def test_name_taken(self) -> None:
        """A second peer of a name is told who has it."""
        daemons = self.daemons()
        daemons.start("s1")
        daemons.run(1.0)
        daemons.network.processes["first"] = daemons.network.processes["s1"]
        daemons.folder = daemons.folder / "elsewhere"
        daemons.start("s1")
        daemons.run(5.0)
        self.assertIn("s1 is taken by 127.0.0.1", " ".join(daemons.said))

    def test_name_reserved(self) -> None:
        """A name that was only reserved, as by an answer that got lost, is waited for."""
        daemons = self.daemons()
        somebody = RegistryClient(daemons.network.process("x"), "127.0.0.1", 9_011, "default")
        daemons.result(Deferred.fromCoroutine(somebody.join(Join("s1"))))
        peer = daemons.start("s1")
        daemons.run(5.0)
        self.assertIsNone(peer.status().address)
        daemons.run(10.0)
        self.assertIsNotNone(peer.status().address)

    def test_directory_in_use(self) -> None:
        """Two peers do not run on one directory."""
        daemons = self.daemons()
        daemons.start("s1")
        with self.assertRaisesRegex(Exception, "another peer runs on"):
            daemons.start("s1")

    def test_same_place_after_crash(self) -> None:
        """After a crash it takes up its name and port again, at once."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.run(5.0)
        before = daemons.peers["s2"].status().address
        daemons.crash("s2")
        daemons.start("s2")
        daemons.run(5.0)
        self.assertEqual(daemons.peers["s2"].status().address, before)

    def test_place_is_taken(self) -> None:
        """A peer that comes back when its port is somebody else's gets another one."""
        daemons = self.daemons()
        for ports in (range(9_100, 9_101), range(9_100, 9_102)):
            daemons.crash("registry")
            daemons.ports = ports
            daemons.start_registry()
            if len(ports) == 1:
                daemons.start("s1")
                daemons.run(2.0)
                daemons.crash("s1")
                daemons.run(100.0)
                daemons.start("s2")
                daemons.run(2.0)
        peer = daemons.start("s1")
        daemons.run(5.0)
        address = peer.status().address
        assert address is not None
        self.assertEqual(address.port, 9_101)

    def test_stopped_while_joining(self) -> None:
        """A peer that is stopped before it has joined asks no more."""
        daemons = VirtualDaemons(Path(self.mktemp()).absolute())
        self.addCleanup(daemons.close)
        daemons.start("s1")
        daemons.run(2.0)
        daemons.result(daemons.stop("s1"))
        daemons.run(1.0)
        self.assertEqual(daemons.network.processes["s1"].getDelayedCalls(), [])

    def test_stopped_while_coming_back(self) -> None:
        """A peer that is stopped while it still waits for the registry does not go on without."""
        daemons = self.daemons()
        daemons.start("s1")
        daemons.run(5.0)
        daemons.crash("s1")
        daemons.vanish("registry")
        daemons.start("s1")
        daemons.run(0.5)
        daemons.result(daemons.stop("s1"))
        daemons.run(30.0)
        self.assertFalse(daemons.network.processes["s1"].ports)
        self.assertEqual(daemons.network.processes["s1"].getDelayedCalls(), [])

    def test_registry_dies(self) -> None:
        """Without the registry the network goes on; with a new one, newcomers find it again."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.start("s4", {"song": SONG})
        daemons.run(5.0)
        daemons.crash("registry")
        self.assertIsInstance(daemons.get("s1", "song").state, Saved)
        daemons.run(100.0)
        self.assertFalse(daemons.peers["s1"].status().registered)
        daemons.forget_registrations()
        daemons.start_registry()
        daemons.run(90.0)
        self.assertTrue(all(peer.status().registered for peer in daemons.peers.values()))
        daemons.start("s5")
        daemons.run(5.0)
        self.assertEqual(len(daemons.result(daemons.peers["s5"].topology()).peers), 5)

    def test_back_without_registry(self) -> None:
        """A peer that was there before comes back by its book, with no registry at all."""
        daemons = self.daemons()
        daemons.start_many(4)
        daemons.run(65.0)
        daemons.crash("registry")
        daemons.crash("s3")
        daemons.run(60.0)
        daemons.start("s3")
        daemons.run(20.0)
        self.assertEqual(len(daemons.result(daemons.peers["s3"].topology()).peers), 4)

    def test_neighbor_dies(self) -> None:
        """A killed peer is gone from the picture at once, and its port free again."""
        daemons = self.daemons()
        daemons.start_many(8)
        daemons.run(5.0)
        daemons.crash("s1")
        daemons.run(1.0)
        topology = daemons.result(daemons.peers["s5"].topology())
        self.assertEqual(len(topology.peers), 7)
        self.assertEqual(topology.silent, ())


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


class ReshareTests(PeerTestCase):
    """What has been downloaded, for others."""

    def holders(self, name: str, reshares: bool) -> list[tuple[str, str]]:
        """Find out who offers a file that s2 has downloaded from s1."""
        network = self.daemons()
        network.start("s1", {"docs/f1.txt": b"one", "song": SONG})
        network.start("s2", {"own": b"own", "song": b"another"}, reshares=reshares)
        network.start("s3")
        network.run(8.0)
        network.get("s2", "f1")
        network.result(network.peers["s2"].get("song", lambda _: None, holder="s1"))
        network.run(15.0)
        self.network = network
        found = network.result(network.peers["s3"].find(name))
        return sorted((hit.peer, hit.name) for hit in found.hits)

    def test_private(self) -> None:
        """Without being told to, a peer offers nothing of it."""
        self.assertEqual(self.holders("f1", False), [("s1", "docs/f1.txt")])
        self.assertIsNone(self.network.peers["s2"].status().reshared)

    def test_reshared(self) -> None:
        """It is offered under its name there, and served when its first holder is gone."""
        self.assertEqual(self.holders("f1", True), [("s1", "docs/f1.txt"), ("s2", "f1.txt")])
        self.assertEqual(self.network.peers["s2"].status().reshared, 2)
        self.network.crash("s1")
        self.network.get("s3", "f1")
        self.assertEqual(self.network.download("s3", "f1.txt"), b"one")
        self.network.get("s3", content_id(SONG))
        self.assertEqual(self.network.download("s3", "song"), SONG)

    def test_both(self) -> None:
        """Two files of one name are two offers; the same one is listed once."""
        self.assertEqual(
            self.holders("song", True), [("s1", "song"), ("s2", "song"), ("s2", "song")]
        )
        listed = self.network.result(self.network.peers["s2"].listing())
        self.assertEqual(sorted(hit.name for hit in listed.hits), ["f1.txt", "own", "song", "song"])
        self.assertEqual(self.network.peers["s2"].status().files, 2)


class SearchTests(PeerTestCase):
    def library(self) -> VirtualDaemons:
        daemons = self.daemons()
        daemons.start("s1", {"f1.txt": b"one", "music/song.mp3": SONG, "music/b/c": b"c"})
        daemons.start("s2", {"copy of song.mp3": SONG, "f2.txt": b"two of s2"})
        daemons.start("s3", {"f2.txt": b"two of s3"})
        daemons.start("s4")
        daemons.run(8.0)
        return daemons

    def test_bare_name(self) -> None:
        """A name is found without its .txt, and saved as it is."""
        daemons = self.library()
        progress = daemons.get("s4", "f1")
        assert isinstance(progress.state, Saved)
        self.assertTrue(progress.state.path.endswith("s4/Downloads/f1.txt"))
        self.assertEqual(progress.file, content_id(b"one"))
        self.assertEqual(daemons.download("s4", "f1.txt"), b"one")

    def test_newcomer(self) -> None:
        """What is asked for before there is a link waits for the first one."""
        daemons = self.library()
        daemons.start("late")
        progress = daemons.get("late", "f1")
        self.assertIsInstance(progress.state, Saved)

    def test_base_name(self) -> None:
        """A file in a folder is found by its own name."""
        daemons = self.library()
        daemons.get("s4", "song.mp3")
        self.assertEqual(daemons.download("s4", "song.mp3"), SONG)

    def test_already_here(self) -> None:
        """What is here is not fetched: neither a download nor a shared file."""
        daemons = self.library()
        daemons.get("s4", "f1")
        for name in ("f1", "f1.txt", content_id(b"one")):
            error = self.assertRaises(AlreadyHere, daemons.get, "s4", name)
            self.assertIn("already in", str(error))
        error = self.assertRaises(AlreadyHere, daemons.get, "s1", "f1")
        self.assertIn("already in your directory", str(error))
        self.assertRaises(AlreadyHere, daemons.get, "s2", content_id(SONG))

    def test_nobody_has_it(self) -> None:
        """It says so, and how many were asked."""
        daemons = self.library()
        error = self.assertRaises(NotFound, daemons.get, "s4", "nosuch")
        self.assertRegex(str(error), r"no peer has nosuch \(asked 3 of 3, 0\.\d\d s\)")

    def test_different_files(self) -> None:
        """Different files of one name are offered for choice."""
        daemons = self.library()
        error = self.assertRaises(Ambiguous, daemons.get, "s4", "f2")
        self.assertEqual([hit.peer for hit in error.hits], ["s2", "s3"])
        daemons.result(daemons.peers["s4"].get("f2", lambda _: None, holder="s3"))
        self.assertEqual(daemons.download("s4", "f2.txt"), b"two of s3")
        # The other one is another file, and gets another name.
        [other] = [hit for hit in error.hits if hit.peer == "s2"]
        daemons.result(daemons.peers["s4"].get(other, lambda _: None))
        self.assertEqual(daemons.download("s4", "f2 (1).txt"), b"two of s2")

    def test_find(self) -> None:
        """A search finds parts of names and patterns, everywhere, oneself included."""
        daemons = self.library()
        for text in ("song", "*.mp3", "SONG"):
            found = daemons.result(daemons.peers["s4"].find(text))
            names = [(hit.peer, hit.name) for hit in found.hits]
            self.assertEqual(names, [("s2", "copy of song.mp3"), ("s1", "music/song.mp3")])
            self.assertEqual((found.answered, found.asked), (3, 3))
        own = daemons.result(daemons.peers["s1"].find("f1"))
        self.assertEqual([hit.peer for hit in own.hits], ["s1"])

    def test_listing(self) -> None:
        """One's own and another's files can be listed; who is not there cannot."""
        daemons = self.library()
        own = daemons.result(daemons.peers["s3"].listing())
        self.assertEqual([hit.name for hit in own.hits], ["f2.txt"])
        other = daemons.result(daemons.peers["s3"].listing("s1"))
        self.assertEqual(
            {hit.name for hit in other.hits},
            {"f1.txt", "music", "music/b", "music/b/c", "music/song.mp3"},
        )
        self.assertEqual(daemons.result(daemons.peers["s3"].listing("s4")).hits, ())
        error = self.assertRaises(PeerError, daemons.result, daemons.peers["s3"].listing("nobody"))
        self.assertIn("there is no peer nobody", str(error))

    def test_folder(self) -> None:
        """A folder comes with all that is below it."""
        daemons = self.library()
        daemons.get("s4", "music")
        self.assertEqual(daemons.download("s4", "music/song.mp3"), SONG)
        self.assertEqual(daemons.download("s4", "music/b/c"), b"c")

    def test_too_long(self) -> None:
        """What cannot be asked is refused here."""
        daemons = self.library()
        for text in ("x" * 2_000, "é" * 1_025, "\ud800"):
            self.assertRaises(PeerError, daemons.get, "s4", text)
            self.assertRaises(PeerError, daemons.result, daemons.peers["s4"].find(text))


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
            holders.append(state.holders)
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
        self.assertEqual(selection.here, ("my b.jpg",))
        ((word, why),) = selection.failed
        self.assertEqual((word, type(why)), ("nothing", NotFound))

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


class EndTests(PeerTestCase):
    def test_leave(self) -> None:
        """Who leaves is gone from the picture, and its name and port are free."""
        daemons = self.daemons()
        daemons.ports = range(9_100, 9_104)
        daemons.crash("registry")
        daemons.start_registry()
        daemons.start_many(4)
        daemons.run(5.0)
        daemons.result(daemons.stop("s2"))
        topology = daemons.result(daemons.peers["s1"].topology())
        self.assertEqual([record.peer for record in topology.peers], ["s1", "s3", "s4"])
        daemons.start("s5")
        daemons.run(5.0)
        self.assertIsNotNone(daemons.peers["s5"].status().address)

    def test_leave_twice(self) -> None:
        """To leave again is to wait for the same end."""
        daemons = self.daemons()
        peer = daemons.start("s1")
        daemons.run(2.0)
        first, second = peer.leave(), peer.leave()
        daemons.result(first)
        self.successResultOf(second)
        self.successResultOf(peer.leave())

    def test_stop(self) -> None:
        """Stop ends every peer within three seconds, and not the registry."""
        daemons = self.daemons()
        daemons.start_many(20)
        daemons.run(10.0)
        daemons.result(daemons.peers["s7"].stop_network(), within=3.0)
        daemons.run(1.0)
        stopped = [name for name, p in daemons.network.processes.items() if p.has_stopped]
        self.assertEqual(len(stopped), 19)
        self.assertNotIn("registry", stopped)

    def test_stop_while_linking(self) -> None:
        """Who is about to get its first link when the network is stopped hears of it."""
        for delay in (0.02, 0.05, 0.08, 0.2):
            daemons = self.daemons()
            daemons.start_many(2)
            daemons.run(delay)
            daemons.result(daemons.peers["s1"].stop_network(), within=3.0)
            daemons.run(1.0)
            self.assertTrue(daemons.network.processes["s2"].has_stopped, delay)

    def test_starts_again(self) -> None:
        """Peers that start right after a stop are not stopped by it."""
        daemons = self.daemons()
        daemons.start_many(3)
        daemons.run(5.0)
        daemons.result(daemons.peers["s1"].stop_network())
        for name in ("s2", "s3"):
            daemons.result(daemons.stop(name))
        daemons.result(daemons.stop("s1"))
        daemons.start_many(3)
        daemons.run(20.0)
        self.assertEqual(len(daemons.result(daemons.peers["s1"].topology()).peers), 3)
        self.assertFalse(any(daemons.network.processes[f"s{i}"].has_stopped for i in (1, 2, 3)))


def half(seen: list[Any]) -> bool:
    """Tell whether a download has come some way, and is not at its end."""
    return bool(seen) and 0 < seen[-1].received < seen[-1].size
