"""How people say for how many an invite is."""

import pytest

from p2p_twisted.trust.invite_terms import read_uses


def test_uses() -> None:
    """From one to a thousand."""
    assert [read_uses(typed) for typed in ("1", "30", "1000")] == [1, 30, 1_000]


@pytest.mark.parametrize("typed", ["", "0", "1001", "-1", "1.5", "x", "²", "9" * 5_000])
def test_no_uses(typed: str) -> None:
    """Nobody comes in by an invite for none."""
    with pytest.raises(ValueError, match="is not a number from 1 to 1,000"):
        read_uses(typed)
