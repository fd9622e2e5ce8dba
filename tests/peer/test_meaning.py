"""What hits mean."""

from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.peer.interface import Found
from p2p_twisted.peer.meaning import Meaning, like, put_together
from p2p_twisted.wire.messages import Hit

SONG, OTHER = "a" * 64, "b" * 64


def a_hit(peer: str, name: str, size: int = 5, file: str = SONG) -> Hit:
    return Hit(peer, name, size, file=file)


class SelectionTests(SynchronousTestCase):
    def test_names(self) -> None:
        """A content is a thing under each of its names; the same thing twice is one."""
        one, other = a_hit("s1", "d/x"), a_hit("s2", "y")
        again, different = a_hit("s2", "X"), a_hit("s1", "x", file=OTHER)
        hits = one, other, again, different
        things = [(one, again), (different,), (other,)]
        found = like("*", Found(hits, 2, 2, (), 0.1))
        self.assertEqual(found, things)
        meanings = Meaning(found), Meaning([(again,)])
        selection = put_together(("*", "X"), meanings)
        self.assertEqual(selection.things, ((again,), (different,), (other,)))
        self.assertEqual(selection.failed, ())

    def test_sizes(self) -> None:
        """One content has one size: what says otherwise is left out, and told."""
        right = a_hit("s1", "x"), a_hit("s2", "x"), a_hit("s2", "y")
        wrong = a_hit("s3", "x", 6), a_hit("s3", "z", 6)
        things = [(*right[:2], wrong[0]), right[2:], wrong[1:]]
        selection = put_together(("*",), (Meaning(things),))
        self.assertEqual(selection.things, (right[:2], right[2:]))
        ((name, error),) = selection.failed
        self.assertEqual(name, "z")
        self.assertIn("s3 gives it another size than others do", str(error))
