"""Which names a search means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p_twisted.library.matching import key, last_component, matcher, natural_order, rank
from p2p_twisted.wire.names import collision_key

anything = st.text(st.characters(codec=None, categories=None), max_size=12)
globs = st.text(st.sampled_from("ab*?[]!-^\\/.&~|"), max_size=12)


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("f1", "f1", 0),
        ("a/f1", "a/f1", 0),
        ("a/f1", "f1", 1),
        ("f1.txt", "f1", 2),
        ("a/f1.txt", "a/f1", 2),
        ("a/f1.txt", "f1", 3),
        ("f1.txt", "f1.txt", 0),
        ("F1", "f1", 4),
        ("a/F1.TXT", "f1", 7),
        ("STRASSE", "straße", 4),
        ("café", "cafe\u0301", 0),
        ("f1.txt.txt", "f1", None),
        ("f1.txt", "txt", None),
        ("a/f1", "a", None),
        ("b/a/f1", "a/f1", None),
        ("f1", "", None),
    ],
)
def test_rank(name: str, text: str, place: int | None) -> None:
    """The exact name is better than one in another case, and a path than its end."""
    assert rank(name, text) == place


@pytest.mark.parametrize(
    ("name", "text", "fits"),
    [
        ("Report 2024.pdf", "report", True),
        ("a/Report", "PORT", True),
        ("report/a", "report", False),
        ("report/a", "report/", True),
        ("a/song.mp3", "*.mp3", True),
        ("a/song.mp3", "a/*.mp3", True),
        ("a/song.mp3", "b/*", False),
        ("song.mp3", "*.ogg", False),
        ("f1", "f?", True),
        ("f10", "f?", False),
        ("f1", "f[0-3]", True),
        ("f4", "f[0-3]", False),
        ("x", "", True),
        # Accents do not matter, of letters that have them; marks of other scripts do.
        ("Café.txt", "cafe", True),
        ("cafe.txt", "CAFÉ", True),
        ("Été/plage.jpg", "ete/*", True),
        ("Smørrebrød.pdf", "smorrebrod", True),
        ("Łódź.txt", "lodz*", True),
        ("Straße", "strasse", True),
        ("ガ.txt", "カ", False),
    ],
)
def test_matcher(name: str, text: str, fits: bool) -> None:
    """Text is looked for anywhere in a name, a glob must fit all of it."""
    assert bool(matcher(text).fits(key(name))) is fits


@given(anything, anything)
def test_anything(name: str, text: str) -> None:
    """No name and no text is too strange to be compared."""
    rank(name, text)
    matcher(text).fits(key(name))


@given(globs, anything)
def test_any_glob(text: str, name: str) -> None:
    """No glob is malformed."""
    matcher(text).fits(key(name))


@given(anything)
def test_own_name(name: str) -> None:
    """A name's own last component always finds it."""
    place = rank(collision_key(name), last_component(collision_key(name)))
    assert place is not None
    assert place <= 1


def test_natural_order() -> None:
    """Numbers count as numbers, accents and case do not count; odd digits do no harm."""
    names = ["file10", "file2", "s", "a9b", "a10", "²", "Zebra", "été", "Ete2", "abc", "file02"]
    assert sorted(names, key=natural_order) == [
        "a9b",
        "a10",
        "abc",
        "été",
        "Ete2",
        "file02",
        "file2",
        "file10",
        "s",
        "Zebra",
        "²",
    ]


@given(anything, anything)
def test_any_order(one: str, other: str) -> None:
    """Any two names have an order, and only the same name has the same place."""
    assert (natural_order(one) == natural_order(other)) is (one == other)
    assert sorted([one, other], key=natural_order) == sorted([other, one], key=natural_order)
