"""What has the same content as something else that is wanted, by real daemons in virtual time."""

from collections.abc import Mapping, Sequence

from p2p_twisted.download.progress import Saved
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.cases import SONG, PeerTestCase


class SameContentTests(PeerTestCase):
    def same(self) -> VirtualDaemons:
        """Start s1, which shares everything under two names, and s9."""
        daemons = self.daemons()
        names = "x.bin", "d/z.bin", "m/1", "n/1"
        daemons.start("s1", {**dict.fromkeys(names, SONG), "x.txt": b"x", "d/z.txt": b"x"})
        daemons.start("s9")
        daemons.run(5.0)
        return daemons

    def get_same(self, words: Sequence[str], wanted: Mapping[str, bytes]) -> None:
        """Get several names at once; all are there, none was sent twice."""
        daemons = self.same()
        s9 = daemons.peers["s9"]
        selection = daemons.result(s9.select(words))
        self.assertEqual((selection.here, selection.failed), ((), ()))
        ended = daemons.result(s9.get_selected(selection, lambda _progress: None))
        self.assertTrue(all(isinstance(each.state, Saved) for each in ended), ended)
        for name, content in wanted.items():
            self.assertEqual(daemons.download("s9", name), content)
        self.assertLess(s9.status().received, 1.5 * len(SONG))

    def test_same_content(self) -> None:
        """A content that has several names is saved under each of them, and sent once."""
        songs, small = dict.fromkeys(("x.bin", "z.bin"), SONG), {"x.txt": b"x", "z.txt": b"x"}
        self.get_same(["x.bin", "d/z.bin", "x.txt", "d/z.txt"], {**songs, **small})
        self.get_same(["[xz].bin", "[xz].txt"], {**songs, **small})

    def test_same_folders(self) -> None:
        """Likewise a folder."""
        self.get_same(["m", "n"], {"m/1": SONG, "n/1": SONG})

    def test_same_on_its_way(self) -> None:
        """What is wanted while its content comes under another name is there in the end, too."""
        daemons = self.same()
        s9 = daemons.peers["s9"]
        first = s9.get("x.bin", lambda _progress: None)
        then = daemons.result(s9.get("z.bin", lambda _progress: None))
        self.assertEqual(daemons.result(first).name, "x.bin")
        self.assertEqual(then.name, "d/z.bin")
        for name in ("x.bin", "z.bin"):
            self.assertEqual(daemons.download("s9", name), SONG)
        self.assertLess(s9.status().received, 1.5 * len(SONG))
