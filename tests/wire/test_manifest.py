"""A folder's list of files: one text for the same files, and nothing unsafe in it."""

from itertools import repeat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from p2p_twisted.wire import manifest
from p2p_twisted.wire.limits import BARE_FOLDERS_SPARE, FILE_BYTES
from p2p_twisted.wire.manifest import (
    EMPTY_FOLDER,
    BadManifest,
    Member,
    check_extent,
    decode,
    encode,
    is_surely_small,
)
from p2p_twisted.wire.names import BadName, check_path, collision_key

ONE, TWO = "1" * 64, "2" * 64

components = st.text(st.sampled_from("abcxyz01é .-"), min_size=1, max_size=6)


def is_safe(path: str) -> bool:
    try:
        check_path(path)
    except BadName:
        return False
    return True


paths = st.lists(components, min_size=1, max_size=4).map("/".join).filter(is_safe)
file_ids = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def folders(draw: st.DrawFn) -> list[Member]:
    """Files that can all be stored side by side."""
    members: list[Member] = []
    keys: set[str] = set()
    for path in draw(st.lists(paths, min_size=1, max_size=8)):
        parts = collision_key(path).split("/")
        above = {"/".join(parts[: n + 1]) for n in range(len(parts))}
        below = [key for key in keys if key.startswith(collision_key(path) + "/")]
        if keys.isdisjoint(above) and not below:
            keys.add(collision_key(path))
            is_bare = bool(members) and draw(st.booleans())
            size = 0 if is_bare else draw(st.integers(0, 2**30))
            members.append(Member(EMPTY_FOLDER if is_bare else draw(file_ids), size, path))
    return members


class EncodeTests(SynchronousTestCase):
    """Writing the text."""

    def test_lines(self) -> None:
        """There is a line per file, sorted by path."""
        members = [Member(TWO, 0, "b/ä.txt"), Member(ONE, 12, "a name")]
        self.assertEqual(encode(members), f"{ONE} 12 a name\n{TWO} 0 b/ä.txt\n".encode())

    def test_too_long(self) -> None:
        """A text above the limit is not written."""
        self.patch(manifest, "MANIFEST_BYTES", 70)
        encode([Member(ONE, 1, "a")])
        with self.assertRaises(BadManifest):
            encode([Member(ONE, 1, "abcd")])

    def test_too_many(self) -> None:
        """No more files and folders are listed than others would read."""
        self.patch(manifest, "MANIFEST_ENTRIES", 4)
        encode([Member(ONE, 1, "a/b"), Member(ONE, 1, "a/c"), Member(ONE, 1, "d")])
        with self.assertRaisesRegex(BadManifest, "files and folders"):
            encode([Member(ONE, 1, "a/b/c/d/e")])


class DecodeTests(SynchronousTestCase):
    """Reading a text that a stranger wrote."""

    @given(folders())
    def test_round_trip(self, members: list[Member]) -> None:
        """What was written is read, whatever the order it came in."""
        text = encode(members)
        self.assertEqual(sorted(decode(text), key=str), sorted(members, key=str))
        self.assertEqual(encode(decode(text)), text)

    @given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
    def test_any_bytes(self, text: bytes) -> None:
        """Anything is read or refused, and what is read is the only text for it."""
        try:
            members = decode(text)
        except BadManifest:
            return
        self.assertEqual(encode(members), text)

    @given(folders(), st.data())
    def test_damage(self, members: list[Member], data: st.DataObject) -> None:
        """A text with one byte changed is refused, or is that of other files."""
        text = bytearray(encode(members))
        position = data.draw(st.integers(0, len(text) - 1))
        text[position] ^= data.draw(st.integers(1, 255))
        try:
            read = decode(bytes(text))
        except BadManifest:
            return
        self.assertEqual(encode(read), bytes(text))

    def test_too_long(self) -> None:
        """A text above the limit is not looked at."""
        self.patch(manifest, "MANIFEST_BYTES", 10)
        with self.assertRaisesRegex(BadManifest, "at most 10 bytes"):
            decode(b"x" * 11)


