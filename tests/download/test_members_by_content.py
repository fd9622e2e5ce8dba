"""The files of a folder by their content."""

from unittest import TestCase

from p2p_twisted.download.members_by_content import MembersByContent, OfferedIds, Sizes
from p2p_twisted.wire.manifest import Member

ONE, OTHER, FOLDER = "1" * 64, "2" * 64, "f" * 64


class MembersByContentTests(TestCase):
    """A folder with one file, and one that is there three times."""

    members = tuple(Member(ONE if n == "a" else OTHER, 7, n) for n in "abcd")

    def test_members(self) -> None:
        """Each id has all its members, in their order."""
        found = MembersByContent(self.members)
        self.assertEqual(list(found), [ONE, OTHER])
        self.assertEqual([each.path for each in found[ONE]], ["a"])
        self.assertEqual([each.path for each in found[OTHER]], ["b", "c", "d"])
        self.assertNotIn(FOLDER, found)
        with self.assertRaises(KeyError):
            found[FOLDER]

    def test_views(self) -> None:
        """Sizes and ids are looked up there."""
        found = MembersByContent(self.members)
        self.assertEqual(dict(Sizes(found)), {ONE: 7, OTHER: 7})
        offered = OfferedIds(FOLDER, found)
        self.assertEqual([each in offered for each in (ONE, FOLDER, "3" * 64, None)], [1, 1, 0, 0])
