"""Names of files: what passes is safe, and the honest pass."""

import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from p2p_twisted.wire import limits
from p2p_twisted.wire.names import (
    BadName,
    check_component,
    check_path,
    check_unusual,
    collision_key,
)

TRAVERSALS = [
    *["", ".", "..", "/", "//", "./a", "../a", "a/..", "a/../b", "a/./b", "a//b", "a/", "/a"],
    *[
        "../../../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "~/../a",
        "...",
        "....",
        "a/...",
        ".. ",
    ],
    *[
        "..\\..\\a",
        "a\\b",
        "\\a",
        "\\\\host\\share",
        "C:",
        "C:a",
        "C:\\a",
        "C:/a",
        "a:b",
        "a::$DATA",
    ],
    *[
        "%2e%2e/../a",
        "..%2f/..",
        "\u2024\u2024/..",
        "a/\x00",
        "\x00",
        "a\x00.txt",
        "file://a",
        "//h/s",
    ],
]
HIDDEN = [".a", ".ssh/id", "a/.b", ".p2p/token", "a/b/.c/d", ".", "..a", ".\u00e9", "a/.DS_Store"]
EDGES = [
    "a.",
    "a ",
    " a",
    "a/ b",
    "a /b",
    "a./b",
    "a..",
    "a. ",
    " ",
    "  ",
    "a/ ",
    "con. ",
    "\u00e9.",
]
DEVICES = [
    f"{folder}{device}{ending}"
    for folder in ("", "a/")
    for device in (
        *("con", "CON", "Con", "prn", "aux", "nul", "NUL", "conin$", "CONOUT$", "clock$"),
        *("com1", "COM9", "com0", "lpt1", "LPT9", "com\u00b9", "lpt\u00b2", "com\u00b3"),
    )
    for ending in ("", ".txt", ".tar.gz", " .txt", "/b")
]
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
INVISIBLES = [
    chr(code)
    for code in (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E),
        *range(0x2028, 0x202F),
        *(*range(0x2060, 0x2070), 0x2800, 0x3164, 0xFEFF, 0xFFA0),
        *(0xFFF9, 0xFFFA, 0xFFFB, 0xFFFE, 0xFFFF, 0xFDD0, 0x1FFFE, 0x10FFFF),
        *(0xE0000, 0xE0001, 0xE001F, 0xE0080, 0xE00FF, 0xE01F0),
        *(0xE000, 0xF8FF, 0xF0000, 0x10FFFD, 0x1D173, 0x1BCA0),
    )
]
SURROGATES = ["\ud800", "\udfff", "\udc80", "\ud83d", "\ude00", "\ude00\ud83d"]
EMBEDDED = [
    text
    for character in (*CONTROLS, *INVISIBLES, *SURROGATES)
    for text in (character, f"a{character}b", f"a/{character}.txt")
]
DECOMPOSED = [
    unicodedata.normalize("NFD", name)
    for name in ("caf\u00e9", "\u00c5", "\u1e9b\u0323", "\ud55c\uad6d", "\u0439", "a/\u00fc.txt")
] + ["\u212b", "\u2126", "\uf900", "\u0340"]
TOO_LONG = [
    *["a" * 256, "\u00e9" * 128, "\u4e2d" * 86, "\U0001f600" * 64, "b/" + "a" * 256],
    *["/".join("a" * 33), "/".join("ab" for _ in range(33))],
    *["/".join(["a" * 199] * 6), "/".join(["\u00e9" * 99] * 6), "a" * 1_025, "a" * 16_000],
    "/" * 1_024,
]
# What shows nothing or little hides nothing.
UNSEEN = [
    *["\u200d", "\u200c\u200d", "\u200da", "a\u200c", "a/\u200cb", "a\u200d/b", "\u200d.a"],
    *[".\u200d", ".\u200d.", "\u200c..", "\u00a0", "\u00a0a", "a\u202f", "a./\u202fb"],
    *["\u3000", "\u3000a", "a\u3000", "a/\u2009b", "\u1680a", ".\ufe0e", "\ufe0ea", "\U000e0041a"],
    *["a\u200b", "\u200ea", "a\u200f", "\u00ada", ".\U000e0100.", "nul\ufe0e.txt", "a\u200b/b"],
    *["con\u200d", "n\u200cul.txt", "com1\u00a0.txt", "a\u200d/.b", "a.\u200d", "e\u0301\u200db"],
]
HOSTILE = [
    *UNSEEN,
    *(*TRAVERSALS, *HIDDEN, *EDGES, *DEVICES),
    *(*EMBEDDED, *DECOMPOSED, *TOO_LONG),
]