class ManyLinesTests(SynchronousTestCase):
    """A text of so many lines that they are read in several goes."""

    usual = [f"{ONE} 1 m{number:03}" for number in range(250)]

    def refused(self, *lines: str) -> str:
        """Say why these lines, sorted in between the usual ones, are refused."""
        return self.refused_as(sorted([*lines, *self.usual], key=_path_of))

    def test_read(self) -> None:
        """Lines whose names are unusual are read beside usual ones."""
        lines = sorted([*self.usual, f"{TWO} 2 m100 \u00e4", "- 0 m200 \u65e5"], key=_path_of)
        members = decode("".join(f"{line}\n" for line in lines).encode())
        self.assertEqual([f"{each.file_id} {each.size} {each.path}" for each in members], lines)

    def test_refused(self) -> None:
        """One line is enough, wherever it is."""
        for wrong in (f"{ONE} 01 m050", f"x{ONE} 1 m150a", f"{ONE} 1 m240/../a", "1 m240"):
            self.assertTrue(self.refused(wrong))
        self.assertIn("1024 bytes", self.refused(f"{ONE} 1 m150/{'/'.join(6 * ['a' * 200])}"))
        self.assertIn("32 components", self.refused(f"{ONE} 1 m150{'/a' * 32}"))

    def test_far_apart(self) -> None:
        """What could be mistaken for each other need not be near each other."""
        self.assertIn("differ only in case", self.refused(f"{TWO} 1 M249"))
        self.assertIn("both a file and a folder", self.refused(f"{TWO} 1 M249/a"))
        self.assertIn("both a file and a folder", self.refused(f"{TWO} 1 z/a", "- 0 Z"))
        self.assertIn("not sorted", self.refused_as([*self.usual[100:], *self.usual[:100]]))

    def refused_as(self, lines: list[str]) -> str:
        """Say why lines in this order are refused."""
        with self.assertRaises(BadManifest) as caught:
            decode("".join(f"{line}\n" for line in lines).encode())
        return str(caught.exception)


def _path_of(line: str) -> str:
    return line.split(" ", 2)[-1]


