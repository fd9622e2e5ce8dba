"""What a person finds among the peers, by real daemons in virtual time."""

import os
from pathlib import Path

from p2p_twisted.download.progress import Saved
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous, NotFound, PeerError
from p2p_twisted.testing.daemons import VirtualDaemons
from p2p_twisted.wire.chunks import content_id
from tests.peer.cases import SONG, PeerTestCase


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
        self.assertEqual(progress.file_id, content_id(b"one"))
        self.assertEqual(daemons.download("s4", "f1.txt"), b"one")

    def test_newcomer(self) -> None:
        """What is asked for before there is a link waits for the first one."""
        daemons = self.library()
        daemons.start("late")
        progress = daemons.get("late", "f1")
        self.assertIsInstance(progress.state, Saved)

    def test_as_they_come(self) -> None:
        """Hits are told as they come: its own first, all others before the end."""
        daemons = self.library()
        told: list[str] = []
        found = daemons.result(
            daemons.peers["s2"].find(
                "f2", lambda hits: told.extend(f"{hit.peer} {hit.name}" for hit in hits)
            )
        )
        self.assertEqual(told, ["s2 f2.txt", "s3 f2.txt"])
        self.assertEqual(len(found.hits), 2)

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

    def test_where(self) -> None:
        """It is told which file is here: one of that content, and not one of that name."""
        daemons = self.library()
        daemons.start("s5", {"mine/copy": b"one", "f1": b"other"})
        daemons.run(8.0)
        here = self.assertRaises(AlreadyHere, daemons.get, "s5", "f1.txt")
        self.assertEqual(Path(here.path).read_bytes(), b"one")
        self.assertEqual(here.file, content_id(b"one"))
        daemons.start("s6", {})
        downloads = daemons.folder / "s6" / "Downloads"
        downloads.mkdir(exist_ok=True)
        (downloads / "f1.txt").write_bytes(b"older")
        daemons.run(8.0)
        daemons.get("s6", "f1.txt")
        here = self.assertRaises(AlreadyHere, daemons.get, "s6", "f1.txt")
        self.assertEqual(Path(here.path).name, "f1 (1).txt")
        self.assertEqual(Path(here.path).read_bytes(), b"one")
        self.assertEqual(here.file, content_id(b"one"))

    def test_short_id(self) -> None:
        """An id as lists show it stands for the content, and goes before a name."""
        short = content_id(SONG)[:16]
        daemons = self.library()
        daemons.start("s5", {short: b"a name"})
        daemons.run(8.0)
        self.assertEqual(daemons.get("s4", short).file_id, content_id(SONG))
        self.assertRaises(AlreadyHere, daemons.get, "s4", short)
        ((word, _here),) = daemons.result(daemons.peers["s4"].select([short])).here
        self.assertEqual(word, short)
        daemons.result(daemons.peers["s5"].get(short, lambda _: None, holder="s2"))
        self.assertEqual(daemons.download("s5", "copy of song.mp3"), SONG)
        self.assertRaises(NotFound, daemons.get, "s4", content_id(SONG)[:15])

    def test_name_like_an_id(self) -> None:
        """What only looks like an id is a name."""
        daemons = self.library()
        daemons.start("s5", {"0123456789abcdef": b"a name"})
        daemons.run(8.0)
        daemons.get("s4", "0123456789abcdef")
        self.assertEqual(daemons.download("s4", "0123456789abcdef"), b"a name")

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

    def test_from_afar(self) -> None:
        """Whoever is named as the holder is found, however many near by have the same."""
        daemons = self.daemons()
        daemons.start("asker")
        holders = [f"s{number}" for number in range(24)]
        for name in holders:
            daemons.start(name, {"f1.txt": b"one"})
        daemons.run(10.0)
        for name in holders:
            for wanted in ("f1", content_id(b"one")):
                found = daemons.result(daemons.peers["asker"].select([wanted], name))
                self.assertIn(name, [hit.peer for hits in found.things for hit in hits])

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

    def test_more_than_told(self) -> None:
        """Of a peer that has more than it may tell, this one too, it is said that there is more."""
        daemons = self.daemons()
        daemons.start("s1", {f"{number:03}.txt": b"%d" % number for number in range(201)})
        daemons.start("s2")
        daemons.run(8.0)
        for peer in daemons.peers.values():
            found = daemons.result(peer.find("txt"))
            self.assertEqual((len(found.hits), found.is_cut), (200, True))
            found = daemons.result(peer.find("01"))
            self.assertEqual((len(found.hits), found.is_cut), (12, False))
            found = daemons.result(peer.listing("s1"))
            self.assertEqual((len(found.hits), found.is_cut), (201, False))

    def test_order(self) -> None:
        """Hits come in natural order, own ones among those of others; accents do not matter."""
        daemons = self.daemons()
        daemons.start("s1", {"Été 10": b"1", "ete 2": b"2", "été 1": b"3"})
        daemons.start("s2", {"ÉTÉ 9": b"4", "ete 3": b"5"})
        daemons.run(8.0)
        peer = daemons.peers["s1"]
        ordered = ["été 1", "ete 2", "ete 3", "ÉTÉ 9", "Été 10"]
        for text in ("ete", "été*"):
            names = [hit.name for hit in daemons.result(peer.find(text)).hits]
            self.assertEqual(names, ordered)
        listed = daemons.result(peer.listing()).hits
        self.assertEqual([hit.name for hit in listed], ["été 1", "ete 2", "Été 10"])

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

    def test_own_names(self) -> None:
        """A peer's own files are listed and found by their names, as those of others."""
        daemons = self.daemons()
        names = {"Foto\u3000東京.jpg", "می\u200cخواهم.txt", "日" * 84 + ".md"}
        daemons.start("s1", {name: name.encode() for name in names})
        daemons.start("s2")
        daemons.run(8.0)
        peers = daemons.peers
        for found in (
            *(peers[name].listing("s1") for name in ("s1", "s2")),
            *(peers[name].find("*") for name in ("s1", "s2")),
        ):
            self.assertEqual({hit.name for hit in daemons.result(found).hits}, names)

    def test_below(self) -> None:
        """What a peer shares in a folder is listed without asking others."""
        daemons = self.library()
        peer = daemons.peers["s1"]
        self.assertEqual(list(peer.below("")), ["f1.txt", "music/"])
        self.assertEqual(list(peer.below("music")), ["b/", "song.mp3"])
        self.assertEqual(list(peer.below("nothing")), [])

    def test_folder(self) -> None:
        """A folder comes with all that is below it."""
        daemons = self.library()
        daemons.get("s4", "music")
        self.assertEqual(daemons.download("s4", "music/song.mp3"), SONG)
        self.assertEqual(daemons.download("s4", "music/b/c"), b"c")

    def test_too_long(self) -> None:
        """What cannot be asked is refused here, in words."""
        daemons = self.library()
        error = self.assertRaises(PeerError, daemons.get, "s4", "x" * 2_000)
        self.assertEqual(
            str(error), "nobody can be asked for that: it is longer than 1,024 characters"
        )
        for text in ("x" * 2_000, "é" * 1_025, "\ud800"):
            self.assertRaises(PeerError, daemons.get, "s4", text)
            self.assertRaises(PeerError, daemons.result, daemons.peers["s4"].find(text))


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

    def test_keeps_attributes(self) -> None:
        """What comes by way of two peers is as it was at first."""
        network = self.network = self.daemons()
        network.start("s1", {"d/a": b"", "d/b": b"", "d/sub/c": b"c" * 2_000_000, "f": b"f"})
        for number, name in enumerate(("d/a", "d/b", "d/sub/c", "f")):
            path = network.folder / "s1" / name
            os.utime(path, ns=(0, (number - 1) * 1_000_000_000_123_456_789))
            path.chmod(0o755 if number % 2 else 0o644)
        network.start("s2", reshares=True)
        network.start("s3")
        network.run(10.0)
        for name in ("d", "f"):
            self.assertIsInstance(network.get("s2", name).state, Saved)
        network.run(15.0)
        network.stop("s1")
        network.run(10.0)
        for name in ("d", "f"):
            self.assertIsInstance(network.get("s3", name).state, Saved)
        for name in ("d/a", "d/b", "d/sub/c", "f"):
            was = (network.folder / "s1" / name).stat()
            now = (network.folder / "s3" / "Downloads" / name).stat()
            self.assertEqual(now.st_mtime_ns, was.st_mtime_ns)
            self.assertEqual(now.st_mode & 0o100, was.st_mode & 0o100)

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
