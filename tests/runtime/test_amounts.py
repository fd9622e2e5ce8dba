"""Numbers are read as people type them, and lists are written for them."""

import pytest

from p2p_twisted.runtime.amounts import and_more, whole_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1", 1),
        ("10", 10),
        ("007", 7),
        ("0", None),
        ("11", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1_0", None),
        (" 1", None),
        ("", None),
        ("\u0663", None),
        ("\u00b2", None),
        ("1" * 5_000, None),
    ],
)
def test_whole_number(typed: str, number: int | None) -> None:
    """What is no whole number in plain digits, or out of bounds, is none, however long it is."""
    assert whole_number(typed, range(1, 11)) == number


def test_and_more() -> None:
    """Of many, a few are named, and the others counted."""
    assert and_more(["s1", "s2"], 2) == "s1, s2"
    assert and_more(["s1", "s2"], 1_002, " ") == "s1 s2 and 1,000 more"
