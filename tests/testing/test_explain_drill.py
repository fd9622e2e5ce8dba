"""Whom peers blame where it is known what limits their downloads."""

import pytest

from p2p_twisted.testing import explain_drill


def assert_right(seed: int) -> None:
    """Run a seed; see that nobody is blamed wrongly."""
    outcome = explain_drill.run(seed)
    assert not outcome.wrong, f"{outcome.case}: {outcome.explained}"


@pytest.mark.parametrize("seed", range(len(explain_drill.CASES)))
def test_each(seed: int) -> None:
    """Each thing that is staged is told."""
    assert_right(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(160, 260, 20))
def test_many(first: int) -> None:
    """So it is in other networks, with other disturbances."""
    for seed in range(first, first + 20):
        assert_right(seed)


def test_same_seed() -> None:
    """One seed gives one run."""
    one, again = (explain_drill.run(3).explained for _ in range(2))
    assert one == again


def test_command() -> None:
    """The command tells what it has staged, and how often it was told rightly."""
    written: list[str] = []
    assert explain_drill.main(["--seeds", "1", "--first", "7"], written.append) == 0
    assert written[-1] == "1 seeds, 0 wrong\n"
