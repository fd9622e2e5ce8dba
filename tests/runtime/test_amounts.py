"""Numbers are read as people type them, and lists are written for them."""

import pytest

from p2p_twisted.runtime.amounts import and_more, read_time, whole_number


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


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("7d", 604_800), ("168h", 604_800)],
)
def test_read_time(typed: str, seconds: int) -> None:
    """Seconds, minutes, hours and days."""
    assert read_time(typed, 7) == seconds


@pytest.mark.parametrize("days", [7, 30])
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "h",
        "0s",
        "0h",
        "-1h",
        "1.5h",
        "31d",
        "721h",
        "2w",
        "2",
        "9" * 12 + "m",
        "\u00b2h",
        "\u0663h",
    ],
)
def test_read_no_time(typed: str, days: int) -> None:
    """Anything else is refused, with the least and the most that may be there."""
    with pytest.raises(ValueError, match=f"is not a time from 1s to {days}d, such as 30m or 2h"):
        read_time(typed, days)


def test_and_more() -> None:
    """Of many, a few are named, and the others counted."""
    assert and_more(["s1", "s2"], 2) == "s1, s2"
    assert and_more(["s1", "s2"], 1_002, " ") == "s1 s2 and 1,000 more"