class ExtentTests(SynchronousTestCase):
    """A text that lists more than anybody would want."""

    def test_endless(self) -> None:
        """A text that never ends is not read to its end."""
        for line in (f"{ONE} 1 a\n", "- 0 a\n"):
            with self.assertRaisesRegex(BadManifest, "at most 125,000 files and folders"):
                check_extent(repeat(line.encode()))
        with self.assertRaisesRegex(BadManifest, "at most 67108864 bytes"):
            check_extent(repeat(bytes(1 << 20)))

    def test_folders_of_few_files(self) -> None:
        """Folders that files are in count, too, however few files there are."""
        self.patch(manifest, "MANIFEST_ENTRIES", 32)
        deep = "/".join("d" * 31)
        decode(f"{ONE} 1 {deep}/f\n".encode())
        for lines in (f"{ONE} 1 a\n{ONE} 1 {deep}/f\n", f"{ONE} 1 {deep}/f\n{ONE} 1 {deep}/g\n"):
            with self.assertRaisesRegex(BadManifest, "files and folders"):
                decode(lines.encode())

    def test_counted_before_anything_is_made(self) -> None:
        """Each file and each folder counts once, in any order that could be read."""
        paths = ["a b/c", "a b/d/e", "a b/d/f", "b", "b-/x/y", "b/x/y", "b/x/z", "c/x/z"]
        lines = [f"{ONE} 1 {path}\n".encode() for path in sorted(set(paths) - {"b"})]
        entries = len(lines) + len(["a b", "a b/d", "b-", "b-/x", "b", "b/x", "c", "c/x"])
        self.patch(manifest, "MANIFEST_ENTRIES", entries)
        check_extent(lines)
        self.patch(manifest, "MANIFEST_ENTRIES", entries - 1)
        with self.assertRaisesRegex(BadManifest, "files and folders"):
            check_extent(lines)

    def test_surely_small(self) -> None:
        """What is surely small, wherever its blocks are cut, has nothing wrong with it."""
        for bound, most in (("BYTES", 30), ("ENTRIES", 5)):
            self.patch(manifest, f"MANIFEST_{bound}", most)
        self.patch(manifest, "BARE_FOLDERS_SPARE", 2)
        outcomes = set()

        @example(4 * [b"- ", b"\n"], 1)
        @given(st.lists(st.sampled_from([b"\n", b"- ", b"-", b"a", b"/"])), st.integers(1, 9))
        def check(pieces: list[bytes], length: int) -> None:
            text = b"".join(pieces)
            blocks = [text[start : start + length] for start in range(0, len(text), length)]
            outcomes.add(is_surely_small(blocks))
            if is_surely_small(blocks):
                check_extent(text.splitlines(keepends=True))

        check()
        self.assertEqual(outcomes, {False, True})

    def test_empty_folders(self) -> None:
        """There are at most a thousand more of them than of files."""
        lines = [f"- 0 d{n:04}\n" for n in range(BARE_FOLDERS_SPARE + 2)] + [f"{ONE} 1 f\n"]
        self.assertEqual(len(decode("".join(lines[1:]).encode())), BARE_FOLDERS_SPARE + 2)
        with self.assertRaisesRegex(BadManifest, "at most 1,000 empty folders more than files"):
            decode("".join(lines).encode())


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["- 0 a"],
        [f"{ONE} 1 a", "- 1 b"],
        [f"{ONE} 1 a", "-- 0 b"],
        [f"{ONE} 1 a", "- 0 A"],
        [f"{ONE} 1 a/b", "- 0 a"],
        ["- 0 a", f"{ONE} 1 a/b"],
        ["- 0 a", f"{ONE} 1 b", "- 0 b/c"],
        [f"{ONE} 1 "],
        [f"{ONE} 01 a"],
        [f"{ONE} -1 a"],
        [f"{ONE} +1 a"],
        [f"{ONE} 1e3 a"],
        [f"{ONE} \u0661 a"],
        [f"{ONE.replace('1', 'A')} 1 a"],
        [f"{ONE[1:]} 1 a"],
        [f"{ONE}  1 a"],
        [f"{ONE} 1 /a"],
        [f"{ONE} 1 ../a"],
        [f"{ONE} 1 a/../b"],
        [f"{ONE} 1 a//b"],
        [f"{ONE} 1 a/"],
        [f"{ONE} 1 .hidden"],
        [f"{ONE} 1 a\\b"],
        [f"{ONE} 1 con"],
        [f"{ONE} 1 a\r"],
        [f"{ONE} 1 a\x00b"],
        [f"{ONE} 1 a\u202eb"],
        [f"{ONE} 1 e\u0301"],
        [f"{ONE} 1 {'a' * 256}"],
        [f"{ONE} 1 {'/'.join('a' * 33)}"],
        [f"{ONE} {FILE_BYTES + 1} a"],
        [f"{ONE} {FILE_BYTES} a", f"{TWO} 1 b"],
        [f"{ONE} 1 b", f"{TWO} 1 a"],
        [f"{ONE} 1 a", f"{ONE} 1 a"],
        [f"{ONE} 1 A", f"{TWO} 1 a"],
        [f"{ONE} 1 a", f"{TWO} 1 a/b"],
        [f"{ONE} 1 a/b", f"{TWO} 1 a/b/c/d"],
        [f"{ONE} 1 A", f"{TWO} 1 a/b"],
        [f"{ONE} 1 X/a", f"{TWO} 1 x/A"],
    ],
)
def test_refused(lines: list[str]) -> None:
    """A text that could mean anything but files side by side in a folder is refused."""
    with pytest.raises(BadManifest):
        decode("".join(f"{line}\n" for line in lines).encode())


@pytest.mark.parametrize("text", [b"\xff\xfe", f"{ONE} 1 a".encode(), f"{ONE} 1 \ud800\n"])
def test_refused_bytes(text: bytes | str) -> None:
    """What is not UTF-8, or does not end its last line, is refused."""
    with pytest.raises(BadManifest):
        decode(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
