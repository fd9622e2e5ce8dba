"""Names without their endings."""

from p2p_twisted.library.entries import Place
from p2p_twisted.peer_errors import AlreadyHere, Ambiguous, NotFound
from p2p_twisted.testing.daemons import VirtualDaemons
from tests.peer.change_case import ChangeCase


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

    def test_slash(self) -> None:
        """A folder is found as lists show it; a file is none."""
        daemons = self.network()
        daemons.get("s2", "x/")
        self.assertEqual(daemons.download("s2", "x/two.b"), b"b")
        self.assertRaisesRegex(NotFound, "no peer has huge.bin/ ", daemons.get, "s2", "huge.bin/")
        for odd in ("/", "//"):
            self.assertRaisesRegex(NotFound, f"no peer has {odd} ", daemons.get, "s2", odd)
