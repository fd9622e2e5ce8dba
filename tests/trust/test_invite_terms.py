"""How people say for how many an invite is, and for how long."""

import pytest

from p2p_twisted.trust.invite_terms import read_time, read_uses


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("7d", 604_800), ("30d", 2_592_000)],
)
def test_times(typed: str, seconds: int) -> None:
    """Seconds, minutes, hours and days."""
    assert read_time(typed) == seconds


@pytest.mark.parametrize(
    "typed", ["", "h", "0h", "-1h", "1.5h", "31d", "2w", "2", "9" * 12 + "m", "²h", "٣h"]
)
def test_no_time(typed: str) -> None:
    """Anything else is refused, with what would do."""
    with pytest.raises(ValueError, match="is no time such as 30m, 2h or 7d, of at most 30d"):
        read_time(typed)


def test_uses() -> None:
    """From one to a thousand."""
    assert [read_uses(typed) for typed in ("1", "30", "1000")] == [1, 30, 1_000]


@pytest.mark.parametrize("typed", ["", "0", "1001", "-1", "1.5", "x", "²", "9" * 5_000])
def test_no_uses(typed: str) -> None:
    """Nobody comes in by an invite for none."""
    with pytest.raises(ValueError, match="is not a number from 1 to 1,000"):
        read_uses(typed)