HONEST = [
    *["Screenshot 2024-01-01 at 1.23.45\u202fPM.png", "v\u00a0Praze.txt", "a\u00a0 b"],
    *["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.txt", "\u0915\u094d\u200d\u0937"],
    *["\u5831\u544a\u3000\u6700\u7d42.txt", "\u845b\U000e0100", "\u260e\ufe0e.txt", "\u1820\u180b"],
    *["10\u2009000.csv", "a\u00adb", "\u05d0\u200f1.pdf", "\u0644\u061c1", "\u1780\u200b\u1781"],
    *["\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"],
    *["\U0001f468\u200d\U0001f469\u200d\U0001f467.txt", "a\u200c\u200db"],
    *["a", "f1.txt", "README", "a b.txt", "My Holiday (2).tar.gz", "what?.txt", 'a "b" <c>|*.txt'],
    *[
        "caf\u00e9.txt",
        "\u00c5ngstr\u00f6m",
        "na\u00efve \u2014 r\u00e9sum\u00e9.pdf",
        "\u0434\u043e\u043a",
    ],
    *[
        "\u4e2d\u6587.txt",
        "\u65e5\u672c\u8a9e/\u30d5\u30a1\u30a4\u30eb",
        "\ud55c\uad6d\uc5b4",
        "\u0e44\u0e17\u0e22",
    ],
    *["\u0627\u0644\u0639\u0631\u0628\u064a\u0629", "\u05e2\u05d1\u05e8\u05d9\u05ea.txt"],
    *["\u0939\u093f\u0928\u094d\u0926\u0940"],
    *[
        "\U0001f600.png",
        "\u2764\ufe0f.txt",
        "\u2600\ufe0f day",
        "\U0001f1e9\U0001f1ea",
        "1\ufe0f\u20e3",
    ],
    *["console", "auxiliary.txt", "com", "com10", "nullable", "lpt", "a.con", "null"],
    *["a.b.c", "a-b_c", "-rf", "$HOME", "#1", "100%", "a,b;c", "[x]{y}", "a+b=c@d", "~a", "!"],
    *["a/b/c", "/".join("a" * 32), "a" * 255, "\u00e9" * 127, "\U0001f600" * 63],
    *["/".join(["a" * 200] * 5), "trees/oak/leaf.txt"],
    # Not known to older Pythons, and taken by them all the same.
    *["\U0001fae9.txt", "\U0001fadf"],
]


def test_corpus_is_large() -> None:
    """Several hundred different names are tried."""
    assert len(set(HOSTILE)) > 400


@pytest.mark.parametrize("path", sorted(set(HOSTILE)), ids=ascii)
def test_hostile_path(path: str) -> None:
    """None of them passes, and the reason is one printable line."""
    with pytest.raises(BadName) as refusal:
        check_path(path)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("path", HONEST, ids=ascii)
def test_honest_path(path: str) -> None:
    """People's own names pass."""
    check_path(path)


def test_component_has_no_separator() -> None:
    """A component is not a path."""
    for component in ("a/b", "a\\b", "/"):
        with pytest.raises(BadName):
            check_component(component)
    check_component("a b")


any_text = st.text(st.characters(codec=None, categories=None))


@given(path=any_text | st.lists(any_text, min_size=2, max_size=40).map("/".join))
@example("a/\ud800")
@settings(max_examples=500)
def test_any_path(path: str) -> None:
    """Nothing but BadName is raised, and what passes is safe wherever it is joined."""
    try:
        check_path(path)
    except BadName:
        return
    components = path.split("/")
    assert PurePosixPath("/d", path).parts == ("/", "d", *components)
    assert PureWindowsPath("C:\\d", path).parts == ("C:\\", "d", *components)
    assert not {"", ".", ".."} & set(components)
    assert len(path.encode()) <= limits.PATH_BYTES
    assert all(len(component.encode()) <= limits.COMPONENT_BYTES for component in components)
    assert not {unicodedata.category(c) for c in path} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(component=st.text(st.characters(codec=None, categories=None), min_size=1, max_size=8))
@settings(max_examples=300)
def test_any_component(component: str) -> None:
    """Nothing but BadName is raised for a component either."""
    try:
        check_component(component)
    except BadName:
        return
    check_path(component)


def refusal_of(check: Callable[[str], None], component: str) -> str | None:
    """Return why a check refuses a component, if it does."""
    try:
        check(component)
    except BadName as error:
        return str(error)
    return None


@given(component=st.text(st.characters(max_codepoint=127), max_size=8))
@example("a" * limits.COMPONENT_BYTES)
@example("a" * (limits.COMPONENT_BYTES + 1))
@example("a\n")
@example("Com1.txt")
@example("AUX")
@settings(max_examples=1_000)
def test_usual_component(component: str) -> None:
    """The short way for usual names lets pass just what the rules do."""
    assert refusal_of(check_component, component) == refusal_of(check_unusual, component)


def test_collision_key() -> None:
    """Twins on a file system without case have one key."""
    assert collision_key("Stra\u00dfe/\u00c9") == collision_key("STRASSE/e\u0301")
    assert collision_key("a") != collision_key("b")
